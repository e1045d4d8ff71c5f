"""What the rooms of the evaluation hand to each other: real sounds, photos, and the sounds of a system."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from photowave.errors import ConfigError


@dataclass(frozen=True, eq=False)
class RealSounds:
    """All recordings of a manifest, cut into excerpts of one length."""

    samples: Tensor
    """Samples of each excerpt, float32, full scale is +-1, [excerpts, time]."""
    recordings: NDArray[np.int64]
    """Index of the recording that each excerpt was cut from, [excerpts]."""
    scenes: NDArray[np.str_]
    """Scene of each excerpt, [excerpts]."""
    splits: NDArray[np.str_]
    """Split of each excerpt (`train`, `val` or `test`), [excerpts]."""
    names: tuple[str, ...]
    """File name of each recording."""
    sample_rate: int
    """Samples per second, in Hz."""
    files: Mapping[str, int] = field(default_factory=dict)
    """Recording of each file, by its name; a recording may have several."""


@dataclass(frozen=True, eq=False)
class EvaluatedPhotos:
    """The photos that every system is given."""

    paths: tuple[Path, ...]
    """Files, one per photo."""
    images: tuple[Image.Image, ...]
    """Upright RGB photos, the longest side at most 512 pixels."""
    scenes: NDArray[np.str_]
    """Scene of each photo, [photos]."""


@dataclass(frozen=True, eq=False)
class SystemSounds:
    """What one system made of the photos."""

    name: str
    """Name of the system, such as `model`."""
    samples: Tensor
    """Samples within -1 to 1, float32, [photos, seeds, time]."""
    sources: NDArray[np.int64]
    """Index of the recording that each sound comes from, -1 where there is none, [photos, seeds]."""
    seconds_per_sound: float
    """Time it took to make one sound, in seconds; NaN where it comes from a file."""
    told: tuple[dict[str, Any], ...] = ()
    """What the system tells of each photo, such as the probability of each place; () if it tells nothing."""
    drawn_from: NDArray[np.str_] | None = None
    """Name of the recording that each sound is drawn from, "" for none, [photos, seeds]; None if not told."""

    def of_seeds(self, chosen: slice) -> Self:
        """The sounds of some seeds of each photo."""
        names = None if self.drawn_from is None else self.drawn_from[:, chosen]
        return replace(
            self, samples=self.samples[:, chosen], sources=self.sources[:, chosen], drawn_from=names
        )


@dataclass(frozen=True, eq=False)
class Request:
    """What a system is asked for."""

    photos: EvaluatedPhotos
    """The photos that it makes sounds for."""
    real: RealSounds
    """All recordings, in excerpts at least as long as the sounds."""
    seeds: int
    """Sounds per photo."""
    duration_s: float = 5.0
    """Length of each sound in seconds."""
    seed: int = 0
    """Where a system needs chance, this decides it."""

    @property
    def count(self) -> int:
        """Samples of a sound; ConfigError where the excerpts are shorter, or it is shorter than a sample."""
        rate, longest = self.real.sample_rate, self.real.samples.shape[1]
        count = round(self.duration_s * rate)
        if not 1 <= count <= longest:
            raise ConfigError(
                f"duration_s={self.duration_s:g}: must be at least one sample and at most the "
                f"{longest / rate:g} s of the real excerpts. Use that length for both."
            )
        return count

    def answer(self, name: str, rows: list[Tensor], seconds: float) -> SystemSounds:
        """Wrap up what a system made itself, from no recording: rows [seeds, time], and the time of all."""
        return SystemSounds(
            name=name,
            samples=torch.stack(rows),
            sources=np.full((len(rows), self.seeds), -1, dtype=np.int64),
            seconds_per_sound=seconds / (len(rows) * self.seeds),
        )
