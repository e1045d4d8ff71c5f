"""Where the spectrum of a recording breaks off, since it once had a lower rate or a lossy format."""

import numpy as np
from numpy.typing import NDArray

LEAST_DROP_DB = 20.0
"""Natural sounds fall by less than this within a third of an octave."""
_LOWEST_HZ = 500.0


def find_cliff(power: NDArray[np.float64], *, sample_rate: int) -> float:
    r"""Find the frequency above which a recording has nothing.

    ::

        level  ______
                     \_____|          the median of the octave's half below it
                           |
                           |______    the loudest twentieth of all that lies above it
        -------------------|------> frequency

    Medians let lines pass: the tone of a cricket with hiss above it is no cliff.

    Args:
        power: Power spectrum, [bins], from 0 to half the rate.
        sample_rate: In Hz.

    Returns:
        The frequency in Hz; half the rate if nothing breaks off.
    """
    half = sample_rate / 2
    if power.max() <= 0:
        return half
    level = 10 * np.log10(np.maximum(power / power.max(), 1e-14))
    hz = np.linspace(0, half, len(level))
    best, found = LEAST_DROP_DB, half
    for edge in np.arange(_LOWEST_HZ, 0.97 * half, half / 256):
        below = level[(hz >= edge / 1.4) & (hz <= edge / 1.03)]
        above = level[hz >= 1.04 * edge]
        if len(below) < 4 or len(above) < 4:
            continue
        drop = float(np.median(below) - np.quantile(above, 0.95))
        if drop > best:
            best, found = drop, float(edge)
    return found
