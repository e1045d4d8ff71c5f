"""Mu-law levels: the classic WaveNet's alphabet.

The companding is that of ITU-T G.711 in its continuous form, as in van den Oord et al. 2016
(arXiv:1609.03499), section 2.2: f(x) = sign(x) ln(1 + mu |x|) / ln(1 + mu), with mu = levels - 1. Level k
stands for f = 2 k / mu - 1 and holds every sample whose f lies within half a step of that.
"""

import math

import torch
import torchaudio.functional
from torch import Tensor

from photowave.errors import ConfigError


def encode(samples: Tensor, *, levels: int) -> Tensor:
    """Round samples to mu-law levels.

    Args:
        samples: Float, any shape; what lies beyond +-1 is clamped.
        levels: Number of levels, 2 to 65536.

    Returns:
        Levels 0 to `levels - 1`, int64, of the same shape; never falling as the sample rises.

    Raises:
        ConfigError: `levels` is out of range.
    """
    _check(levels)
    encoded: Tensor = torchaudio.functional.mu_law_encoding(samples.clamp(-1.0, 1.0), levels)
    return encoded


def decode(level: Tensor, *, levels: int) -> Tensor:
    """Give each level's sample; `encode` of it is that level again, exactly.

    Args:
        level: Integer, any shape, 0 to `levels - 1`.
        levels: Number of levels, 2 to 65536.

    Returns:
        Samples within +-1, float32, of the same shape.

    Raises:
        ConfigError: `levels` is out of range.
    """
    _check(levels)
    decoded: Tensor = torchaudio.functional.mu_law_decoding(level, levels)
    # For some numbers of levels rounding carries the outermost ones just beyond +-1.
    return decoded.clamp(-1.0, 1.0)


def level_bounds(*, levels: int) -> Tensor:
    """Tell where each level begins and ends.

    Args:
        levels: Number of levels, 2 to 65536.

    Returns:
        Bounds, float64, [levels + 1], from -1 to 1: level k reaches from entry k to entry k + 1.

    Raises:
        ConfigError: `levels` is out of range.
    """
    _check(levels)
    mu = levels - 1
    companded = (2 * torch.arange(levels + 1, dtype=torch.float64) - 1) / mu - 1
    companded = companded.clamp(-1.0, 1.0)
    return companded.sign() * torch.expm1(companded.abs() * math.log1p(mu)) / mu


def level_log2_widths(*, levels: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Binary logarithm of each level's width in steps of 16-bit PCM (1/32768).

    Added to a level's information -log2 P(level), it gives bits per sample in 16-bit PCM equivalents: the
    level's probability is taken as spread evenly over its width. The widths sum to 65,536 steps.

    Args:
        levels: Number of levels, 2 to 65536.
        dtype: Of the result.

    Returns:
        log2 widths, [levels].

    Raises:
        ConfigError: `levels` is out of range.
    """
    return (level_bounds(levels=levels).diff() * 32_768).log2().to(dtype)


def _check(levels: int) -> None:
    if not 2 <= levels <= 65_536:
        raise ConfigError(f"levels={levels}: must lie in 2 to 65536. The usual number is 256.")
