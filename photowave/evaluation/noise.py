"""The systems that know little or nothing: noise with the spectrum of a recording, white noise, silence."""

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from photowave.audio import normalise, rms_dbfs
from photowave.evaluation.excerpts import deal, samples_in
from photowave.evaluation.types import EvaluatedPhotos, RealSounds, SystemSounds

_WINDOW_S = 0.25


def filtered_noise(
    photos: EvaluatedPhotos,
    real: RealSounds,
    *,
    seeds: int,
    duration_s: float = 5.0,
    seed: int = 0,
) -> SystemSounds:
    """Draw Gaussian noise with the long-term spectrum and the level of one real excerpt each.

    The excerpts are those that `real_sounds` deals to the same photos and seeds, and the noise carries their
    recordings as its sources: what it lacks beside `real` is exactly everything but the spectrum.

    Args:
        photos: Their scenes are used.
        real: Excerpts to choose from, of all splits.
        seeds: Sounds per photo.
        duration_s: Length in seconds.
        seed: Decides the noise, and which excerpts tell the spectra.

    Returns:
        The system `filtered_noise`.

    Raises:
        ConfigError: Excerpts are shorter than `duration_s`.
        PairError: A scene has no recording.
    """
    count = samples_in(real, duration_s)
    chosen = deal(real, photos.scenes, seeds=seeds, seed=seed)

    def draw(photo: int, own: int, rng: np.random.Generator) -> Tensor:
        excerpt = real.samples[chosen[photo, own], :count]
        noise = gaussian_noise(count, rng=rng, power=mean_power(excerpt, sample_rate=real.sample_rate))
        return normalise(noise, rms_dbfs=rms_dbfs(excerpt))

    made = _made("filtered_noise", draw, photos, seeds=seeds, seed=seed)
    return replace(made, sources=real.recordings[chosen])


def white_noise(
    photos: EvaluatedPhotos,
    real: RealSounds,
    *,
    seeds: int,
    duration_s: float = 5.0,
    seed: int = 0,
    rms_dbfs: float = -20.0,
) -> SystemSounds:
    """Draw white Gaussian noise, anew for each sound; for checks of one's own, `evaluate` leaves it out.

    Args:
        photos: Tell how many sounds are wanted.
        real: Tells the sample rate.
        seeds: Sounds per photo.
        duration_s: Length in seconds.
        seed: Decides the noise.
        rms_dbfs: Level in dB relative to full scale.

    Returns:
        The system `white_noise`.

    Raises:
        ConfigError: Excerpts are shorter than `duration_s`.
    """
    count = samples_in(real, duration_s)

    def draw(photo: int, own: int, rng: np.random.Generator) -> Tensor:
        return normalise(gaussian_noise(count, rng=rng), rms_dbfs=rms_dbfs)

    return _made("white_noise", draw, photos, seeds=seeds, seed=seed)


def silence(
    photos: EvaluatedPhotos, real: RealSounds, *, seeds: int, duration_s: float = 5.0, seed: int = 0
) -> SystemSounds:
    """Give nothing but zeros; for checks of one's own, `evaluate` leaves it out.

    Args:
        photos: Tell how many sounds are wanted.
        real: Tells the sample rate.
        seeds: Sounds per photo.
        duration_s: Length in seconds.
        seed: Decides nothing; here so that all baselines are called alike.

    Returns:
        The system `silence`.

    Raises:
        ConfigError: Excerpts are shorter than `duration_s`.
    """
    count = samples_in(real, duration_s)
    return _made("silence", lambda *_: torch.zeros(count), photos, seeds=seeds, seed=seed)


def mean_power(samples: Tensor, *, sample_rate: int) -> Tensor:
    """Estimate the long-term power spectrum of a sound.

    Averaged periodograms (P. Welch, "The use of fast Fourier transform for the estimation of power spectra",
    IEEE Transactions on Audio and Electroacoustics 15(2), 1967) with Hann windows of a quarter of a second
    that overlap by half.

    Args:
        samples: Float, [time].
        sample_rate: In Hz.

    Returns:
        Power from 0 Hz to half the sample rate, in equal steps, float64 [bins]; its scale means nothing.
    """
    size = max(1, min(round(_WINDOW_S * sample_rate), len(samples)) // 2) * 2
    window = torch.hann_window(size, dtype=torch.float64)
    spectra = torch.stft(samples.double(), size, size // 2, window=window, center=False, return_complex=True)
    return spectra.abs().square().mean(1)


def gaussian_noise(count: int, *, rng: np.random.Generator, power: Tensor | None = None) -> Tensor:
    """Draw Gaussian noise, white or with a power spectrum.

    The noise is filtered in the frequency domain over its whole length, so it has no beginning or end: the
    last sample goes on into the first.

    Args:
        count: Number of samples.
        rng: Where the numbers come from.
        power: Power from 0 Hz to half the sample rate, in equal steps, [bins]; None for white noise.

    Returns:
        Float64, [time]; its level means nothing.
    """
    white: NDArray[np.float64] = rng.standard_normal(count)
    if power is None:
        return torch.from_numpy(white)
    bins = count // 2 + 1
    places = np.linspace(0.0, 1.0, bins) * (bins - 1) / (count / 2)  # an odd count stops short of the end
    amplitude = np.sqrt(np.interp(places, np.linspace(0.0, 1.0, len(power)), power.numpy()))
    return torch.from_numpy(np.fft.irfft(np.fft.rfft(white) * amplitude, count))


def _made(
    name: str,
    draw: Callable[[int, int, np.random.Generator], Tensor],
    photos: EvaluatedPhotos,
    *,
    seeds: int,
    seed: int,
) -> SystemSounds:
    """Make each sound from random numbers of its own, whichever other photos there are."""
    began = time.perf_counter()
    rows = [
        torch.stack(
            [draw(photo, own, np.random.default_rng((seed, photo, own))).float() for own in range(seeds)]
        )
        for photo in range(len(photos.scenes))
    ]
    return SystemSounds(
        name=name,
        samples=torch.stack(rows),
        sources=np.full((len(rows), seeds), -1, dtype=np.int64),
        seconds_per_sound=(time.perf_counter() - began) / (len(rows) * seeds),
    )
