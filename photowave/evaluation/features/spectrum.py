"""Mean spectra: what sounds at which pitch, whenever it sounds.

Sounds are compared at the level they have: nothing is normalised here, so that 6 dB less everywhere is a
difference of 6 dB.
"""

import math

import torch
import torchaudio.functional
from torch import Tensor

from photowave.errors import MediaError

_MELS = 64
# Resolves neither time nor frequency best.
_WINDOW_S = 0.032
# 50 dB below white noise of -20 dBFS: nobody hears what is fainter, and it would weigh as much as the rest.
_FLOOR = 1e-7


def mean_mel_db(samples: Tensor, sample_rate: int) -> Tensor:
    """Mel power spectrum of sounds [batch, time] averaged over time, in dB, float64 [batch, 64].

    Hann windows of 32 ms, each half overlapping the next, no padding at the ends, 64 bands from 0 Hz to half
    the sample rate. Power is that of a bin divided by the energy of the window, and each mel filter's weights
    add up to one: white noise of -20 dBFS has -20 dB in every band, whatever the sample rate. -70 dB is added
    as a floor, so that silence is finite. MediaError: sounds of another shape or too short.
    """
    window = max(2, round(_WINDOW_S * sample_rate))
    length = _transform_length(sample_rate, at_least=window)
    if samples.dim() != 2 or samples.shape[1] < length:
        raise MediaError(
            f"sounds of the shape {list(samples.shape)} have no average spectrum; [batch, time] with at "
            f"least {length} samples is needed. Use longer excerpts."
        )
    # Welch's method, half overlap: [batch, length // 2 + 1].
    power = torchaudio.functional.spectrogram(
        samples.double(),
        pad=0,
        window=torch.hann_window(window, dtype=torch.float64, device=samples.device),
        n_fft=length,
        hop_length=max(1, window // 2),
        win_length=window,
        power=2.0,
        normalized="window",
        center=False,
    ).mean(dim=-1)
    filters = torchaudio.functional.melscale_fbanks(
        length // 2 + 1, 0.0, sample_rate / 2, _MELS, sample_rate
    ).to(power)
    mel_db: Tensor = 10 * torch.log10(power @ (filters / filters.sum(dim=0)) + _FLOOR)
    return mel_db


def _transform_length(sample_rate: int, *, at_least: int) -> int:
    """Power of two so long that no mel filter falls between two bins: the lowest is the narrowest."""
    mels_at_top = 2595 * math.log10(1 + sample_rate / 2 / 700)
    lowest_centre_hz = 700 * (10 ** (mels_at_top / (_MELS + 1) / 2595) - 1)
    needed = max(at_least, sample_rate / lowest_centre_hz)
    return 1 << math.ceil(math.log2(needed))
