"""What a photo looks like, in 63 bits: finds copies that were scaled, recoded or recoloured a little."""

import numpy as np
from PIL import Image

BITS = 63
_SIDE = 32
_KEPT = 8


def perceptual_hash(image: Image.Image) -> int:
    """Signs of the 63 slowest waves in the grey photo, against their median (the widespread "pHash").

    The photo is squeezed to 32 x 32 pixels; of its cosine transform the lowest 8 x 8 coefficients count,
    without the mean.
    """
    grey = image.convert("L").resize((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    waves = np.arange(_SIDE)
    basis = np.cos(np.pi * (2 * waves[None] + 1) * waves[:, None] / (2 * _SIDE))
    slow = (basis @ np.asarray(grey, dtype=np.float64) @ basis.T)[:_KEPT, :_KEPT].ravel()[1:]
    return sum(1 << bit for bit, high in enumerate(slow > np.median(slow)) if high)


def difference(one: int, other: int) -> int:
    """Count the bits in which two hashes differ: about half of 63 for unrelated photos."""
    return (one ^ other).bit_count()
