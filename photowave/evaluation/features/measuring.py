"""Measures every sound, once: log-mel texture, texture statistics, spectrum, fine structure, health."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from photowave.audio import TextureStatistics
from photowave.evaluation.features.fine_structure import measure_fine_structure
from photowave.evaluation.features.health import measure_health
from photowave.evaluation.features.spectrum import mean_mel_db
from photowave.evaluation.features.texture import TextureModelStatistics, vectors

Vectors = NDArray[np.float64]
_AT_ONCE = 16  # sounds, so that memory does not grow with their number


@dataclass(frozen=True, eq=False)
class Features:
    """Features of sounds; row i of everything is sound i."""

    log_mel: Vectors
    """Texture vector: mean and spread of each log-mel band, [sounds, 2 * mels]; see `TextureStatistics`."""
    marginals: Vectors
    """How loud and how sparse the cochlear envelopes are, [sounds, values]; see `texture.vectors`."""
    correlations: Vectors
    """How they go together, likewise."""
    modulation: Vectors
    """How they move, likewise."""
    mel_db: Vectors
    """Mean spectrum in dB, [sounds, mels]; see `mean_mel_db`."""
    lines_db: Vectors
    """How far lines stand out, [sounds]; see `measure_fine_structure`, also for the three below."""
    peaks_db: Vectors
    """How far peaks in time and frequency stand out, [sounds]."""
    slow_pulses_db: Vectors
    """How much envelopes move 4 to 16 times a second, [sounds]."""
    fast_pulses_db: Vectors
    """How much they move 16 to 64 times a second, [sounds]."""
    rms_dbfs: Vectors
    """Level, [sounds]; see `Health`."""
    click_ratio: Vectors
    """How far clicks stand out, [sounds]; see `Health`."""

    def rows(self, index: NDArray[np.int64]) -> "Features":
        """Pick sounds by their number; one may come several times."""
        return Features(**{field.name: getattr(self, field.name)[index] for field in fields(self)})


def measure(
    parts: Sequence[Tensor],
    *,
    sample_rate: int,
    mels: int,
    progress: Callable[[int], None],
) -> list[Features]:
    """Measure groups of sounds of one length, [sounds, time] each, in `mels` bands of texture.

    A sound is measured once however often it comes, so that equal sounds have equal features. `progress` is
    called after each batch with its size. MediaError: the sounds are too short, NaN or infinite.
    """
    known: dict[bytes, int] = {}
    fresh: list[Tensor] = []
    groups: list[NDArray[np.int64]] = []
    for part in parts:
        index = np.empty(len(part), np.int64)
        for row, sound in enumerate(part):
            key = hashlib.sha256(sound.numpy().tobytes()).digest()
            index[row] = known.setdefault(key, len(fresh))
            if index[row] == len(fresh):
                fresh.append(sound)
        groups.append(index)
    statistics = TextureStatistics(sample_rate=sample_rate, mels=mels)
    texture_model = TextureModelStatistics(sample_rate=sample_rate)
    batches = []
    for first in range(0, len(fresh), _AT_ONCE):
        sounds = torch.stack(fresh[first : first + _AT_ONCE])
        batches.append(_measured(sounds, sample_rate, statistics, texture_model))
        progress(len(sounds))
    everything = Features(
        **{f.name: np.concatenate([getattr(batch, f.name) for batch in batches]) for f in fields(Features)}
    )
    return [everything.rows(index) for index in groups]


def _measured(
    sounds: Tensor, sample_rate: int, statistics: TextureStatistics, texture_model: TextureModelStatistics
) -> Features:
    # First, because it refuses what is too short or not finite with a message of its own.
    health = measure_health(sounds, sample_rate)
    with torch.no_grad():
        return Features(
            log_mel=statistics(sounds.double()).numpy(),
            mel_db=mean_mel_db(sounds, sample_rate).numpy(),
            **{family: part.numpy() for family, part in vectors(texture_model(sounds)).items()},
            **{name: part.numpy() for name, part in measure_fine_structure(sounds, sample_rate).items()},
            **vars(health),
        )
