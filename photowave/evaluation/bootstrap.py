"""Means with the interval they would have had in other samples of the same kind."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from photowave.errors import ConfigError, MediaError

_COVERED = (2.5, 97.5)  # per cent


def mean_with_interval(
    values: ArrayLike,
    *,
    groups: Sequence[object] | NDArray[np.generic] | None = None,
    seed: int | np.random.Generator,
    resamples: int = 1000,
) -> tuple[float, float, float]:
    """Mean with its 95 % percentile bootstrap interval.

    Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7, 1979: as many groups
    are drawn with replacement as there are, the mean is taken anew, and of `resamples` such means the 2.5th
    and the 97.5th percentile are given. Values of one group come or stay away together: three sounds of one
    photo are no three photos, and an interval that took them for independent would be too narrow.

    Args:
        values: Float, [count].
        groups: What each value belongs to, such as its photo or its recording, [count]; None takes every
            value for itself.
        seed: For the draws; the same seed gives the same interval. A generator is moved on.
        resamples: Number of draws.

    Returns:
        Mean of all values, lower and upper end of the interval. The ends are NaN where there are fewer than
        two groups: nothing then tells how much they differ.

    Raises:
        MediaError: There are no values, or `groups` is of another length.
        ConfigError: `resamples` is below 1.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or len(array) == 0:
        raise MediaError(
            f"values of the shape {list(array.shape)} have no mean with an interval; [count] with at least "
            "one value is needed. Check the split."
        )
    if groups is not None and len(groups) != len(array):
        raise MediaError(
            f"{len(array)} values have {len(groups)} groups; each value needs its own. "
            "Pass one label per value."
        )
    if resamples < 1:
        raise ConfigError(f"resamples={resamples}: must be at least 1. The default is 1000.")
    labels = (
        np.arange(len(array)) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    )
    sums, counts = np.bincount(labels, weights=array), np.bincount(labels)
    mean = float(sums.sum() / len(array))
    if len(counts) < 2:
        return mean, float("nan"), float("nan")
    drawn = np.random.default_rng(seed).integers(len(counts), size=(resamples, len(counts)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.percentile(means, _COVERED)
    return mean, float(low), float(high)
