"""Means with the interval they would have had in other samples of the same kind."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from photowave.evaluation.metrics.metric import NOTHING, Row
from photowave.evaluation.metrics.vectors import Vectors

COVERED = (2.5, 97.5)
"""Percentiles that the intervals reach from and to."""
DRAWS = 1000
"""How often photos, recordings or scenes are drawn anew."""


def mean_with_interval(
    values: ArrayLike,
    *,
    groups: Sequence[object] | NDArray[np.generic] | None = None,
    seed: int,
) -> tuple[float, float, float]:
    """Mean with its 95 % percentile bootstrap interval.

    Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7, 1979: as many groups
    are drawn with replacement as there are, the mean is taken anew, and of `DRAWS` such means the 2.5th and
    the 97.5th percentile are given. Values of one group come or stay away together: three sounds of one
    photo are no three photos, and an interval that took them for independent would be too narrow.

    Args:
        values: Float, [count], one at least.
        groups: What each value belongs to, such as its photo or its recording, [count]; None takes every
            value for itself.
        seed: For the draws; the same seed gives the same interval.

    Returns:
        Mean of all values, lower and upper end of the interval. The ends are NaN where there are fewer than
        two groups: nothing then tells how much they differ.
    """
    array = np.asarray(values, dtype=np.float64)
    assert array.ndim == 1
    assert len(array)
    labels = (
        np.arange(len(array)) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    )
    sums, counts = np.bincount(labels, weights=array), np.bincount(labels)
    mean = float(sums.sum() / len(array))
    if len(counts) < 2:
        return mean, float("nan"), float("nan")
    drawn = np.random.default_rng(seed).integers(len(counts), size=(DRAWS, len(counts)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.percentile(means, COVERED)
    return mean, float(low), float(high)


def mean_over_photos(values: Vectors, *, seed: int) -> Row:
    """Mean of the values that exist, [photos, seeds], its interval over photos, and how many there are.

    The photos are sorted by their values first: the same sounds under other photos then give the same
    metric to the last bit.
    """
    ordered = values[np.lexsort(values.T[::-1])].flatten()
    photos = np.repeat(np.arange(len(values)), values.shape[1])
    there = np.isfinite(ordered)
    if not there.any():
        return (*NOTHING, 0)
    interval = mean_with_interval(ordered[there], groups=photos[there], seed=seed)
    return (*interval, int(there.sum()))


def mean_over_scenes(
    values: ArrayLike, groups: NDArray[np.generic], scenes: NDArray[np.str_], *, seed: int
) -> Row:
    """Mean over scenes of the mean over their groups, with its interval, and how many values there were.

    With scenes of different sizes a plain mean pays for answering everything with the largest one; this mean
    does not: one answer for all is right in one scene of all, which is chance.

    Groups are drawn anew within their scenes, one fewer than there are, as a scene has so few (Rao and Wu,
    "Resampling inference with complex survey data", Journal of the American Statistical Association 83, 1988:
    with n of n the interval would be too narrow by a factor of sqrt((n - 1) / n)). Scenes of one group are
    drawn anew as if they were groups of one scene; if there is one such scene only, it stays as it is.

    Values that are not finite are left out. `groups` are their photos or recordings, whose order does not
    matter; `scenes` are the same for all values of a group; [count] each.
    """
    array = np.asarray(values, np.float64)
    there = np.isfinite(array)
    array, groups, scenes = array[there], groups[there], scenes[there]
    if not there.any():
        return (*NOTHING, 0)
    strata = [_group_means(array[scenes == s], groups[scenes == s]) for s in np.unique(scenes)]
    mean, count = float(np.mean([stratum.mean() for stratum in strata])), len(array)
    alone = np.array([stratum[0] for stratum in strata if len(stratum) == 1])
    random = np.random.default_rng(seed)
    total = sum((_drawn(stratum, random) for stratum in strata if len(stratum) > 1), np.zeros(DRAWS))
    total += len(alone) * (_drawn(alone, random) if len(alone) > 1 else alone.sum())
    if len(alone) == len(strata) == 1:
        return mean, np.nan, np.nan, count
    low, high = np.percentile(total / len(strata), COVERED)
    return mean, float(low), float(high), count


def _group_means(values: Vectors, groups: NDArray[np.generic]) -> Vectors:
    """Mean of each group, ascending, so that the same values under other names give the same draws."""
    labels = np.unique(groups, return_inverse=True)[1]
    means: Vectors = np.sort(np.bincount(labels, weights=values) / np.bincount(labels))
    return means


def _drawn(means: Vectors, random: np.random.Generator) -> Vectors:
    """Means of draws of one fewer than there are, [draws]."""
    drawn: Vectors = means[random.integers(len(means), size=(DRAWS, len(means) - 1))].mean(1)
    return drawn
