"""The Frechet distance from real recordings, so taken that no recording counts against itself."""

import numpy as np
from numpy.typing import NDArray

from photowave.evaluation.frechet import frechet_distance
from photowave.evaluation.vectors import Vectors


def halves(scenes: NDArray[np.str_], recordings: NDArray[np.int64], *, seed: int) -> dict[int, int]:
    """Deal the recordings of each scene to two halves in turn.

    Args:
        scenes: Scene of each excerpt, [excerpts].
        recordings: Recording of each excerpt, [excerpts].
        seed: Decides the order within a scene.

    Returns:
        0 or 1 for each recording.
    """
    random = np.random.default_rng(seed)
    half: dict[int, int] = {}
    for scene in np.unique(scenes):
        for number in random.permutation(np.unique(recordings[scenes == scene])):
            half.setdefault(int(number), len(half) % 2)
    return half


def distance_from_others(
    vectors: Vectors,
    sources: NDArray[np.int64],
    *,
    excerpts: Vectors,
    recordings: NDArray[np.int64],
    half: dict[int, int],
) -> float:
    """Mean of two Frechet distances: sounds against the half of the recordings they do not come from.

    Sounds of no recording are sorted by their values and dealt to both halves in turn, so that every system
    is measured with clouds of similar sizes, and the order of the photos does not matter.

    Args:
        vectors: Standardised vectors of the sounds, [sounds, features].
        sources: The recording each sound was taken from, -1 where there is none, [sounds].
        excerpts: Standardised vectors of real excerpts, [excerpts, features].
        recordings: The recordings they were cut from, [excerpts].
        half: Half of each recording; see `halves`.

    Returns:
        The squared distance; NaN where neither half has two sounds and two excerpts of the other half.
    """
    order = np.lexsort(vectors.T[::-1])
    vectors, sources = vectors[order], sources[order]
    own = np.array([half.get(int(source), turn % 2) for turn, source in enumerate(sources)])
    of_excerpt = np.array([half[int(number)] for number in recordings])
    found = [
        frechet_distance(vectors[own == part], excerpts[of_excerpt != part])
        for part in (0, 1)
        if (own == part).sum() >= 2 and (of_excerpt != part).sum() >= 2
    ]
    return float(np.mean(found)) if found else float("nan")
