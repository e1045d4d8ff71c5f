"""What is kept of a photo once it has been read: its vector, width and seed, and a small picture to show."""

import hashlib
from dataclasses import dataclass

from PIL import Image
from torch import Tensor

from photowave.generation.hearing import Hearing
from photowave.image import photo_sha256

SHOWN = 512
"""Longest side of the picture that is kept, in pixels: photos are large, and many may be drawn together."""


@dataclass(frozen=True, eq=False)
class PhotoReading:
    """A photo, ready to be drawn for."""

    vector: Tensor
    """Conditioning vector [conditioning], or the knots of its track [knots, conditioning]."""
    width: Tensor
    """How wide its sound is in stereo, [WIDTH_BANDS]; see `measure_width`."""
    hearing: Hearing
    """What was heard in it."""
    seed: int
    """What all chance in its sound follows from; see `photo_seed`."""
    sha256: str
    """Hash of the photo's file, or of the picture if it came as one."""
    picture: Image.Image
    """Upright RGB, at most `SHOWN` pixels long."""


def photo_seed(image: Image.Image, *, seed: int) -> int:
    """Mix the picture into the seed: two photos of one kind of place shall not get the very same sound."""
    digest = hashlib.sha256(f"{seed}:{photo_sha256(image)}".encode()).digest()
    return int.from_bytes(digest[:16], "big")


def small(image: Image.Image) -> Image.Image:
    """Copy a picture, at most `SHOWN` pixels long."""
    share = SHOWN / max(image.size)
    if share >= 1:
        return image.copy()
    width, height = (max(1, round(side * share)) for side in image.size)
    return image.resize((width, height), reducing_gap=3.0)
