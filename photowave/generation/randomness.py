"""Uniform random numbers that depend on nothing but the seed: not on chunks, batches, threads or devices."""

import numpy as np
from numpy.typing import NDArray


class UniformStream:
    """An endless stream of numbers in (0, 1).

    Philox's bits (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3") are guaranteed by NumPy
    to stay the same from version to version; the floating-point methods on top of them are not, so the
    conversion is done here.

    Args:
        seed: Any integer of at least 0.
        purpose: Streams of the same seed and different purposes are independent.
    """

    def __init__(self, seed: int, *, purpose: int = 0):
        self._bits = np.random.Philox(np.random.SeedSequence([seed, purpose]))

    def take(self, count: int) -> NDArray[np.float64]:
        """Give the next `count` numbers, float64 [count]."""
        raw = self._bits.random_raw(count)
        # 53 bits and half a step: never 0, never 1.
        return ((raw >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
