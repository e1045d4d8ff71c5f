"""Photo-to-sound retrieval: does the sound made for a photo find real recordings of the photo's scene?"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from photowave.evaluation.vectors import distances


@dataclass(frozen=True, eq=False)
class Retrieval:
    """How well each query finds its scene."""

    reciprocal_rank: NDArray[np.float64]
    """1 / place of the first excerpt of the right scene, [queries]; NaN where the scene has no excerpt."""
    recall_1: NDArray[np.float64]
    """1 where an excerpt of the right scene comes first, else 0, [queries]."""
    recall_5: NDArray[np.float64]
    """1 where there is one among the first five, else 0, [queries]."""


def retrieve(
    queries: NDArray[np.floating],
    scenes: NDArray[np.str_],
    sources: NDArray[np.int64],
    *,
    excerpts: NDArray[np.floating],
    excerpt_scenes: NDArray[np.str_],
    recordings: NDArray[np.int64],
) -> Retrieval:
    """Rank all real excerpts by their Euclidean distance from each query, the nearest first.

    Vectors should be standardised on the real excerpts. Excerpts of the query's own recording are left out.

    Args:
        queries: Vectors of sounds, [queries, features].
        scenes: The right scenes, [queries].
        sources: The recording each sound was taken from, -1 where there is none, [queries].
        excerpts: Vectors of real excerpts, [excerpts, features].
        excerpt_scenes: Their scenes, [excerpts].
        recordings: The recordings they were cut from, [excerpts].
    """
    found = np.full((3, len(queries)), np.nan)
    for query, own in enumerate(distances(queries, excerpts)):
        left = recordings != sources[query]
        right = excerpt_scenes[left] == scenes[query]
        if not right.any():
            continue
        # A tie counts as half won: one sound for all photos shall gain nothing by the order of the files.
        nearest = own[left][right].min()
        wrong = own[left][~right]
        place = 1.0 + float((wrong < nearest).sum()) + 0.5 * float((wrong == nearest).sum())
        found[:, query] = 1 / place, place <= 1.0, place <= 5.0
    return Retrieval(found[0], found[1], found[2])


def by_chance(*, right: int, total: int) -> tuple[float, float, float]:
    """What a random order gives on average: reciprocal rank of the first hit, recall at 1 and at 5.

    The first of `right` hits among `total` stands at place r with probability
    C(total - r, right - 1) / C(total, right); the first k places hold none with probability
    C(total - right, k) / C(total, k).

    Args:
        right: Excerpts of the right scene, at least 1.
        total: All excerpts.
    """
    assert 1 <= right <= total
    probability, reciprocal = right / total, 0.0
    for place in range(1, total - right + 2):
        reciprocal += probability / place
        probability *= (total - right - place + 1) / max(1, total - place)
    misses = math.comb(total - right, min(5, total)) / math.comb(total, min(5, total))
    return reciprocal, right / total, 1.0 - misses


def mean_by_chance(scenes: NDArray[np.str_], excerpt_scenes: NDArray[np.str_]) -> tuple[float, float, float]:
    """`by_chance`, averaged over queries.

    Args:
        scenes: The right scene of each query, or each scene once where they count alike, [queries].
        excerpt_scenes: Scenes of all excerpts, [excerpts].

    Returns:
        Reciprocal rank, recall at 1 and at 5; NaN where no query's scene has an excerpt.
    """
    counts = [int((excerpt_scenes == scene).sum()) for scene in scenes]
    found = [by_chance(right=count, total=len(excerpt_scenes)) for count in counts if count]
    if not found:
        return math.nan, math.nan, math.nan
    reciprocal, first, fifth = np.mean(found, axis=0)
    return float(reciprocal), float(first), float(fifth)
