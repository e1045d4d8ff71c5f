"""How far a value of the sounds for a scene lies from that of the scene's recordings."""

import numpy as np
from numpy.typing import NDArray

from photowave.evaluation.metrics.intervals import mean_with_interval
from photowave.evaluation.metrics.metric import NOTHING, Row
from photowave.evaluation.metrics.vectors import Vectors


def scene_gaps(
    values: Vectors,
    *,
    scenes: NDArray[np.str_],
    sources: NDArray[np.int64],
    real_values: Vectors,
    real_scenes: NDArray[np.str_],
    recordings: NDArray[np.int64],
    seed: int,
) -> Row:
    """Average, over values and scenes, the difference without its sign between sounds and recordings.

    Each recording counts alike. What a sound is compared with leaves out the recording it was taken from; a
    sound for which no other is left does not count, nor does a scene without any sound that does.

    `values` [photos * seeds, values] and `sources` [photos, seeds], -1 where there is none, are of the
    sounds for photos of the `scenes` [photos]; the rest is of the real excerpts. Counted in scenes.
    """
    of_sound, source = np.repeat(scenes, sources.shape[1]), sources.flatten()
    gaps = []
    for scene in np.unique(scenes):
        own, there = of_sound == scene, real_scenes == scene
        numbers = np.unique(recordings[there])
        means = np.stack([real_values[there & (recordings == number)].mean(0) for number in numbers])
        kept = source[own][:, None] != numbers
        counts = kept.any(1)
        if counts.any():
            expected = kept[counts] @ means / kept[counts].sum(1, keepdims=True)
            gaps.append(float(np.abs((values[own][counts] - expected).mean(0)).mean()))
    interval = mean_with_interval(np.array(gaps), seed=seed) if gaps else NOTHING
    return (*interval, len(gaps))
