"""What the ear does first: filters spaced as on the basilar membrane, and how strongly each one moves.

After the auditory model of McDermott and Simoncelli, "Sound Texture Perception via Statistics of the Auditory
Periphery", Neuron 71, 2011, with two departures: a floor below which nothing is heard, and ends that are left
out instead of wrapping around.
"""

import math

import torch
from torch import Tensor

from photowave.errors import ConfigError

ENVELOPE_RATE = 400
"""Envelope frames per second."""

_LOWEST_HZ = 20.0
_HIGHEST_SHARE = 0.45  # of the sample rate
_COMPRESSION = 0.3
# Amplitude below which a band counts as still, -80 dBFS: the rounding of 16-bit files lies below it.
_FLOOR = 1e-4
_FADE_S = 0.02
_LEFT_OUT_S = 0.05
# Glasberg and Moore: a bandwidth of 24.7 Hz + frequency / 9.265.
_ERBS_PER_NEPER = 9.265
_CORNER_HZ = 24.7 * _ERBS_PER_NEPER


def erb_centres(count: int, *, low_hz: float, high_hz: float) -> Tensor:
    """Frequencies in Hz that are equally far apart for the ear, the two ends included, float64 [count].

    One step of the scale is one equivalent rectangular bandwidth: Glasberg and Moore, "Derivation of auditory
    filter shapes from notched-noise data", Hearing Research 47, 1990.
    """
    ends = _erb_number(torch.tensor([low_hz, high_hz], dtype=torch.float64))
    numbers = torch.linspace(float(ends[0]), float(ends[1]), count, dtype=torch.float64)
    return _CORNER_HZ * torch.expm1(numbers / _ERBS_PER_NEPER)


class Cochlea:
    """Compressed envelopes of ERB-spaced bands between 20 Hz and 0.45 times the sample rate.

    Each filter is half a cycle of a cosine on the ERB scale, from the centre of the band below to that of the
    band above, so that the squares of neighbours add up to one. It is applied in the frequency domain; only
    the bins it lets pass are transformed back, moved to 0 Hz (which leaves the envelope as it is), at a rate
    of at least twice the band's width. That is the Hilbert envelope, at a fraction of the work.

    The ends are faded, so that they do not meet in a click, and left out of what is returned:

        |< fade >|............... sound ...............|< fade >| zeros up to a whole second |
        |<- left out ->|<---------- kept ---------->|<- left out ->|

    `centres_hz` is where each filter is greatest, float64 [bands].
    """

    def __init__(self, *, sample_rate: int, bands: int) -> None:
        if sample_rate < 1_000:
            raise ConfigError(f"sample_rate={sample_rate}: must be at least 1000 Hz. Resample the sounds.")
        self.sample_rate = sample_rate
        self._edges_hz = erb_centres(bands + 2, low_hz=_LOWEST_HZ, high_hz=_HIGHEST_SHARE * sample_rate)
        self.centres_hz = self._edges_hz[1:-1]

    def envelopes(self, samples: Tensor) -> Tensor:
        """Give (amplitude^2 + floor^2)^0.15 for each band, the floor being -80 dBFS.

        Takes sounds [batch, time] that `measure_health` lets pass, and gives float64 [batch, bands, frames]
        at 400 frames per second; a twentieth of a second at either end is left out.
        """
        spectrum, seconds = self._transform(samples)
        centres = _erb_number(self._edges_hz)
        bins = torch.arange(spectrum.shape[1], dtype=torch.float64, device=spectrum.device)
        numbers = _erb_number(bins / seconds)
        spacing = float(centres[1] - centres[0])
        bands = [self._envelope(spectrum, (numbers - float(c)) / spacing, seconds) for c in centres[1:-1]]
        first = round(_LEFT_OUT_S * ENVELOPE_RATE)
        last = samples.shape[1] * ENVELOPE_RATE // self.sample_rate - first
        return torch.stack(bands, dim=1)[..., first:last]

    def _transform(self, samples: Tensor) -> tuple[Tensor, int]:
        """Half spectrum of the faded sound, complex128 [batch, bins of 1 / seconds], and those seconds."""
        fade_length = math.ceil(_FADE_S * self.sample_rate)
        steps = (torch.arange(fade_length, dtype=torch.float64, device=samples.device) + 0.5) / fade_length
        window = torch.ones(samples.shape[1], dtype=torch.float64, device=samples.device)
        window[:fade_length] = torch.sin(math.pi / 2 * steps).square()
        window[-fade_length:] = window[:fade_length].flip(0)
        # In a whole number of seconds every rate, 400 Hz included, has a whole number of frames.
        seconds = math.ceil(samples.shape[1] / self.sample_rate)
        bins = seconds * self.sample_rate
        spectrum: Tensor = torch.fft.rfft(samples * window, n=bins, norm="forward")
        return spectrum, seconds

    @staticmethod
    def _envelope(spectrum: Tensor, distance: Tensor, seconds: int) -> Tensor:
        """One band, [batch, seconds * 400]; `distance` of each bin from its centre, in filter spacings."""
        inside = (distance.abs() < 1.0).nonzero()[:, 0]
        # Twice, because the negative frequencies of the analytic signal are zero.
        passed = spectrum[:, inside] * (2 * torch.cos(math.pi / 2 * distance[inside]))
        frames = seconds * ENVELOPE_RATE
        length = frames
        while length < 2 * len(inside):
            length *= 2
        power = torch.view_as_real(torch.fft.ifft(passed, n=length, norm="forward")).square().sum(dim=-1)
        envelope = (power + _FLOOR**2) ** (_COMPRESSION / 2)
        if length == frames:
            return envelope
        kept = torch.fft.rfft(envelope, norm="forward")[:, : frames // 2]
        decimated: Tensor = torch.fft.irfft(kept, n=frames, norm="forward")
        return decimated


def _erb_number(frequency_hz: Tensor) -> Tensor:
    return _ERBS_PER_NEPER * torch.log1p(frequency_hz / _CORNER_HZ)
