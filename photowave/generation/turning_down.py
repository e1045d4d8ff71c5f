"""Compiled code that turns sounds down; it calls no other compiled function, see `kernel`."""

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@numba.njit(nogil=True, cache=True)
def turn_down(samples: Array, state: Array, most: float, longest: float) -> None:
    """Turn sounds down where they have been too loud for a while, in place; see `holding.LevelHolder`.

    Args:
        samples: [sounds, channels, time].
        state: Mean power so far and the samples that it is told over, [sounds, 2]; changed, too.
        most: Mean power above which a sound is turned down.
        longest: Samples over which the mean is told at the most.
    """
    sounds, channels, time = samples.shape
    for sound in range(sounds):
        power, heard = state[sound]
        for step in range(time):
            now = 0.0
            for channel in range(channels):
                now += samples[sound, channel, step] ** 2 / channels
            heard = min(heard + 1.0, longest)
            power += (now - power) / heard
            if power > most:
                gain = np.sqrt(most / power)
                for channel in range(channels):
                    samples[sound, channel, step] *= gain
        state[sound, 0], state[sound, 1] = power, heard
