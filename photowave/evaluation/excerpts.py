"""Deals out excerpts of real recordings, so that few come twice and none is favoured."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from photowave.errors import ConfigError, PairError
from photowave.evaluation.types import RealSounds
from photowave.pairs.splits import SPLITS


def deal(
    real: RealSounds,
    scenes: Sequence[str] | NDArray[np.str_],
    *,
    seeds: int,
    seed: int,
    splits: Sequence[str] = SPLITS,
) -> NDArray[np.int64]:
    """Choose excerpts of the wanted scenes.

    Recordings come first: those that a photo has not heard yet, then those dealt least often, then by lot. Of
    a recording, the excerpt dealt least often is taken, again by lot among equals.

    Args:
        real: Excerpts to choose from.
        scenes: The scene wanted for each photo, [photos].
        seeds: Excerpts per photo.
        seed: Decides the lots.
        splits: Only excerpts of these splits are dealt.

    Returns:
        Indices of excerpts, int64 [photos, seeds].

    Raises:
        PairError: A scene has no excerpt in these splits.
    """
    rng = np.random.default_rng(seed)
    dealt = np.zeros(len(real.recordings), dtype=np.int64)
    chosen = np.empty((len(scenes), seeds), dtype=np.int64)
    for photo, scene in enumerate(scenes):
        candidates = excerpts_of(real, scene, splits=splits)
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


def excerpts_of(real: RealSounds, scene: str, *, splits: Sequence[str] = SPLITS) -> NDArray[np.int64]:
    """List the excerpts of a scene.

    Args:
        real: All excerpts.
        scene: The scene.
        splits: Only excerpts of these splits count.

    Returns:
        Their indices, ascending, int64 [excerpts of the scene].

    Raises:
        PairError: There are none.
    """
    found = np.flatnonzero((real.scenes == scene) & np.isin(real.splits, list(splits)))
    if not len(found):
        there = ", ".join(sorted(set(real.scenes[np.isin(real.splits, list(splits))].tolist())))
        raise PairError(
            f"scene '{scene}' has photos but no recording in {' or '.join(splits)}; scenes with recordings "
            f"there are: {there or 'none'}. Add recordings of it, or leave its photos out."
        )
    return found.astype(np.int64)


def samples_in(real: RealSounds, duration_s: float) -> int:
    """Count the samples of a duration, which excerpts must be able to fill.

    Args:
        real: The excerpts.
        duration_s: Length in seconds.

    Returns:
        At least one, at most the length of an excerpt.

    Raises:
        ConfigError: Excerpts are shorter, or the duration is shorter than a sample.
    """
    count, longest = round(duration_s * real.sample_rate), real.samples.shape[1]
    if not 1 <= count <= longest:
        raise ConfigError(
            f"duration_s={duration_s:g}: must be at least one sample and at most the "
            f"{longest / real.sample_rate:g} s of the real excerpts. Use that length for both."
        )
    return count
