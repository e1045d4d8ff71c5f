"""Average spectra: what sounds at which pitch, whenever it sounds.

Sounds are compared at the level they have: nothing is normalised here, so that 6 dB less everywhere is a
distance of 6 dB.
"""

import math

import torch
import torchaudio.functional
from torch import Tensor

from photowave.errors import MediaError

WINDOWS_S = (0.008, 0.032, 0.128)
"""Windows of the spectra, in seconds: short ones resolve little in frequency, long ones show single tones."""

_MELS = 64
USUAL_WINDOW_S = 0.032
"""Window that resolves neither time nor frequency best, in seconds."""
# 50 dB below white noise of -20 dBFS: what is fainter is heard by nobody and would weigh as much as the rest.
_FLOOR = 1e-7
# Sounds of a batch that are worked on at once: memory then does not grow with the batch.
_AT_ONCE = 16


def average_spectra(samples: Tensor, sample_rate: int) -> dict[float, Tensor]:
    """Mel power spectra averaged over time, for windows of several lengths.

    Args:
        samples: Float, [batch, time], full scale is +-1.
        sample_rate: In Hz.

    Returns:
        For each of `WINDOWS_S` what `mean_mel_db` gives for it, [batch, 64].

    Raises:
        MediaError: Sounds of another shape or too short.
    """
    return {window_s: mean_mel_db(samples, sample_rate, window_s=window_s) for window_s in WINDOWS_S}


def spectral_distance_db(a: dict[float, Tensor], b: dict[float, Tensor]) -> Tensor:
    """Mean absolute difference over all windows and mel bands, one by one.

    Args:
        a: `average_spectra` of [batch] sounds.
        b: Of as many sounds, or of a single one.

    Returns:
        Distances in dB, [batch].
    """
    return torch.stack([(own - b[window_s]).abs().mean(dim=1) for window_s, own in a.items()]).mean(dim=0)


def pairwise_spectral_distance_db(a: dict[float, Tensor], b: dict[float, Tensor]) -> Tensor:
    """`spectral_distance_db` of every sound of `a` from every sound of `b`.

    Args:
        a: `average_spectra` of [n] sounds.
        b: Of [m] sounds.

    Returns:
        Distances in dB, [n, m].
    """
    parts = [torch.cdist(own, b[window_s], p=1.0) / own.shape[1] for window_s, own in a.items()]
    return torch.stack(parts).mean(dim=0)


def mean_mel_db(
    samples: Tensor, sample_rate: int, *, mels: int = _MELS, window_s: float = USUAL_WINDOW_S
) -> Tensor:
    """Mel power spectrum averaged over time, in dB.

    Hann windows, each half overlapping the next, no padding at the ends. Power is that of a bin divided by
    the energy of the window, and each mel filter's weights add up to one: white noise of -20 dBFS has -20 dB
    in every band, whatever the sample rate and the window. -70 dB is added as a floor, so that silence is
    finite.

    Args:
        samples: Float, [batch, time], full scale is +-1.
        sample_rate: In Hz.
        mels: Number of bands from 0 Hz to half the sample rate.
        window_s: Length of the window in seconds.

    Returns:
        Float64, [batch, mels].

    Raises:
        MediaError: Sounds of another shape or too short.
    """
    window = max(2, round(window_s * sample_rate))
    length = _transform_length(sample_rate, mels, at_least=window)
    power = mean_power(samples, window=window, length=length)
    filters = torchaudio.functional.melscale_fbanks(
        length // 2 + 1, 0.0, sample_rate / 2, mels, sample_rate
    ).to(power)
    return 10 * torch.log10(power @ (filters / filters.sum(dim=0)) + _FLOOR)


def mean_power(samples: Tensor, *, window: int, length: int) -> Tensor:
    """Power spectrum averaged over time: Welch's method with Hann windows that half overlap.

    Args:
        samples: Float, [batch, time].
        window: Samples of the window.
        length: Samples of the transform, at least `window`; zeros fill it.

    Returns:
        Power of a bin divided by the energy of the window, float64, [batch, length // 2 + 1].

    Raises:
        MediaError: Sounds of another shape or too short.
    """
    if samples.dim() != 2 or samples.shape[1] < length:
        raise MediaError(
            f"sounds of the shape {list(samples.shape)} have no average spectrum; [batch, time] with at "
            f"least {length} samples is needed. Use longer excerpts."
        )
    parts = []
    for chunk in torch.split(samples, _AT_ONCE):
        power: Tensor = torchaudio.functional.spectrogram(
            chunk.double(),
            pad=0,
            window=torch.hann_window(window, dtype=torch.float64, device=chunk.device),
            n_fft=length,
            hop_length=max(1, window // 2),
            win_length=window,
            power=2.0,
            normalized="window",
            center=False,
        )
        parts.append(power.mean(dim=-1))
    return torch.cat(parts)


def _transform_length(sample_rate: int, mels: int, *, at_least: int) -> int:
    """Power of two so long that no mel filter falls between two bins: the lowest is the narrowest."""
    mels_at_top = 2595 * math.log10(1 + sample_rate / 2 / 700)
    lowest_centre_hz = 700 * (10 ** (mels_at_top / (mels + 1) / 2595) - 1)
    needed = max(at_least, sample_rate / lowest_centre_hz)
    return 1 << math.ceil(math.log2(needed))
