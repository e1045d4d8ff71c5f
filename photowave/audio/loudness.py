"""How loud a sound seems: integrated loudness by ITU-R BS.1770-4."""

import math

import torch
import torch.nn.functional as F
import torchaudio.functional
from torch import Tensor

from photowave.audio.resampling import resample

BLOCK_S = 0.4
"""Length of a block of the standard, in seconds; a shorter sound has no integrated loudness."""
_STEP_S, _PIECE_S, _LEAD_S = 0.1, 60, 1
_OFFSET, _ABSOLUTE_LUFS, _RELATIVE_LU = -0.691, -70.0, -10.0
_RATE = 48_000
# Annex 1, tables 1 and 2, at 48 kHz: a shelf for the head, then a high-pass. Numerators, denominators.
_FILTERS = (
    ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585)),
    ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621)),
)


def integrated_lufs(samples: Tensor, *, sample_rate: int, gated: bool = True) -> float:
    """Integrated loudness, in loudness units relative to full scale.

    It is measured at 48 kHz, for which the standard gives its filters. A sine of 997 Hz and full scale in one
    channel has -3.01 LUFS. Hours take no more memory than minutes.

    Args:
        samples: Float, [time] or [channels, time], full scale is +-1; each channel counts alike.
        sample_rate: In Hz.
        gated: Whether blocks below -70 LUFS, and those 10 LU below the rest, are left out. Without gates the
            whole sound is measured, however short.

    Returns:
        The loudness; minus infinity where no block passes the gates.
    """
    channels = samples if samples.dim() == 2 else samples[None]
    powers = _powers(channels, sample_rate, shortest_s=BLOCK_S if gated else 0.0)
    if not gated:
        return _lufs(powers)
    passed = powers[powers > 10 ** ((_ABSOLUTE_LUFS - _OFFSET) / 10)]
    return _lufs(passed[passed > passed.mean() * 10 ** (_RELATIVE_LU / 10)])


def _lufs(powers: Tensor) -> float:
    power = float(powers.mean()) if len(powers) else 0.0
    return _OFFSET + 10 * math.log10(power) if power > 0 else -math.inf


def _powers(channels: Tensor, sample_rate: int, *, shortest_s: float) -> Tensor:
    """Power of each block after the filters, [blocks]; a short sound is one block, unless it is too short."""
    length, found = channels.shape[1], []
    if not 0 < length >= shortest_s * sample_rate:
        return torch.zeros(0, dtype=torch.float64)
    block, step = round(BLOCK_S * _RATE), round(_STEP_S * _RATE)
    for first in range(0, length, _PIECE_S * sample_rate):
        # A second before it, so that the filters have settled, and one after it for the last block.
        begin = max(0, first - _LEAD_S * sample_rate)
        piece = channels[:, begin : first + (_PIECE_S + _LEAD_S) * sample_rate]
        heard = resample(piece.double(), old_rate=sample_rate, new_rate=_RATE)
        for numerator, denominator in _FILTERS:
            # torchaudio's own `loudness` would clip what the shelf raises beyond full scale.
            b, a = (torch.tensor(part, dtype=torch.float64) for part in (numerator, denominator))
            heard = torchaudio.functional.lfilter(heard, a, b, clamp=False)
        power = heard[:, (first - begin) // sample_rate * _RATE :].square().sum(0)
        power = power[: _PIECE_S * _RATE + block - step]
        size = min(block, len(power))
        # Blocks overlap by three quarters: summed up once.
        summed = F.pad(power.cumsum(0), (1, 0))
        starts = torch.arange(0, len(power) - size + 1, step)
        if first == 0 or size == block:
            found.append((summed[starts + size] - summed[starts]).clamp_min(0) / size)
    return torch.cat(found)
