"""Changing the sample rate of a sound."""

import math
from collections.abc import Iterator
from fractions import Fraction

import torch
import torchaudio.functional
from torch import Tensor

# The settings torchaudio documents as the equal of "kaiser_best".
_ZEROS, _ROLLOFF, _BETA = 64, 0.9475937167399596, 14.769656459379492
_MOST_TERMS, _MOST_OFF = 1_000, 1e-6
_PHASES, _AT_ONCE = 4_096, 1 << 15


def resample(samples: Tensor, *, old_rate: int, new_rate: int) -> Tensor:
    """Change the sample rate by a windowed sinc filter.

    The filter is linear in phase: a sinc of 64 zero crossings to either side under a Kaiser window of beta
    14.77, cut off at 0.948 of half the lower rate. A tone above that half is at least 100 dB down.

    The ratio of the rates is taken to the nearest fraction with a denominator of at most 1000 where that is
    off by less than a millionth: a table of the filter serves all samples then. For other rates, such as
    47,999 Hz, the filter is read between the 4096 phases of a table, which keeps to the ratio and is slower.

    Args:
        samples: Float, [..., time].
        old_rate: In Hz.
        new_rate: In Hz.

    Returns:
        The sound at the new rate, [..., ceil(time * new_rate / old_rate)], with that fraction.
    """
    exact = Fraction(new_rate, old_rate)
    ratio = exact.limit_denominator(_MOST_TERMS)
    if abs(ratio / exact - 1) >= _MOST_OFF:
        return _resample_exactly(samples, exact)
    resampled: Tensor = torchaudio.functional.resample(
        samples,
        ratio.denominator,
        ratio.numerator,
        lowpass_filter_width=_ZEROS,
        rolloff=_ROLLOFF,
        resampling_method="sinc_interp_kaiser",
        beta=_BETA,
    )
    return resampled


def _resample_exactly(samples: Tensor, ratio: Fraction) -> Tensor:
    """The same filter for ratios of large numbers: read between two phases of its table."""
    cutoff = min(1.0, float(ratio)) * _ROLLOFF  # in units of half the old rate
    reach = math.ceil(_ZEROS / cutoff)
    taps = torch.arange(-reach, reach + 1)
    near = (taps - (torch.arange(_PHASES + 1, dtype=torch.float64) / _PHASES)[:, None]) * cutoff
    near = near.clamp(-_ZEROS, _ZEROS)
    window = torch.special.i0(_BETA * (1 - (near / _ZEROS).square()).sqrt())
    table = (torch.sinc(near) * cutoff * window / window.max()).to(samples.dtype)
    padded = torch.nn.functional.pad(samples, (reach, reach + 1))
    length = math.ceil(samples.shape[-1] * ratio)
    parts = [samples[..., :0]]
    for first in range(0, length, _AT_ONCE):
        # Whole numbers up to the last moment: where a sample lies must not drift.
        places = torch.arange(first, min(first + _AT_ONCE, length)) * ratio.denominator
        phase = (places % ratio.numerator).double() / ratio.numerator * _PHASES
        lower = phase.long()
        kernel = torch.lerp(table[lower], table[lower + 1], (phase - lower).to(table.dtype)[:, None])
        heard = padded[..., (places // ratio.numerator)[:, None] + taps + reach]
        parts.append((heard * kernel).sum(-1))
    return torch.cat(parts, -1)


def resample_blocks(blocks: Iterator[Tensor], *, old_rate: int, new_rate: int) -> Iterator[Tensor]:
    """Change the sample rate of a long sound block by block, as `resample` would do it in one piece.

    Args:
        blocks: Float, [channels, time]; each but the last is as long as the first, a whole number of seconds,
            at least two.
        old_rate: In Hz.
        new_rate: In Hz.

    Yields:
        Each block at the new rate.
    """
    # Each is filtered between the last second before it and the first one after it.
    before: Tensor | None = None
    here: Tensor | None = None
    for after in blocks:
        if here is not None:
            yield _between(before, here, after, old_rate, new_rate)
            before = here
        here = after
    if here is not None:
        yield _between(before, here, None, old_rate, new_rate)


def _between(before: Tensor | None, here: Tensor, after: Tensor | None, old: int, new: int) -> Tensor:
    parts = [] if before is None else [before[:, -old:]]
    parts += [here] if after is None else [here, after[:, :old]]
    resampled = resample(torch.cat(parts, 1), old_rate=old, new_rate=new)
    first = 0 if before is None else new
    return resampled[:, first:] if after is None else resampled[:, first : first + here.shape[1] * new // old]
