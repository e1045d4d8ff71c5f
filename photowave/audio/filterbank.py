"""A filter bank that turns samples into frames of `bands` values and back, so that one step draws many.

Cosine-modulated pseudo-QMF bank: T. Q. Nguyen, "Near-perfect-reconstruction pseudo-QMF banks", IEEE
Transactions on Signal Processing 42(1), 1994. The prototype is a Kaiser-windowed sinc of which only the
cutoff is searched: Y.-P. Lin and P. P. Vaidyanathan, "A Kaiser window approach for the design of prototype
filters of cosine modulated filterbanks", IEEE Signal Processing Letters 5(6), 1998.

With two taps per band the prototype is the half sine of the modified discrete cosine transform (MDCT:
Princen, Johnson and Bradley, "Subband/transform coding using filter bank designs based on time domain
aliasing cancellation", ICASSP 1987), and reconstruction is perfect: short in time, at the price of a softer
stopband.

Frame t sees the last `taps` samples, and is heard in the next `taps`, both counted from its own block:

    analysis    [..........|t]               block t is the newest that frame t sees
    synthesis              [t|..........]    and the first that it sounds in

so that both sides are causal and sound comes back `delay = taps - bands` samples late.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from photowave.errors import ConfigError

# Stopband against transition. With 16 taps per band this value makes the worst tone's error about smallest.
_KAISER_BETA = 8.6


@dataclass(frozen=True)
class SynthesisState:
    """What the next chunk of samples still needs of the frames before it."""

    tails: Tensor
    """How the last frames sound, block by block, [batch, taps_per_band - 1, taps_per_band, bands]."""


class FilterBank(nn.Module):
    """Samples to frames and back, nearly without loss; orthonormal as far as the loss allows.

    The energy of the frames is that of the samples, so a log density over frames is one over samples.
    With 16 taps per band the reconstruction error lies 65 dB below white noise and 60 dB or more below any
    signal whatever; with 2 there is none but rounding. One band is the exact identity.

    Args:
        bands: Number of bands, and samples per frame.
        taps_per_band: Length of the filters in frames: 2, or even and at least 8. Ignored with one band.

    Attributes:
        bands: Number of bands.
        taps_per_band: Length of the filters in frames; 1 with one band.
        delay: Samples by which `synthesis` of `analysis` lags behind: (taps_per_band - 1) * bands.

    Raises:
        ConfigError: `bands` or `taps_per_band` is out of range.

    Example:
        To get back exactly what went in, pad by the delay and cut it off again::

            frames = bank.analysis(torch.nn.functional.pad(samples, (0, bank.delay)))
            again, _ = bank.synthesis(frames)
            samples_again = again[:, bank.delay :]
    """

    filters: Tensor
    window: Tensor
    phases: Tensor

    def __init__(self, *, bands: int, taps_per_band: int) -> None:
        super().__init__()
        if bands < 1:
            raise ConfigError(f"bands={bands}: must be at least 1. Use 1 for raw samples.")
        if bands > 1 and taps_per_band != 2 and (taps_per_band < 8 or taps_per_band % 2):
            raise ConfigError(f"taps_per_band={taps_per_band}: must be 2, or even and at least 8. Try 16.")
        self.bands = bands
        self.taps_per_band = taps_per_band if bands > 1 else 1
        self.delay = (self.taps_per_band - 1) * bands
        window = _design(bands, taps_per_band) if bands > 1 else torch.ones(1, dtype=torch.float64)
        window = math.sqrt(2) * window / window.norm()
        filters = _modulated(window, bands) if bands > 1 else torch.ones(1, 1, dtype=torch.float64)
        self.register_buffer("filters", filters.float(), persistent=False)
        self.register_buffer("window", window.float(), persistent=False)
        first = _angles(bands, _time(len(window))[:1])[:, 0]  # of each filter's cosine at its first tap
        half_period = torch.full_like(first, 2 * bands)  # a transform back divides by its length
        self.register_buffer("phases", torch.polar(half_period, first).to(torch.cfloat), persistent=False)

    def analysis(self, samples: Tensor) -> Tensor:
        """Split a sound into frames; before its beginning there is silence.

        Args:
            samples: Float, [batch, time]; time a multiple of `bands`.

        Returns:
            Frames, [batch, time / bands, bands]; frame t depends on samples before (t + 1) * bands only.

        Raises:
            ConfigError: time is no multiple of `bands`.
        """
        time = samples.shape[1]
        if time % self.bands:
            raise ConfigError(
                f"{time} samples are no multiple of bands={self.bands}. "
                f"Cut to {time - time % self.bands} or pad with zeros."
            )
        if self.bands == 1:
            return samples[..., None]
        padded = nn.functional.pad(samples, (self.delay, 0))
        filters = self.filters.to(samples.dtype)
        frames = nn.functional.conv1d(padded[:, None], filters[:, None], stride=self.bands)
        return frames.transpose(1, 2)

    def synthesis(self, frames: Tensor, state: SynthesisState | None = None) -> tuple[Tensor, SynthesisState]:
        """Turn frames back into sound, `delay` samples late.

        Chunk by chunk, and in any company, gives bit for bit the same: each frame is transformed by itself,
        and what it sounds like is added in a fixed order.

        Args:
            frames: Float, [batch, frames, bands].
            state: What the chunk before returned; None means silence before.

        Returns:
            The samples, [batch, frames * bands], and the state for the next chunk.
        """
        batch, count, _ = frames.shape
        blocks = self.taps_per_band
        if state is None:
            state = SynthesisState(frames.new_zeros(batch, blocks - 1, blocks, self.bands))
        if self.bands == 1:
            return frames[..., 0], state
        sounding = self._sounding(frames).view(batch, count, blocks, self.bands)
        sounding = torch.cat([state.tails, sounding], dim=1)
        samples = sounding[:, blocks - 1 :, 0]
        for lag in range(1, blocks):
            first = blocks - 1 - lag
            samples = samples + sounding[:, first : first + count, lag]
        return samples.flatten(1), SynthesisState(sounding[:, count:])

    def _sounding(self, frames: Tensor) -> Tensor:
        """How each frame sounds by itself: `frames @ filters` by a fast Fourier transform, [..., taps].

        All cosines of the filters are odd harmonics of one period, four frames long. NumPy transforms row by
        row; torch may take several rows at once, which may round differently from one.
        """
        period, taps = 4 * self.bands, len(self.window)
        given = frames.detach().cpu().numpy()
        phases = self.phases.cpu().to(frames.dtype.to_complex()).numpy()
        harmonics = np.zeros((*given.shape[:-1], period // 2 + 1), phases.dtype)
        np.multiply(given, phases, out=harmonics[..., 1::2])
        heard = np.fft.irfft(harmonics, period)
        if taps > period:
            heard = np.concatenate([heard] * -(-taps // period), -1)
        return torch.from_numpy(heard[..., :taps]).to(frames) * self.window.to(frames)


def _design(bands: int, taps_per_band: int) -> Tensor:
    """Half sine, or the sinc whose cutoff loses least, by golden section: prototype, float64 [taps]."""
    if taps_per_band == 2:
        return torch.sin(math.pi / 2 / bands * (torch.arange(2 * bands).double() + 0.5))
    golden = (math.sqrt(5) - 1) / 2
    low, high = 0.5, 0.75  # of the spacing of the bands; the error has a single minimum in between
    for _ in range(30):
        lower, upper = high - golden * (high - low), low + golden * (high - low)
        errors = [_loss(_cut_off(bands, taps_per_band, cutoff), bands) for cutoff in (lower, upper)]
        if errors[0] < errors[1]:
            high = upper
        else:
            low = lower
    return _cut_off(bands, taps_per_band, (low + high) / 2)


def _cut_off(bands: int, taps_per_band: int, cutoff: float) -> Tensor:
    """Windowed sinc with `cutoff` in units of the bands' spacing, [taps]."""
    taps = bands * taps_per_band
    window = torch.kaiser_window(taps, periodic=False, beta=_KAISER_BETA, dtype=torch.float64)
    return torch.sinc(cutoff / bands * _time(taps)) * window


