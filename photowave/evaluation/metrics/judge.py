"""Tells which scene a sound belongs to, having heard real recordings only."""

import warnings

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.model_selection import StratifiedGroupKFold

from photowave.errors import PairError

FOLDS = 5
"""Parts, at the most, that the recordings are dealt to: each is judged by what the others taught."""


class SceneJudge:
    """Randomised trees on texture vectors of real recordings, and what they say about unheard ones.

    Trees (Geurts, Ernst and Wehenkel 2006, "Extremely randomized trees") because of what was tried they know
    unheard real recordings best; the log of experiments has the figures.

    The recordings are dealt to folds (scikit-learn's `StratifiedGroupKFold`); a recording stays in one fold
    with all its excerpts. One classifier per fold has heard all other folds, one has heard everything.
    `unheard` is what `judge` says about the real excerpts, asking those that have not heard their recording.

    Raises:
        PairError: There are fewer than two scenes, or so few recordings that nothing is left to learn from.
    """

    def __init__(
        self,
        textures: NDArray[np.floating],
        scenes: NDArray[np.str_],
        recordings: NDArray[np.int64],
        *,
        seed: int = 0,
    ):
        self.scenes: tuple[str, ...] = tuple(str(scene) for scene in np.unique(scenes))
        folds = deal_recordings(scenes, recordings, seed=seed)
        vectors = np.asarray(textures, np.float64)
        self._all = fit_trees(vectors, scenes)
        self._fold_of: dict[int, ExtraTreesClassifier] = {}
        self.unheard = np.zeros(len(scenes))
        for heard, unheard in folds:
            judge = fit_trees(vectors[heard], scenes[heard])
            self._fold_of.update(dict.fromkeys(recordings[unheard].tolist(), judge))
            self.unheard[unheard] = self._ask(judge, vectors[unheard], scenes[unheard])

    def judge(
        self, textures: NDArray[np.floating], scenes: NDArray[np.str_], sources: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Say whether sounds are recognised as their scenes, by texture vectors [sounds, texture].

        A sound of a recording (`sources` [sounds], -1 where there is none) is judged by the classifier that
        has not heard it; one of no recording by the classifier that has heard all, those that the system
        learned from among them. Gives 1 where it names the right scene, 1 / n where that shares the first
        place with others, n in all, else 0, [sounds].
        """
        vectors = np.asarray(textures, np.float64)
        judged = np.zeros(len(scenes))
        for source in np.unique(sources):
            rows = np.flatnonzero(sources == source)
            judged[rows] = self._ask(self._fold_of.get(int(source), self._all), vectors[rows], scenes[rows])
        return judged

    def _ask(
        self, judge: ExtraTreesClassifier, vectors: NDArray[np.float64], scenes: NDArray[np.str_]
    ) -> NDArray[np.float64]:
        """Judge by one classifier; it does not recognise a scene that it has never heard of."""
        likeliness = np.full((len(vectors), len(self.scenes)), -1.0)
        likeliness[:, np.searchsorted(self.scenes, judge.classes_)] = judge.predict_proba(vectors)
        best = likeliness == likeliness.max(1, keepdims=True)
        right = scenes[:, None] == np.array(self.scenes)
        recognised: NDArray[np.float64] = (best & right).any(1) / best.sum(1)
        return recognised


def deal_recordings(
    scenes: NDArray[np.str_], recordings: NDArray[np.int64], *, seed: int
) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Deal the recordings to folds: excerpts that a classifier hears and those that it does not, per fold.

    `scenes` and `recordings` [excerpts] are those of the excerpts. PairError as for `SceneJudge`.
    """
    names, counts = np.unique(scenes, return_counts=True)
    if len(names) < 2:
        raise PairError(
            f"the recordings cover {len(names)} scene(s); to tell scenes apart takes two or more. "
            "Add recordings of another scene."
        )
    splits = min(FOLDS, len(np.unique(recordings)), max(2, int(counts.min())))
    if splits < 2 or int(counts.max()) < 2:
        raise PairError(
            f"the scenes have {int(counts.max())} excerpt(s) each; the judge needs two or more. "
            "Add recordings, at least two to a scene."
        )
    dealer = StratifiedGroupKFold(splits, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        # Nothing goes wrong with scenes that have fewer recordings than there are folds.
        warnings.filterwarnings("ignore", message="The least populated class", category=UserWarning)
        parts = list(dealer.split(np.zeros(len(scenes)), scenes, recordings))
    if min(len(np.unique(scenes[heard])) for heard, _ in parts) < 2:
        raise PairError(
            f"{len(np.unique(recordings))} recordings of {len(names)} scenes are too few: with some of them "
            "kept aside, one scene alone is left to learn. Add recordings, at least two to a scene."
        )
    return [(heard, unheard) for heard, unheard in parts if len(unheard)]


def fit_trees(vectors: NDArray[np.floating], scenes: NDArray[np.str_]) -> ExtraTreesClassifier:
    """Fit randomised trees to vectors [sounds, features], scenes counting alike."""
    trees = ExtraTreesClassifier(n_estimators=300, class_weight="balanced", random_state=0)
    return trees.fit(vectors, scenes)
