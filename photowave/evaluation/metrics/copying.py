"""Does a sound repeat a training recording? By its texture, and by its waveform."""

import hashlib

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from photowave.audio import resample
from photowave.evaluation.metrics.vectors import Vectors, distances
from photowave.evaluation.sounds.types import RealSounds

COMPARED_HZ = 8_000
"""Waveforms are compared at this sample rate at the most: a copy stays a copy, and it takes less time."""
_QUIET = 1e-4  # power below this share of the recording's mean counts as this share


def nearest_excerpt(
    vectors: Vectors,
    sources: NDArray[np.int64],
    *,
    excerpts: Vectors,
    recordings: NDArray[np.int64],
) -> Vectors:
    """Distance of each sound to the nearest training excerpt, in units of what is usual among real ones.

    The unit is the median distance of a training excerpt to the nearest one of another recording, whatever
    the scene of either, just as for the sounds. Far below 1 the sound repeats an excerpt.

    `vectors` [sounds, features] and `excerpts` [excerpts, features] are standardised; the recording of
    `sources` [sounds] is not looked at, -1 for none. Gives [sounds], NaN where nothing is left.
    """
    unit = _nearest(distances(excerpts, excerpts), recordings[:, None] != recordings)
    if not np.isfinite(unit).any():
        return np.full(len(vectors), np.nan)
    found = _nearest(distances(vectors, excerpts), sources[:, None] != recordings)
    return found / max(float(np.nanmedian(unit)), 1e-9)


def _nearest(apart: Vectors, allowed: NDArray[np.bool_]) -> Vectors:
    """Smallest allowed distance of each row; NaN where none is allowed."""
    smallest = np.where(allowed, apart, np.inf).min(1, initial=np.inf)
    return np.where(np.isfinite(smallest), smallest, np.nan)


class TrainingWaveforms:
    """The excerpts of all training recordings in one row, ready to be compared with sounds of one length.

    The excerpts of a recording are put together again, and silence as long as a sound stands between.
    What was not cut into excerpts, such as the remainder at its end, is not in it::

        0000 recording 0 0000 recording 1 0000

    Recordings of split `train` are kept, or all if there are none.
    """

    def __init__(self, real: RealSounds):
        self._rate = min(real.sample_rate, COMPARED_HZ)
        self._old_rate = real.sample_rate
        self._known: dict[bytes, Vectors] = {}
        kept = real.splits == "train" if (real.splits == "train").any() else np.ones(len(real.splits), bool)
        self.recordings: NDArray[np.int64] = np.unique(real.recordings[kept])
        """Which recordings are kept, ascending, [recordings]."""
        lines = [
            self._slower(real.samples[kept & (real.recordings == number)].flatten())
            for number in self.recordings
        ]
        self._length = self._slower(real.samples[:1]).shape[1]
        gap = torch.zeros(self._length)
        row = torch.cat([gap, *(part for line in lines for part in (line, gap))])
        # A lag belongs to the recording whose beginning, less one gap, it has passed.
        sizes = [len(line) + self._length for line in lines]
        self._starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
        lags = len(row) - self._length
        power = torch.cat([row.new_zeros(1).double(), row.double().square().cumsum(0)])
        energy = power[self._length : self._length + lags] - power[:lags]
        least = _QUIET * self._length * torch.stack([line.double().square().mean() for line in lines])
        energy = energy.maximum(least.clamp_min(1e-30).repeat_interleave(torch.tensor(sizes)))
        self._inverse_norm = energy.rsqrt().float()
        self._size = 1 << max(14, (4 * self._length - 1).bit_length())
        self._hop = self._size - self._length + 1
        blocks = -(-lags // self._hop)
        row = torch.nn.functional.pad(row, (0, (blocks - 1) * self._hop + self._size - len(row)))
        self._spectra = torch.fft.rfft(row.unfold(0, self._size, self._hop))

    def likeness(self, samples: Tensor) -> Vectors:
        """Largest normalised cross-correlation with each recording, over all shifts, without its sign.

        1 for a copy at any level; near 0 for unrelated noise. Tonal sounds of one pitch reach more. Takes
        sounds as long as an excerpt, [sounds, time], and gives [sounds, recordings]; 0 for silence.
        """
        found = []
        for sound in samples:
            key = hashlib.sha256(sound.numpy().tobytes()).digest()
            if key not in self._known:
                self._known[key] = self._compare(self._slower(sound))
            found.append(self._known[key])
        return np.stack(found)

    def copied(self, samples: Tensor, sources: NDArray[np.int64]) -> Vectors:
        """Largest likeness to any recording but the source, -1 for none, [sounds]; NaN where none is left."""
        return -_nearest(-self.likeness(samples), sources[:, None] != self.recordings)

    def _compare(self, sound: Tensor) -> Vectors:
        norm = float(sound.double().square().sum().sqrt())
        if norm == 0.0:
            return np.zeros(len(self.recordings))
        spectrum = torch.fft.rfft(sound / norm, self._size).conj()
        products = torch.fft.irfft(self._spectra * spectrum, self._size)[:, : self._hop]
        likeness = products.flatten()[: len(self._inverse_norm)] * self._inverse_norm
        largest: Vectors = np.maximum.reduceat(likeness.abs().numpy(), self._starts).astype(np.float64)
        return largest.clip(max=1.0)

    def _slower(self, samples: Tensor) -> Tensor:
        return resample(samples, old_rate=self._old_rate, new_rate=self._rate)
