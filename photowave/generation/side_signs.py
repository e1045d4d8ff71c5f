"""Compiled choice of the signs of the side; it calls no other compiled function, see `kernel`."""

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@numba.njit(nogil=True, cache=True)
def choose_signs(
    middle: Array, side: Array, louder: Array, usual: Array, lately: float, made_good: float
) -> None:
    """Turn over what would make the louder channel of a band louder still, in place; see `stereo.SideNoise`.

    Args:
        middle: Frames of the middle, [sounds, steps, bands].
        side: Those of the side; changed.
        louder: By how much left was louder in each band, as sums of products, [sounds, bands]; changed.
        usual: Size of these products lately, [sounds, bands]; changed.
        lately: Frames, about.
        made_good: Times the usual size that is remembered at the most.
    """
    sounds, steps, bands = side.shape
    for sound in range(sounds):
        ahead, size = louder[sound], usual[sound]
        for step in range(steps):
            beside, before = side[sound, step], middle[sound, step]
            for band in range(bands):
                more = np.float64(before[band]) * np.float64(beside[band])
                size[band] += (abs(more) - size[band]) / lately
                most = made_good * size[band]
                turned = ahead[band] * more > 0
                more = -more if turned else more
                ahead[band] = min(max(ahead[band] + more, -most), most)
                beside[band] = -beside[band] if turned else beside[band]
