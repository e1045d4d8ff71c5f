"""What is kept of a photo once it has been read: its vector, its seed, and a small picture to show."""

import hashlib
from dataclasses import dataclass

from PIL import Image
from torch import Tensor

from photowave.image import photo_sha256

SHOWN = 512
"""Longest side of the picture that is kept, in pixels: photos are large, and many may be drawn together."""


@dataclass(frozen=True, eq=False)
class PhotoReading:
    """A photo, ready to be drawn for.

    Attributes:
        vector: Conditioning vector [conditioning], or the knots of its track [knots, conditioning].
        seed: What all chance in its sound follows from; see `photo_seed`.
        sha256: Hash of the photo's file, or of the picture if it came as one.
        picture: Upright RGB, at most `SHOWN` pixels long.
    """

    vector: Tensor
    seed: int
    sha256: str
    picture: Image.Image


def photo_seed(image: Image.Image, *, seed: int) -> int:
    """Mix the picture into the seed: two photos of one kind of place shall not get the very same sound.

    Args:
        image: Upright RGB photo.
        seed: At least 0.

    Returns:
        At least 0, below 2^128.
    """
    digest = hashlib.sha256(f"{seed}:{photo_sha256(image)}".encode()).digest()
    return int.from_bytes(digest[:16], "big")


def small(image: Image.Image) -> Image.Image:
    """Copy a picture, at most `SHOWN` pixels long."""
    return image.copy() if max(image.size) <= SHOWN else image.resize(_fitting(image.size), reducing_gap=3.0)


def _fitting(size: tuple[int, int]) -> tuple[int, int]:
    share = SHOWN / max(size)
    return max(1, round(size[0] * share)), max(1, round(size[1] * share))
