"""Compiled choice of the signs of the side; it calls no other compiled function, see `kernel`."""

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@numba.njit(nogil=True, cache=True)
def choose_signs(
    middle: Array, side: Array, groups: Array, louder: Array, usual: Array, lately: float, made_good: float
) -> None:
    """Turn over what would make the louder channel of a band louder still, in place; see `stereo.SideNoise`.

    A band counts for itself and for the bands that it is grouped with: a call leaves several bands at once.

    Args:
        middle: Frames of the middle, [sounds, steps, bands].
        side: Those of the side; changed.
        groups: Group of each band, from 0, [bands].
        louder: By how much left was louder in each band, as sums of products, [sounds, bands]; changed.
        usual: Size of these products lately, [sounds, bands]; changed.
        lately: Frames, about.
        made_good: Times the usual size that is remembered at the most.
    """
    sounds, steps, bands = side.shape
    together = np.zeros(groups.max() + 1)
    for sound in range(sounds):
        ahead, size = louder[sound], usual[sound]
        for step in range(steps):
            beside, before = side[sound, step], middle[sound, step]
            together[:] = 0.0
            for band in range(bands):
                together[groups[band]] += ahead[band]
            for band in range(bands):
                more = np.float64(before[band]) * np.float64(beside[band])
                size[band] += (abs(more) - size[band]) / lately
                most = made_good * size[band]
                turned = (ahead[band] + together[groups[band]]) * more > 0
                more = min(max(ahead[band] + (-more if turned else more), -most), most) - ahead[band]
                ahead[band] += more
                together[groups[band]] += more
                beside[band] = -beside[band] if turned else beside[band]
