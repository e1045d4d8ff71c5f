"""Deals out excerpts of real recordings, so that few come twice and none is favoured."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from photowave.errors import PairError
from photowave.evaluation.sounds.types import RealSounds
from photowave.pairs.splits import SPLITS


def deal(
    real: RealSounds,
    scenes: Sequence[str] | NDArray[np.str_],
    *,
    seeds: int,
    seed: int,
    splits: Sequence[str] = SPLITS,
) -> NDArray[np.int64]:
    """Choose excerpts of the scene of each photo, int64 [photos, seeds]; PairError where there is none.

    Recordings come first: those that a photo has not heard yet, then those dealt least often, then by lot. Of
    a recording, the excerpt dealt least often is taken, again by lot among equals.
    """
    rng = np.random.default_rng(seed)
    dealt = np.zeros(len(real.recordings), dtype=np.int64)
    chosen = np.empty((len(scenes), seeds), dtype=np.int64)
    for photo, scene in enumerate(scenes):
        candidates = _excerpts_of(real, scene, splits=splits)
        recordings = np.unique(real.recordings[candidates])
        heard = np.zeros(len(recordings), dtype=np.int64)
        for place in range(seeds):
            used = np.array([dealt[real.recordings == recording].sum() for recording in recordings])
            best = np.lexsort((rng.random(len(recordings)), used, heard))[0]
            heard[best] += 1
            within = candidates[real.recordings[candidates] == recordings[best]]
            excerpt = within[np.lexsort((rng.random(len(within)), dealt[within]))[0]]
            dealt[excerpt] += 1
            chosen[photo, place] = excerpt
    return chosen


def _excerpts_of(real: RealSounds, scene: str, *, splits: Sequence[str]) -> NDArray[np.int64]:
    """Indices of the excerpts of a scene, ascending."""
    found = np.flatnonzero((real.scenes == scene) & np.isin(real.splits, list(splits)))
    if not len(found):
        there = ", ".join(sorted(set(real.scenes[np.isin(real.splits, list(splits))].tolist())))
        raise PairError(
            f"scene '{scene}' has photos but no recording in {' or '.join(splits)}; scenes with recordings "
            f"there are: {there or 'none'}. Add recordings of it, or leave its photos out."
        )
    return found.astype(np.int64)
