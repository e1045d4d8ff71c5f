"""Are the sounds for a scene like recordings of that scene rather than of any other, on average?"""

import numpy as np
from numpy.typing import NDArray

from photowave.evaluation.features.measuring import Features
from photowave.evaluation.metrics.intervals import COVERED, DRAWS
from photowave.evaluation.metrics.metric import NOTHING, Row
from photowave.evaluation.metrics.vectors import Vectors


def statistics(features: Features) -> Vectors:
    """Marginals and modulation of each sound, side by side, [sounds, statistics]."""
    return np.concatenate([features.marginals, features.modulation], 1)


def scenes_nearest(
    sounds: Vectors,
    *,
    scenes: NDArray[np.str_],
    sources: NDArray[np.int64],
    excerpts: Vectors,
    excerpt_scenes: NDArray[np.str_],
    recordings: NDArray[np.int64],
    seed: int,
) -> Row:
    """Count the scenes whose mean statistics lie nearest to those of their own recordings.

    Each recording counts alike in the mean of its scene. A sound is never compared with the recording it was
    taken from: for it the mean is taken over the others.

    `sounds` [photos * seeds, statistics] and their `sources` [photos, seeds], -1 where there is none, are
    those for photos of the `scenes` [photos]; `excerpts` [excerpts, statistics] are real. Gives the share,
    its interval over the photos of each scene, and how many scenes count: those which also have recordings.
    """
    names = np.unique(excerpt_scenes)
    away = np.stack(
        [_away(sounds, sources, excerpts[s], recordings[s]) for s in _where(excerpt_scenes, names)]
    )
    by_photo = away.reshape(len(names), len(scenes), -1, sounds.shape[1]).mean(2)
    random = np.random.default_rng(seed)
    hits, drawn = [], []
    for number, photos in enumerate(_where(scenes, names)):
        own = by_photo[:, photos]
        if not own.shape[1] or not np.isfinite(own[number]).all():
            continue
        count = own.shape[1]
        weights = random.multinomial(count, np.full(count, 1 / count), DRAWS) / count
        weights = np.concatenate([np.full((1, count), 1 / count), weights])
        apart = np.linalg.norm(np.einsum("dp,spf->dsf", weights, own), axis=2)
        nearest = np.where(np.isfinite(apart), apart, np.inf).argmin(1) == number
        hits.append(nearest[0])
        drawn.append(nearest[1:])
    if not hits:
        return (*NOTHING, 0)
    low, high = np.percentile(np.mean(drawn, 0), COVERED)
    return float(np.mean(hits)), float(low), float(high), len(hits)


def _away(
    sounds: Vectors, sources: NDArray[np.int64], excerpts: Vectors, recordings: NDArray[np.int64]
) -> Vectors:
    """Each sound minus the mean of a scene without the recording it was taken from; NaN without any."""
    numbers = np.unique(recordings)
    means = np.stack([excerpts[recordings == number].mean(0) for number in numbers])
    kept = sources.reshape(-1, 1) != numbers
    count = kept.sum(1, keepdims=True)
    reference = np.where(count > 0, kept @ means / np.maximum(count, 1), np.nan)
    away: Vectors = sounds - reference
    return away


def _where(of: NDArray[np.str_], names: NDArray[np.str_]) -> list[NDArray[np.int64]]:
    return [np.flatnonzero(of == name) for name in names]
