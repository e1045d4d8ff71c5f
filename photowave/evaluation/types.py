"""What the parts of the evaluation hand to each other: real sounds, photos, and the sounds of a system."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor


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
    """Index of the recording that each sound was taken from, -1 where there is none, [photos, seeds]."""
    seconds_per_sound: float
    """Time it took to make one sound, in seconds; NaN where it was taken from a file."""
