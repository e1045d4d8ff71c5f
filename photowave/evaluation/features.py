"""What is measured of every sound, once: log-mel texture, texture statistics, mean spectra, health."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from photowave.audio import TextureStatistics
from photowave.evaluation.health import Health, measure_health
from photowave.evaluation.spectral import average_spectra
from photowave.evaluation.texture_model import TextureModelStatistics, vector
from photowave.evaluation.vectors import Vectors

_AT_ONCE = 16  # sounds, so that memory does not grow with their number


@dataclass(frozen=True, eq=False)
class Features:
    """Features of sounds; row i of everything is sound i."""

    log_mel: Vectors
    """Texture vector: mean and spread of each log-mel band, [sounds, 2 * mels]; see `TextureStatistics`."""
    texture: dict[str, Vectors]
    """Each family of texture statistics, scaled so that the length of a difference is its root mean square,
    [sounds, values]; see `texture_model.vector`."""
    spectra: dict[float, Tensor]
    """Mean spectra in dB by window length in seconds, [sounds, mels]; see `average_spectra`."""
    health: Health
    """Level, gaps, clipping and so on, [sounds]."""

    def rows(self, index: NDArray[np.int64]) -> "Features":
        """Pick sounds by their number; one may come several times."""
        return Features(
            log_mel=self.log_mel[index],
            texture={family: values[index] for family, values in self.texture.items()},
            spectra={window_s: values[torch.from_numpy(index)] for window_s, values in self.spectra.items()},
            health=Health(**{f.name: getattr(self.health, f.name)[index] for f in fields(Health)}),
        )


def measure(
    parts: Sequence[Tensor],
    *,
    sample_rate: int,
    mels: int,
    progress: Callable[[int], None] | None = None,
) -> list[Features]:
    """Measure sounds, each once however often it comes, so that equal sounds have equal features.

    Args:
        parts: Groups of sounds of one length, float32, [sounds, time] each.
        sample_rate: In Hz.
        mels: Log-mel bands of the texture vector.
        progress: Called after each batch with how many sounds were measured in it.

    Returns:
        The features of each group.

    Raises:
        MediaError: The sounds are too short, NaN or infinite.
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
        if progress is not None:
            progress(len(sounds))
    everything = _joined(batches)
    return [everything.rows(index) for index in groups]


def _measured(
    sounds: Tensor, sample_rate: int, statistics: TextureStatistics, texture_model: TextureModelStatistics
) -> Features:
    # First, because it refuses what is too short or not finite with a message of its own.
    health = measure_health(sounds, sample_rate)
    with torch.no_grad():
        texture = texture_model(sounds)
        bands, mods = texture["modulation"].shape[1:]
        sizes = [4 * bands, bands * (bands - 1) // 2, bands * mods]
        families = torch.split(vector(texture), sizes, dim=1)
        return Features(
            log_mel=statistics(sounds.double()).numpy(),
            texture={name: values.numpy() for name, values in zip(texture, families, strict=True)},
            spectra=average_spectra(sounds, sample_rate),
            health=health,
        )


def _joined(batches: Sequence[Features]) -> Features:
    first = batches[0]
    return Features(
        log_mel=np.concatenate([batch.log_mel for batch in batches]),
        texture={name: np.concatenate([batch.texture[name] for batch in batches]) for name in first.texture},
        spectra={w: torch.cat([batch.spectra[w] for batch in batches]) for w in first.spectra},
        health=Health(
            **{
                f.name: np.concatenate([getattr(batch.health, f.name) for batch in batches])
                for f in fields(Health)
            }
        ),
    )
