"""Where the spectrum of a recording breaks off, since it once had a lower rate or a lossy format."""

import numpy as np
from numpy.typing import NDArray

LEAST_DROP_DB = 20.0
"""Natural sounds fall by less than this within half an octave."""
_LOWEST_HZ = 500.0
_SMOOTH = np.ones(5) / 5


def find_cliff(power: NDArray[np.float64], *, sample_rate: int) -> float:
    r"""Find the frequency above which a recording has nothing.

    ::

        level  ______
                     \_____|          the median of half an octave below it
                           |
                           |__-___    the loudest of all that lies above it
        -------------------|------> frequency

    The median lets lines pass: the tone of a cricket with hiss above it is no cliff.

    Args:
        power: Power spectrum, [bins], from 0 to half the rate.
        sample_rate: In Hz.

    Returns:
        The frequency in Hz; half the rate if nothing breaks off.
    """
    half, bins = sample_rate / 2, len(power)
    if power.max() <= 0:
        return half
    smooth = np.convolve(power / power.max(), _SMOOTH, "same")
    level = 10 * np.log10(np.maximum(smooth, 1e-14))
    above = np.maximum.accumulate(level[::-1])[::-1]
    edges = np.arange(max(8, round(_LOWEST_HZ / half * bins)), round(0.95 * bins), max(1, bins // 256))
    drops = np.array(
        [np.median(level[int(edge / 1.4) : int(edge / 1.03)]) - above[int(1.04 * edge)] for edge in edges]
    )
    if len(edges) == 0 or drops.max() < LEAST_DROP_DB:
        return half
    # The drop stays as large for a while once the edge is passed: the cliff is where it begins.
    return float(edges[np.argmax(drops >= max(LEAST_DROP_DB, 0.8 * drops.max()))] * half / (bins - 1))