def _modulated(window: Tensor, bands: int) -> Tensor:
    """Filters of unit energy, whose prototype is `window` [taps], [bands, taps]."""
    return window * torch.cos(_angles(bands, _time(len(window))))


def _angles(bands: int, time: Tensor) -> Tensor:
    """Angles of the cosines of all filters at samples [time] from their middle, [bands, time]."""
    band = torch.arange(bands, dtype=torch.float64)[:, None]
    return (2 * band + 1) * math.pi / (2 * bands) * time + (1 - 2 * (band % 2)) * math.pi / 4


def _time(taps: int) -> Tensor:
    """Samples from the middle of a filter, float64 [taps]."""
    return torch.arange(taps, dtype=torch.float64) - (taps - 1) / 2


def _loss(prototype: Tensor, bands: int) -> float:
    """Energy of the reconstruction error for white noise of unit power, aliasing included.

    With P_s the bands x bands block s of the filters, all is returned if the sum over s of P_s^T P_(s+lag)
    is the identity for lag 0 and zero for every other.
    """
    filters = _modulated(math.sqrt(2) * prototype / prototype.norm(), bands)
    blocks = filters.view(bands, -1, bands).transpose(0, 1)
    count = blocks.shape[0]
    error = 0.0
    for lag in range(count):
        product = torch.einsum("ski,skj->ij", blocks[: count - lag], blocks[lag:])
        if lag == 0:
            error += float((product - torch.eye(bands, dtype=product.dtype)).square().sum())
        else:
            error += 2 * float(product.square().sum())
    return error / bands
