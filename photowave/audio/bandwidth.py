"""What a recording of low bandwidth leaves out at the top is filled with noise, lest it teach silence."""

import torch
from torch import Tensor

_WINDOW_S, _REFERENCE = 0.023, 0.7
_KEPT = 0.95
"""Share of the bandwidth that is trusted: filters roll off before it."""
FALL_DB_PER_OCTAVE = 9.0
"""How ambient sound falls from 7 to 14 kHz: the median of 198 recordings of the set of places (8 to 11)."""


def extend_bandwidth(samples: Tensor, *, sample_rate: int, bandwidth_hz: float, seed: int = 0) -> Tensor:
    r"""Lay noise above the bandwidth of a recording, as loud as its highest octave goes on to suggest.

    ::

        level  ___
                  \____          moment by moment: the level of [0.7, 0.95] of the bandwidth,
                       \ . . .   going on with 9 dB less each octave
        -----------------|-------> frequency
                     bandwidth

    High up, ambient sound is close to noise whose strength follows the bands below.

    Args:
        samples: Float, [time].
        sample_rate: In Hz.
        bandwidth_hz: Highest frequency at which the recording has anything, in Hz.
        seed: For the noise.

    Returns:
        The sound, [time]; the same tensor where the bandwidth leaves out less than a twentieth.
    """
    half = sample_rate / 2
    if bandwidth_hz >= _KEPT * half:
        return samples
    length = 2 * round(_WINDOW_S * sample_rate / 2)
    window = torch.hann_window(length, dtype=samples.dtype)
    spectrum = _stft(samples, window)
    hz = torch.linspace(0, half, len(spectrum), dtype=samples.dtype)
    edge = _KEPT * bandwidth_hz
    below = (hz >= _REFERENCE * bandwidth_hz) & (hz < edge)
    if not below.any():
        return samples
    level = torch.view_as_real(spectrum[below]).square().sum(-1).mean(0).sqrt()
    octaves = torch.log2((hz / edge).clamp_min(1.0))
    gain = torch.where(hz >= edge, 10 ** (-FALL_DB_PER_OCTAVE / 20 * octaves), 0.0)
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(samples.shape, generator=generator, dtype=samples.dtype)
    shaped = _stft(noise, window) / window.square().sum().sqrt() * gain[:, None] * level
    return samples + torch.istft(shaped, length, length // 4, window=window, length=len(samples))


def _stft(samples: Tensor, window: Tensor) -> Tensor:
    length = len(window)
    return torch.stft(samples, length, length // 4, window=window, return_complex=True, pad_mode="constant")
