"""How far the sounds for the photos of a scene are, as a whole, from the real recordings of that scene."""

import itertools

import numpy as np
from numpy.typing import NDArray

from photowave.evaluation.features.measuring import Features
from photowave.evaluation.features.texture import FAMILIES
from photowave.evaluation.metrics.energy import ScenePairs, energy_distance, mean_energy, scene_pairs
from photowave.evaluation.metrics.metric import Row
from photowave.evaluation.metrics.vectors import Vectors, euclidean, mean_of_known

Numbers = NDArray[np.int64]


class SceneDistances:
    """Energy distances of the sounds for photos of some `scenes` [photos] from real excerpts.

    Sounds come with their features, photo by photo, and `sources` and `hidden` [photos, seeds] as in
    `scene_pairs`; the excerpts with theirs, their scenes and their recordings [excerpts].
    """

    def __init__(
        self, scenes: NDArray[np.str_], real: Features, real_scenes: NDArray[np.str_], recordings: Numbers
    ):
        self._scenes, self._real, self._real_scenes = scenes, real, real_scenes
        self._recordings, self._apart = recordings, texture_distances(real, real)

    def measure(self, features: Features, sources: Numbers, hidden: Numbers, *, seed: int) -> Row:
        """Compare the sounds for the photos of each scene with its real excerpts; counted in sounds.

        Scenes with fewer than two photos or two recordings have no energy distance: they are left out of the
        mean and of the count.
        """
        own = [(scene, scene) for scene in np.unique(self._scenes).tolist()]
        value, low, high, photos = mean_energy(self._pairs(features, sources, hidden, own), seed=seed)
        return value, low, high, photos * sources.shape[1]

    def floor(self, features: Features, sources: Numbers, hidden: Numbers) -> float:
        """Take the same distance of real sounds from other scenes: the mean over all pairs of scenes."""
        scenes = itertools.product(np.unique(self._scenes).tolist(), np.unique(self._real_scenes).tolist())
        swaps = [(of, against) for of, against in scenes if of != against]
        pairs = self._pairs(features, sources, hidden, swaps)
        return mean_of_known(np.array([float(energy_distance(one)[0]) for one in pairs]))

    def _pairs(
        self, features: Features, sources: Numbers, hidden: Numbers, compared: list[tuple[str, str]]
    ) -> list[ScenePairs]:
        """Pairs of the sounds for one scene with the recordings of another, or of the same."""
        across, within = texture_distances(features, self._real), texture_distances(features, features)
        seeds, found = sources.shape[1], []
        for of, against in compared:
            photos = np.flatnonzero(self._scenes == of)
            rows = np.flatnonzero(np.repeat(self._scenes == of, seeds))
            columns = np.flatnonzero(self._real_scenes == against)
            found.append(
                scene_pairs(
                    across[np.ix_(rows, columns)],
                    within[np.ix_(rows, rows)],
                    self._apart[np.ix_(columns, columns)],
                    photos=np.repeat(np.arange(len(photos)), seeds),
                    sources=sources[photos].flatten(),
                    hidden=hidden[photos].flatten(),
                    recordings=self._recordings[columns],
                )
            )
        return found


def texture_distances(a: Features, b: Features) -> Vectors:
    """Euclidean distances, over all families of texture statistics, of all `a` [n] from all `b`, [n, m]."""
    families = [euclidean(getattr(a, family), getattr(b, family)) for family in FAMILIES]
    apart: Vectors = np.sqrt(np.square(families).sum(0))
    return apart
