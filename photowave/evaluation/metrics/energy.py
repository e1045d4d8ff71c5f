"""Energy distance: do the sounds for a scene come from where its real recordings come from?

Unlike the distance from an average, it does not reward being average: it is 0 in expectation when both are
draws from one distribution, and large for one sound again and again as well as for sounds that are none.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from photowave.evaluation.metrics.intervals import COVERED, DRAWS
from photowave.evaluation.metrics.metric import NOTHING, Row
from photowave.evaluation.metrics.vectors import Vectors


@dataclass(frozen=True, eq=False)
class ScenePairs:
    """Mean distances that the energy distance of one scene is made of, photo by photo."""

    across: Vectors
    """Each photo's sounds from the real excerpts, NaN where there are none to compare with, [photos]."""
    within: Vectors
    """Sounds of one photo from those of another, summed over the allowed pairs, [photos, photos]."""
    pairs: Vectors
    """How many pairs were allowed, [photos, photos]; none of a photo with itself."""
    real: float
    """Real excerpts from those of other recordings; NaN if there is one recording only."""


def scene_pairs(
    across: Vectors,
    within: Vectors,
    real: Vectors,
    *,
    photos: NDArray[np.int64],
    sources: NDArray[np.int64],
    hidden: NDArray[np.int64],
    recordings: NDArray[np.int64],
) -> ScenePairs:
    """Average the distances of one scene so far as the bootstrap over photos allows.

    Each recording counts alike, however many excerpts it has. A sound is not compared with excerpts of the
    recording it was taken from, nor an excerpt with others of its own recording. `across` [sounds, excerpts],
    `within` [sounds, sounds] and `real` [excerpts, excerpts] are distances. Each sound has a photo, 0 and up,
    a source, -1 where it was taken from no recording, and a hidden source: the same where two sounds of one
    recording are not to be compared either, else -1.
    """
    numbers, index, counts = np.unique(recordings, return_inverse=True, return_counts=True)
    share = np.zeros((len(recordings), len(numbers)))
    share[np.arange(len(recordings)), index] = 1 / counts[index]
    other = sources[:, None] != numbers
    by_recording = np.where(other, across @ share, 0.0)
    there = other.any(1)
    of_sound = by_recording.sum(1)[there] / other.sum(1)[there]
    count = int(photos.max()) + 1
    known = np.bincount(photos[there], minlength=count)
    total = np.bincount(photos[there], weights=of_sound, minlength=count)
    allowed = (photos[:, None] != photos) & ((hidden[:, None] != hidden) | (hidden < 0))
    of_photo = (photos[:, None] == np.arange(count)).astype(np.float64)
    strangers = ~np.eye(len(numbers), dtype=bool)
    between = share.T @ real @ share
    return ScenePairs(
        across=np.where(known > 0, total / np.maximum(known, 1), np.nan),
        within=of_photo.T @ np.where(allowed, within, 0.0) @ of_photo,
        pairs=of_photo.T @ allowed @ of_photo,
        real=float(between[strangers].mean()) if len(numbers) > 1 else np.nan,
    )


def energy_distance(pairs: ScenePairs, weights: Vectors | None = None) -> Vectors:
    """Energy distance of one scene: 2 E|X - Y| - E|X - X'| - E|Y - Y'|, without bias.

    Szekely and Rizzo, "Energy statistics: a class of statistics based on distances", Journal of Statistical
    Planning and Inference 143, 2013. X are sounds for photos of the scene, Y real excerpts of it; X and X'
    are of different photos, Y and Y' of different recordings. As pairs with themselves are left out, an
    estimate may fall below 0.

    `weights` [draws, photos] say how often each photo counts; None: once. Gives a value for each draw; NaN
    with fewer than two photos or two recordings.
    """
    weights = np.ones((1, len(pairs.across))) if weights is None else weights
    there = np.isfinite(pairs.across)
    known = weights[:, there]
    across = known @ pairs.across[there] / _or_nan(known.sum(1))
    counts = ((weights @ pairs.pairs) * weights).sum(1)
    within = ((weights @ pairs.within) * weights).sum(1) / _or_nan(counts)
    # A draw of one photo again and again holds no pairs: for what those differ by, all photos stand in.
    overall = pairs.within.sum() / _or_nan(pairs.pairs.sum())
    found: Vectors = 2 * across - np.where(counts > 0, within, overall) - pairs.real
    return found


def mean_energy(scenes: list[ScenePairs], *, seed: int) -> Row:
    """Mean over the scenes in which an energy distance exists, with its interval over the photos of each.

    The count is that of their photos.
    """
    random = np.random.default_rng(seed)
    values, drawn, photos = [], [], 0
    for pairs in scenes:
        (value,) = energy_distance(pairs)
        if np.isfinite(value):
            count = len(pairs.across)
            values.append(value)
            weights = random.multinomial(count, np.full(count, 1 / count), DRAWS).astype(np.float64)
            drawn.append(energy_distance(pairs, weights))
            photos += count
    if not values:
        return (*NOTHING, 0)
    low, high = np.nanpercentile(np.mean(drawn, axis=0), COVERED)
    return float(np.mean(values)), float(low), float(high), photos


def _or_nan(counts: Vectors | float) -> Vectors:
    return np.where(np.asarray(counts) > 0, counts, np.nan)
