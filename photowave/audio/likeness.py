"""How alike two short sounds are: correlation and difference of their log-mel spectrograms."""

import math
from dataclasses import dataclass

import torch
import torchaudio
from torch import Tensor

from photowave.audio.resampling import resample
from photowave.errors import MediaError

_RATE = 16_000
_HOP = 512
_MELS = 64
_HIGHEST_HZ = 7_600.0
_FLOOR_DB = 60.0
_MOST_SHIFT = 16  # hops: about half a second
_LEAST_OVERLAP = 0.8
_NOISES = 4


@dataclass(frozen=True)
class Likeness:
    """How close a copy is to its original.

    Attributes:
        correlation: Pearson correlation of the two spectrograms at the best shift within half a second, from
            -1 to 1. A copy with noise 20 dB below it has about 0.88.
        mean_abs_db: Mean absolute difference of the spectrograms in dB, without shift.
    """

    correlation: float
    mean_abs_db: float


def likeness(original: Tensor, copy: Tensor, *, sample_rate: int) -> Likeness:
    """Compare two sounds; how loud each is as a whole does not count.

    Both become log-mel spectrograms at 16 kHz (64 bands up to 7.6 kHz, 1024 samples long, every 512) in dB
    below their own peak, with a floor of -60 dB.

    Args:
        original: Samples, [time].
        copy: Samples, [time].
        sample_rate: Of both, in Hz.

    Raises:
        MediaError: A sound is shorter than a tenth of a second.
    """
    for name, samples in (("original", original), ("copy", copy)):
        if len(samples) < sample_rate / 10:
            raise MediaError(
                f"the {name} lasts {len(samples) / sample_rate:.3g} s; comparing needs 0.1 s. "
                "Take a longer one."
            )
    a, b = log_mel_db(original, sample_rate), log_mel_db(copy, sample_rate)
    correlations = [_correlation(a, b, shift) for shift in range(-_MOST_SHIFT, _MOST_SHIFT + 1)]
    n = min(a.shape[1], b.shape[1])
    return Likeness(max(correlations), float((a[:, :n] - b[:, :n]).abs().mean()))


def noise_likeness(original: Tensor, *, sample_rate: int, seed: int = 0) -> float:
    """Say how like a sound noise is that has its spectrum and nothing else: what a copy must be above.

    The noise is the sound with the phases of its Fourier transform left to chance. For a steady sound, such
    as traffic, it comes to 0.9.

    Args:
        original: Samples, [time].
        sample_rate: In Hz.
        seed: Of the phases.

    Returns:
        The highest correlation of four such noises; see `Likeness`.

    Raises:
        MediaError: See `likeness`.
    """
    spectrum = torch.fft.rfft(original.double())
    generator = torch.Generator().manual_seed(seed)
    found = []
    for _ in range(_NOISES):
        phases = 2 * math.pi * torch.rand(len(spectrum), generator=generator, dtype=torch.float64)
        noise = torch.fft.irfft(torch.polar(spectrum.abs(), phases), len(original))
        found.append(likeness(original, noise.float(), sample_rate=sample_rate).correlation)
    return max(found)


def log_mel_db(samples: Tensor, sample_rate: int) -> Tensor:
    """Log-mel spectrogram in dB below its peak, [mels, frames]; see `likeness`."""
    mono = resample(samples, old_rate=sample_rate, new_rate=_RATE)
    mel = torchaudio.transforms.MelSpectrogram(
        _RATE, n_fft=2 * _HOP, hop_length=_HOP, n_mels=_MELS, f_max=_HIGHEST_HZ
    )
    db = 10 * torch.log10(mel(mono) + 1e-10)
    return db.clamp_min(float(db.max()) - _FLOOR_DB) - db.max()


def _correlation(a: Tensor, b: Tensor, shift: int) -> float:
    """Correlation where the copy lies `shift` hops early; -1 if too little is left or nothing varies."""
    left, right = a[:, max(0, shift) :], b[:, max(0, -shift) :]
    n = min(left.shape[1], right.shape[1])
    if n < _LEAST_OVERLAP * a.shape[1]:
        return -1.0
    pair = torch.stack([left[:, :n].flatten(), right[:, :n].flatten()])
    found = float(torch.corrcoef(pair)[0, 1])
    return found if found == found else -1.0
