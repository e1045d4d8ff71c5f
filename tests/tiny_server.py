"""What tests of the server share: places of a tiny model, and photos as bytes."""

import io
from collections.abc import Callable

import numpy as np
from PIL import Image
from starlette.testclient import TestClient

PLACES = ("lake", "sea", "wood")
Client = Callable[..., TestClient]
"""Makes a server with given settings."""


def jpeg(width: int, height: int) -> bytes:
    """A JPEG of noise."""
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG")
    return file.getvalue()


def png(width: int, height: int) -> bytes:
    """A black PNG, small however large it is."""
    file = io.BytesIO()
    Image.fromarray(np.zeros((height, width), np.uint8)).save(file, "PNG")
    return file.getvalue()
