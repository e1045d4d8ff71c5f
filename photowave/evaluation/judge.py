"""Tells which scene a sound belongs to, having heard real recordings only."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.model_selection import StratifiedGroupKFold

from photowave.errors import PairError

FOLDS = 5
"""Parts, at the most, that the recordings are dealt to: each is judged by what the others taught."""


@dataclass(frozen=True, eq=False)
class Judgement:
    """What the judge says about sounds."""

    recognised: NDArray[np.float64]
    """1 where the right scene was named, 1 / n where it shares the first place with others, n in all, else 0,
    [sounds]."""
    ranks: NDArray[np.float64]
    """Place of the right scene among all, 1 is the best, ties half lost, [sounds]: whoever answers every
    photo with one sound gets the mean place."""


class SceneJudge:
    """Randomised trees on texture vectors of real recordings, and what they say about unheard ones.

    Trees (Geurts, Ernst and Wehenkel 2006, "Extremely randomized trees") because of what was tried they know
    unheard real recordings best; the log of experiments has the figures.

    The recordings are dealt to folds (scikit-learn's `StratifiedGroupKFold`); a recording stays in one fold
    with all its excerpts. One classifier per fold has heard all other folds, one has heard everything.

    Args:
        textures: Texture vectors of real excerpts, [excerpts, texture]; see `TextureStatistics`.
        scenes: Their scenes, [excerpts].
        recordings: The recording each was cut from, [excerpts].
        seed: Another seed deals the recordings to other folds.

    Attributes:
        scenes: Names of the scenes, sorted.
        unheard: What is said about the real excerpts by those that have not heard their recording.

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
        if len(self.scenes) < 2:
            raise PairError(
                f"the recordings cover {len(self.scenes)} scene(s); to tell scenes apart takes two or more. "
                "Add recordings of another scene."
            )
        vectors = np.asarray(textures, np.float64)
        self._all = _fitted(vectors, scenes)
        self._fold_of: dict[int, ExtraTreesClassifier] = {}
        self.unheard = Judgement(np.zeros(len(scenes)), np.zeros(len(scenes)))
        for heard, unheard in _folds(scenes, recordings, seed=seed):
            if len(np.unique(scenes[heard])) < 2:
                raise PairError(
                    f"{len(np.unique(recordings))} recordings of {len(self.scenes)} scenes are too few: "
                    "with some of them kept aside, one scene alone is left to learn. "
                    "Add recordings, at least two to a scene."
                )
            judge = _fitted(vectors[heard], scenes[heard])
            self._fold_of.update(dict.fromkeys(recordings[unheard].tolist(), judge))
            part = self._ask(judge, vectors[unheard], scenes[unheard])
            self.unheard.recognised[unheard], self.unheard.ranks[unheard] = part.recognised, part.ranks

    def judge(
        self, textures: NDArray[np.floating], scenes: NDArray[np.str_], sources: NDArray[np.int64]
    ) -> Judgement:
        """Say whether sounds are recognised as their scenes.

        Args:
            textures: Texture vectors of the sounds, [sounds, texture].
            scenes: The right scenes, [sounds].
            sources: The recording each sound was taken from, -1 where there is none, [sounds]. Such a sound
                is judged by the classifier that has not heard the recording; one of no recording by the
                classifier that has heard all, those that the system learned from among them.
        """
        vectors = np.asarray(textures, np.float64)
        judged = Judgement(np.zeros(len(scenes)), np.zeros(len(scenes)))
        for source in np.unique(sources):
            rows = np.flatnonzero(sources == source)
            part = self._ask(self._fold_of.get(int(source), self._all), vectors[rows], scenes[rows])
            judged.recognised[rows], judged.ranks[rows] = part.recognised, part.ranks
        return judged

    def _ask(
        self, judge: ExtraTreesClassifier, vectors: NDArray[np.float64], scenes: NDArray[np.str_]
    ) -> Judgement:
        """Judge by one classifier; a scene that it has never heard of takes the last place."""
        likeliness = np.full((len(vectors), len(self.scenes)), -1.0)
        likeliness[:, np.searchsorted(self.scenes, judge.classes_)] = judge.predict_proba(vectors)
        right = np.array([self.scenes.index(str(s)) if s in self.scenes else -1 for s in scenes])
        own = np.where(right >= 0, likeliness[np.arange(len(right)), right], -2.0)
        more, ties = (likeliness > own[:, None]).sum(1), (likeliness == own[:, None]).sum(1)
        # An unknown scene ties with none, not even with itself.
        ranks = 1.0 + more + 0.5 * np.maximum(ties - 1, 0)
        recognised = np.where((more == 0) & (ties > 0), 1.0 / np.maximum(ties, 1), 0.0)
        return Judgement(recognised, ranks)


def _folds(
    scenes: NDArray[np.str_], recordings: NDArray[np.int64], *, seed: int
) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Excerpts that are heard and those that are not, fold by fold."""
    _, counts = np.unique(scenes, return_counts=True)
    splits = min(FOLDS, len(np.unique(recordings)), max(2, int(counts.min())))
    if splits < 2 or int(counts.max()) < 2:
        raise PairError(
            f"the scenes have {int(counts.max())} excerpt(s) each; the judge needs two or more. "
            "Add recordings, at least two to a scene."
        )
    dealer = StratifiedGroupKFold(splits, shuffle=True, random_state=seed)
    parts = dealer.split(np.zeros(len(scenes)), scenes, recordings)
    return [(heard, unheard) for heard, unheard in parts if len(unheard)]


def _fitted(vectors: NDArray[np.float64], scenes: NDArray[np.str_]) -> ExtraTreesClassifier:
    judge = ExtraTreesClassifier(n_estimators=300, class_weight="balanced", random_state=0)
    return judge.fit(vectors, scenes)
