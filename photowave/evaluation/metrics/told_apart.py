"""Can a machine tell the sounds from recordings? Trees on texture statistics try to."""

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold

from photowave.evaluation.features.measuring import Features
from photowave.evaluation.features.texture import FAMILIES
from photowave.evaluation.metrics.judge import FOLDS, fit_trees
from photowave.evaluation.metrics.metric import NOTHING, Row
from photowave.evaluation.metrics.vectors import Vectors

Numbers = NDArray[np.int64]
_FEWEST = 2  # groups of sounds, and of recordings: one to learn from, one to ask about


def told_apart(sounds: Vectors, sources: Numbers, real: Vectors, recordings: Numbers, *, seed: int) -> Row:
    """Area under the curve with which trees tell sounds from recordings they have not heard.

    The trees learn on some parts and are asked about the others (`StratifiedGroupKFold`); all excerpts of a
    recording are in one part, with the sounds that were taken or drawn from it, and so are all sounds for a
    photo that come from none. Else trees know a sound by its like: photos are many, recordings few.

    `sounds` [photos * seeds, statistics] come photo by photo, with their `sources` [photos, seeds], -1 where
    there is none; `real` [excerpts, statistics] with their `recordings` [excerpts]. Counted in sounds.
    """
    photos = -1 - np.repeat(np.arange(len(sources)), sources.shape[1])
    own = np.where(sources.flatten() >= 0, sources.flatten(), photos)
    parts = min(FOLDS, len(np.unique(own)), len(np.unique(recordings)))
    if parts < _FEWEST:
        return (*NOTHING, len(sounds))
    vectors, groups = np.concatenate([sounds, real]), np.concatenate([own, recordings])
    drawn = np.arange(len(vectors)) < len(sounds)
    suspicion = np.full(len(vectors), 0.5)
    dealer = StratifiedGroupKFold(parts, shuffle=True, random_state=seed)
    for known, asked in dealer.split(vectors, drawn, groups):
        if len(np.unique(drawn[known])) == 2:
            trees = fit_trees(vectors[known], drawn[known])
            suspicion[asked] = trees.predict_proba(vectors[asked])[:, 1]
    return float(roc_auc_score(drawn, suspicion)), *NOTHING[1:], len(sounds)


def texture_vectors(features: Features) -> Vectors:
    """All texture statistics side by side, [sounds, statistics]."""
    vectors: Vectors = np.concatenate([getattr(features, family) for family in FAMILIES], 1)
    return vectors
