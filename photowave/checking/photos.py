"""One photo: its size, whether it shows anything, and a hash that near duplicates share."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photowave.image import read_photo

SMALLEST = 128
"""Shorter side of a photo, in pixels, below which little can be told."""
_FLATTEST = 3.0
_SIDE, _BITS = 32, 8

Told = tuple[str, str]


@dataclass(frozen=True)
class PhotoFacts:
    """What was seen of a photo."""

    width: int
    height: int
    spread: float
    """Standard deviation of its grey values, of 255."""
    look: int
    """63 bits, nearly the same for photos of one view."""


def measure_photo(path: Path) -> PhotoFacts:
    """Decode a photo and look at it.

    Raises:
        MediaError: It cannot be read.
    """
    photo = read_photo(path)
    grey = np.asarray(photo.convert("L").resize((_SIDE, _SIDE), Image.Resampling.BOX), dtype=np.float64)
    fine = photo.convert("L")
    fine.thumbnail((256, 256))
    return PhotoFacts(photo.width, photo.height, float(np.asarray(fine, dtype=np.float64).std()), _look(grey))


def odd_photo(facts: PhotoFacts) -> Iterator[Told]:
    """Say what looks wrong with a photo."""
    if min(facts.width, facts.height) < SMALLEST:
        yield "too small", f"{facts.width} x {facts.height} pixels; the shorter side should have {SMALLEST}"
    if facts.spread < _FLATTEST:
        yield "one colour", f"its grey values spread by {facts.spread:.2g} of 255"


def _look(grey: NDArray[np.float64]) -> int:
    """Signs of the lowest components of a cosine transform beside their median, without the mean: pHash."""
    steps = (np.arange(_SIDE) + 0.5) * np.pi / _SIDE
    basis = np.cos(np.arange(_BITS)[:, None] * steps)
    found = (basis @ grey @ basis.T).ravel()[1:]
    return int("".join("1" if bit else "0" for bit in found > np.median(found)), 2)
