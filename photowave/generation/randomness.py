"""Uniform random numbers that depend on nothing but the seed: not on chunks, batches, threads or devices."""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray


class Purpose(IntEnum):
    """What a stream is for: streams of one seed and different purposes are independent."""

    FRAMES = 0
    """Draws the frames of the decoder."""
    TEXTURE = 1
    """Chooses among the textures that fit a photo."""
    ENVELOPE = 2
    """Draws the envelope."""
    SIDE = 3
    """Draws what the two channels of a stereo sound do not share."""


class UniformStream:
    """An endless stream of numbers in (0, 1).

    Philox's bits (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3") are guaranteed by NumPy
    to stay the same from version to version; the floating-point methods on top of them are not, so the
    conversion is done here.
    """

    def __init__(self, seed: int, *, purpose: Purpose = Purpose.FRAMES):
        self._bits = np.random.Philox(np.random.SeedSequence(seed, spawn_key=(purpose,)))

    def take(self, count: int) -> NDArray[np.float64]:
        """Give the next `count` numbers, float64 [count]."""
        raw = self._bits.random_raw(count)
        # 52 bits and half a step, which a float64 holds exactly: never 0, never 1. With a 53rd bit the half
        # step would be rounded away in the upper half, and the topmost number would be 1.
        return ((raw >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52
