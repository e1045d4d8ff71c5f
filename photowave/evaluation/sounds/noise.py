"""The system that knows the spectrum and nothing else: noise filtered like a recording."""

import time
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from photowave.audio import normalise, rms_dbfs
from photowave.evaluation.sounds.dealing import deal
from photowave.evaluation.sounds.types import Request, SystemSounds

_WINDOW_S = 0.25


def filtered_noise(request: Request) -> SystemSounds:
    """Draw Gaussian noise with the long-term spectrum and the level of one real excerpt each.

    The excerpts are those that `real_sounds` deals to the same photos and seeds, and the noise carries their
    recordings as its sources: what it lacks beside `real` is exactly everything but the spectrum.
    """
    real, count = request.real, request.count
    chosen = deal(real, request.photos.scenes, seeds=request.seeds, seed=request.seed)

    began = time.perf_counter()

    def draw(photo: int, own: int) -> Tensor:
        # Random numbers of its own, whichever other photos there are.
        rng = np.random.default_rng((request.seed, photo, own))
        excerpt = real.samples[chosen[photo, own], :count]
        noise = gaussian_noise(count, rng=rng, power=welch_power(excerpt, sample_rate=real.sample_rate))
        return normalise(noise, rms_dbfs=rms_dbfs(excerpt)).float()

    rows = [torch.stack([draw(photo, own) for own in range(request.seeds)]) for photo in range(len(chosen))]
    made = request.answer("filtered_noise", rows, time.perf_counter() - began)
    return replace(made, sources=real.recordings[chosen])


def welch_power(samples: Tensor, *, sample_rate: int) -> Tensor:
    """Estimate the long-term power spectrum of a sound, float64 [bins]; its scale means nothing.

    Averaged periodograms (P. Welch, "The use of fast Fourier transform for the estimation of power spectra",
    IEEE Transactions on Audio and Electroacoustics 15(2), 1967) with Hann windows of a quarter of a second
    that overlap by half.
    """
    size = max(1, min(round(_WINDOW_S * sample_rate), len(samples)) // 2) * 2
    window = torch.hann_window(size, dtype=torch.float64)
    spectra = torch.stft(samples.double(), size, size // 2, window=window, center=False, return_complex=True)
    return spectra.abs().square().mean(1)


def gaussian_noise(count: int, *, rng: np.random.Generator, power: Tensor) -> Tensor:
    """Draw Gaussian noise with a power spectrum from 0 Hz to half the sample rate, float64 [time].

    A filter in the frequency domain shapes the whole length at once, so the noise has no beginning or end:
    the last sample goes on into the first. Its level means nothing.
    """
    bins = count // 2 + 1
    places = np.linspace(0.0, 1.0, bins) * (bins - 1) / (count / 2)  # an odd count stops short of the end
    amplitude = np.sqrt(np.interp(places, np.linspace(0.0, 1.0, len(power)), power.numpy()))
    return torch.from_numpy(np.fft.irfft(np.fft.rfft(rng.standard_normal(count)) * amplitude, count))
