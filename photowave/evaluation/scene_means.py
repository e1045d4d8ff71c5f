"""Means in which every scene counts alike, with the interval they would have had with other photos."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from photowave.evaluation.vectors import Vectors

_COVERED = (2.5, 97.5)  # per cent
_DRAWS = 1000


def mean_over_scenes(
    values: ArrayLike, groups: NDArray[np.generic], scenes: NDArray[np.str_], *, seed: int
) -> tuple[float, float, float, int]:
    """Mean over scenes of the mean over their groups, with its 95 % percentile bootstrap interval.

    With scenes of different sizes a plain mean pays for answering everything with the largest one; this mean
    does not: one answer for all is right in one scene of all, which is chance.

    Groups are drawn anew within their scenes, one fewer than there are, as a scene has so few (Rao and Wu,
    "Resampling inference with complex survey data", Journal of the American Statistical Association 83, 1988:
    with n of n the interval would be too narrow by a factor of sqrt((n - 1) / n)). Scenes of one group are
    drawn anew as if they were groups of one scene; if there is one such scene only, it stays as it is.

    Args:
        values: Those that are not finite are left out, [count].
        groups: What each belongs to, such as its photo or its recording, [count].
        scenes: Scene of each, the same for all values of a group, [count].
        seed: Of the draws; the order of groups of equal values does not matter.

    Returns:
        Mean, lower and upper end of the interval, and how many values there were. The ends are NaN where
        there is one group only; all but the last are NaN where there are no values.
    """
    array = np.asarray(values, np.float64)
    there = np.isfinite(array)
    array, groups, scenes = array[there], groups[there], scenes[there]
    if not there.any():
        return np.nan, np.nan, np.nan, 0
    strata = [_group_means(array[scenes == s], groups[scenes == s]) for s in np.unique(scenes)]
    mean, count = float(np.mean([stratum.mean() for stratum in strata])), len(array)
    alone = np.array([stratum[0] for stratum in strata if len(stratum) == 1])
    random = np.random.default_rng(seed)
    total = sum((_drawn(stratum, random) for stratum in strata if len(stratum) > 1), np.zeros(_DRAWS))
    total += len(alone) * (_drawn(alone, random) if len(alone) > 1 else alone.sum())
    if len(alone) == len(strata) == 1:
        return mean, np.nan, np.nan, count
    low, high = np.percentile(total / len(strata), _COVERED)
    return mean, float(low), float(high), count


def _group_means(values: Vectors, groups: NDArray[np.generic]) -> Vectors:
    """Mean of each group, ascending, so that the same values under other names give the same draws."""
    labels = np.unique(groups, return_inverse=True)[1]
    means: Vectors = np.sort(np.bincount(labels, weights=values) / np.bincount(labels))
    return means


def _drawn(means: Vectors, random: np.random.Generator) -> Vectors:
    """Means of draws of one fewer than there are, [draws]."""
    drawn: Vectors = means[random.integers(len(means), size=(_DRAWS, len(means) - 1))].mean(1)
    return drawn
