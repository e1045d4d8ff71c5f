"""Does the photo decide the sound? Spread between photos against spread between seeds of one photo."""

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from photowave.evaluation.metrics.vectors import Vectors, distances

LEAST_SPREAD = 0.1
"""Spread between seeds does not count as smaller than this, in standard deviations of real excerpts: where a
photo always gives the same sound, the ratio would otherwise be a division by nothing."""


@dataclass(frozen=True, kw_only=True)
class Spread:
    """The ratio, its interval, and what no influence of the photo would give."""

    ratio: float
    """See `spread_ratio`."""
    low: float
    """Lower end of the 95 % interval, by bootstrap over photos."""
    high: float
    """Upper end."""
    at_random: float
    """Mean ratio when the same sounds are dealt to photos and seeds at random."""
    at_random_high: float
    """95 % of such deals stay below this."""
    distinct_deals: int
    """How many deals there are that could differ in their ratio; see `count_deals`."""


def measure_spread(
    vectors: Vectors, scenes: NDArray[np.str_], *, seed: int, resamples: int = 1000, deals: int = 200
) -> Spread:
    """Measure the ratio of vectors [photos, seeds, features], its interval, and what chance gives.

    `seed` is that of the resamples of the photos and of the deals of the sounds.
    """
    photos, seeds, features = vectors.shape
    between, within = _parts(vectors)
    ratio = _ratio(between, within, scenes, seeds)
    random = np.random.default_rng(seed)
    drawn = []
    for _ in range(resamples):
        chosen = random.integers(photos, size=photos)
        drawn.append(_ratio(between[np.ix_(chosen, chosen)], within[chosen], scenes[chosen], seeds))
    dealt = []
    pool = vectors.reshape(photos * seeds, features)
    for _ in range(deals):
        deal = pool[random.permutation(len(pool))].reshape(vectors.shape)
        dealt.append(_ratio(*_parts(deal), scenes, seeds))
    low, high = _percentiles(drawn, 2.5, 97.5)
    if len(np.unique(scenes)) < 2 or photos < 3:
        low = high = np.nan
    (top,) = _percentiles(dealt, 95.0)
    return Spread(
        ratio=ratio,
        low=low,
        high=high,
        at_random=float(np.mean(dealt)),
        at_random_high=top,
        distinct_deals=count_deals(scenes, seeds=seeds),
    )


def spread_ratio(vectors: Vectors, scenes: NDArray[np.str_]) -> float:
    """Standard deviation that the photo brings over that which the seed brings.

    A one-way layout with random effects (Searle, Casella and McCulloch, "Variance Components", 1992), over
    pairs of photos of different scenes: with W the mean variance between seeds of one photo and B half the
    mean squared distance between the mean sounds of two photos of different scenes, both averaged over the
    features, it is sqrt(max(0, B - W / seeds) / W). What the few seeds leave uncertain in the means, W /
    seeds, is taken off: where the photo has no influence, the ratio scatters around 0.

    Takes standardised vectors of the sounds, [photos, seeds, features]; NaN with one seed or one scene only.
    """
    return _ratio(*_parts(vectors), scenes, vectors.shape[1])


def count_deals(scenes: NDArray[np.str_], *, seeds: int) -> int:
    """Count the ways to deal all sounds to the photos, those that cannot change the ratio as one.

    Which seed of a photo a sound comes to does not matter, nor which photo of its scene; and scenes with
    equally many photos may change their names. `scenes` are those of the photos, [photos].

    Example:
        >>> count_deals(np.array(["city", "sea"]), seeds=2)
        3
    """
    photos = Counter(scenes.tolist())
    same: int = math.factorial(seeds) ** len(scenes)
    for counts in (photos, Counter(photos.values())):
        same *= math.prod(map(math.factorial, counts.values()))
    return math.factorial(len(scenes) * seeds) // same


def _parts(vectors: Vectors) -> tuple[Vectors, Vectors]:
    """Half the squared distances between mean sounds [photos, photos], and variances of seeds [photos]."""
    between: Vectors = 0.5 * distances(vectors.mean(1), vectors.mean(1)) ** 2
    if vectors.shape[1] < 2:
        return between, np.full(len(vectors), np.nan)
    return between, vectors.var(1, ddof=1).mean(1)


def _ratio(between: Vectors, within: Vectors, scenes: NDArray[np.str_], seeds: int) -> float:
    other = scenes[:, None] != scenes
    if not other.any():
        return float("nan")
    of_seeds = float(within.mean())
    of_photos = max(0.0, float(between[other].mean()) - of_seeds / seeds)
    return float(np.sqrt(of_photos / max(of_seeds, LEAST_SPREAD**2)))


def _percentiles(values: list[float], *shares: float) -> list[float]:
    """Percentiles of the values that exist: a resample may hold photos of one scene alone."""
    there = [value for value in values if np.isfinite(value)]
    return [float(np.percentile(there, share)) if there else float("nan") for share in shares]
