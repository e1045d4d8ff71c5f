"""Signs of music in a recording: a beat that comes back bar after bar, or many tones of one tuning."""

import math

import torch
import torchaudio.functional
from torch import Tensor
from torch.nn.functional import avg_pool1d, max_pool1d, pad

from photowave.checking.sounds import HEARD_RATE as RATE

LISTENED_S = 60.0
_SHORTEST_S = 4.0

# Onsets: differences of log-mel spectra, 62.5 a second.
_BEAT_FFT, _BEAT_HOP, _BANDS = 512, 256, 32
_SHORTEST_BAR_S, _LONGEST_BAR_S = 1.0, 4.2
_LEAST_ONSETS = 7.0
"""Spread of the rises in 32 bands together, as a logarithm of power: hiss has 2.7, a mains hum 6,
drums have 9 or more."""
LEAST_BEAT = 0.5
"""Correlation of the onsets with those a bar later."""

# Tones: maxima of spectra of 256 ms, 15.6 a second; semitones lie 4 bins apart or more from 260 Hz on.
_TONE_FFT, _TONE_HOP = 4096, 1024
_LOWEST_HZ, _HIGHEST_HZ = 100, 3_500
_ABOVE_DB, _AROUND = 9.0, 51
_FRAMES = 4
"""A tone keeps its frequency for so many spectra."""
_LASTING, _SELDOM = 0.7, 0.03
LEAST_TONES, LEAST_NOTES, LEAST_TUNING = 3.0, 8, 0.35
"""Tones at a time, different notes that come and go, and how far their frequencies keep to one grid of
semitones (the length of the mean of their phases on it: 0 for any frequencies, 1 for one tuning)."""


def music(heard: Tensor) -> str | None:
    """Say what makes a recording look like music.

    Natural sounds have tones and rhythms, too, but seldom many tones in tune with each other, or a pattern
    that is repeated after seconds.

    Args:
        heard: Samples at 16 kHz, [time]; the first minute counts.

    Returns:
        In words; None where little speaks for it.
    """
    heard = heard[: round(LISTENED_S * RATE)]
    if len(heard) < _SHORTEST_S * RATE:
        return None
    level = 0.1 * heard / heard.std().clamp_min(1e-9)
    beat, bar_s = _beat(level)
    if beat >= LEAST_BEAT:
        return f"its rhythm comes back every {bar_s:.2g} s (correlation {beat:.2f})"
    tones, notes, tuning = _tones(level)
    if tones >= LEAST_TONES and notes >= LEAST_NOTES and tuning >= LEAST_TUNING:
        return f"{notes} notes, {tones:.0f} at a time, in one tuning ({tuning:.2f} of 1)"
    return None


def _beat(level: Tensor) -> tuple[float, float]:
    """The highest autocorrelation of the onsets at the length of a bar, and that length in seconds."""
    power = _spectra(level, _BEAT_FFT, _BEAT_HOP).square()
    mel = torchaudio.functional.melscale_fbanks(len(power), 50.0, RATE / 2, _BANDS, RATE).T @ power
    bands = torch.log(mel + 1e-5 * power.mean() + 1e-10)
    onsets = (bands[:, 1:] - bands[:, :-1]).clamp_min(0).sum(0)
    per_s = RATE / _BEAT_HOP
    around = int(per_s) | 1
    smooth = avg_pool1d(pad(onsets[None, None], (around // 2,) * 2, mode="reflect"), around, 1)[0, 0]
    moving = onsets - smooth
    if moving.std() < _LEAST_ONSETS:
        return 0.0, 0.0
    count = len(moving)
    products = torch.fft.irfft(torch.fft.rfft(moving, 2 * count).abs().square())[:count]
    correlation = products / torch.arange(count, 0, -1)
    first, end = int(_SHORTEST_BAR_S * per_s), min(int(_LONGEST_BAR_S * per_s), count // 2)
    best = int(correlation[first:end].argmax())
    return float(correlation[first + best] / correlation[0]), (first + best) / per_s


def _tones(level: Tensor) -> tuple[float, int, float]:
    """Tones at a time, notes that come and go, and how far all keep to one tuning."""
    bin_hz = RATE / _TONE_FFT
    found = _spectra(level, _TONE_FFT, _TONE_HOP)[: int(_HIGHEST_HZ / bin_hz) + _AROUND]
    spectra = (20 * torch.log10(found + 1e-7)).T  # [frames, bins]
    around = avg_pool1d(spectra[:, None], _AROUND, 1, _AROUND // 2, count_include_pad=False)[:, 0]
    maxima = torch.zeros_like(spectra)
    inner = spectra[:, 1:-1]
    higher = (inner > spectra[:, :-2]) & (inner >= spectra[:, 2:]) & (inner > around[:, 1:-1] + _ABOVE_DB)
    maxima[:, 1:-1] = higher.float()
    maxima[:, : int(_LOWEST_HZ / bin_hz)] = maxima[:, int(_HIGHEST_HZ / bin_hz) :] = 0
    # A tone may drift by one bin from spectrum to spectrum: widen by one, then keep what lasts.
    wide = max_pool1d(maxima[:, None], 3, 1, 1)[:, 0].T
    lasting = max_pool1d(pad(-max_pool1d(-wide[:, None], _FRAMES, 1), (_FRAMES - 1,) * 2), _FRAMES, 1)[:, 0]
    frames, bins = torch.nonzero(maxima * lasting.T, as_tuple=True)
    if len(bins) == 0:
        return 0.0, 0, 0.0
    left, here, right = (spectra[frames, bins + step] for step in (-1, 0, 1))
    hz = (bins + 0.5 * (left - right) / (left - 2 * here + right).clamp_max(-1e-9)) * bin_hz
    semitones = 12 * torch.log2(hz / 440)
    mean = torch.polar(torch.ones_like(hz), 2 * math.pi * semitones).mean()
    numbers = torch.round(semitones - mean.angle() / (2 * math.pi)).long()
    there = torch.zeros(len(spectra), int(numbers.max() - numbers.min()) + 1)
    there[frames, numbers - numbers.min()] = 1
    share = there.mean(0)
    notes = (share < _LASTING) & (there.sum(0) >= max(_FRAMES, _SELDOM * len(spectra)))
    return len(bins) / len(spectra), int(notes.sum()), float(mean.abs())


def _spectra(level: Tensor, length: int, hop: int) -> Tensor:
    """Magnitudes, [bins, frames]."""
    window = torch.hann_window(length)
    return torch.stft(level, length, hop, window=window, center=False, return_complex=True).abs()
