"""How far the sounds for the photos of a scene are, as a whole, from the real recordings of that scene."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from photowave.evaluation.bootstrap import mean_with_interval
from photowave.evaluation.energy import ScenePairs, energy_distance, mean_energy, scene_pairs
from photowave.evaluation.features import Features
from photowave.evaluation.frechet_folds import distance_from_others
from photowave.evaluation.spectral import pairwise_spectral_distance_db
from photowave.evaluation.texture_model import FAMILIES
from photowave.evaluation.vectors import Standard, Vectors, euclidean, mean_of_known

COMPONENTS = 6
"""Principal components over which the Frechet distance within a scene is taken: so few that some ten sounds
have a covariance."""
_FEWEST_SOUNDS = 4  # two for each half of the recordings

Row = tuple[float, float, float, int]
"""Value, lower and upper end of its interval, count."""


@dataclass(frozen=True, eq=False)
class Cloud:
    """The sounds of one system, ready to be compared scene by scene."""

    scenes: NDArray[np.str_]
    """Scene of each photo, [photos]."""
    sources: NDArray[np.int64]
    """The recording each sound was taken from, -1 where there is none, [photos, seeds]."""
    hidden: NDArray[np.int64]
    """The same where two sounds of one recording are not to be compared either, else -1, [photos, seeds]."""
    across: dict[str, Vectors]
    """Distances from the real excerpts, [sounds, excerpts]; see `pairwise`."""
    within: dict[str, Vectors]
    """Distances between the sounds, [sounds, sounds]."""
    points: Vectors
    """Principal components, [sounds, components]."""


class SceneReferences:
    """The real recordings, scene by scene.

    Args:
        features: Of all real excerpts.
        scenes: Scene of each, [excerpts].
        recordings: The recording each was cut from, [excerpts].
        half: Half of each recording; see `frechet_folds.halves`.
        seed: Of the bootstrap.
    """

    def __init__(
        self,
        features: Features,
        scenes: NDArray[np.str_],
        recordings: NDArray[np.int64],
        *,
        half: dict[int, int],
        seed: int = 0,
    ):
        self._features, self._scenes, self._recordings = features, scenes, recordings
        self._half, self._seed = half, seed
        self._apart = pairwise(features, features)
        self._standard = Standard.of(features.log_mel)
        _, _, axes = np.linalg.svd(self._standard(features.log_mel), full_matrices=False)
        self._axes: Vectors = axes[:COMPONENTS].T
        self._points = self._project(features)

    def cloud(
        self,
        features: Features,
        scenes: NDArray[np.str_],
        sources: NDArray[np.int64],
        hidden: NDArray[np.int64],
    ) -> Cloud:
        """Measure the sounds of a system, photo by photo; see `Cloud` for the arguments."""
        return Cloud(
            scenes=scenes,
            sources=sources,
            hidden=hidden,
            across=pairwise(features, self._features),
            within=pairwise(features, features),
            points=self._project(features),
        )

    def distances(self, cloud: Cloud) -> dict[str, Row]:
        """Compare the sounds for the photos of each scene with the real excerpts of that scene.

        Scenes with fewer than two photos or two recordings have no energy distance, scenes with fewer than
        four sounds or two recordings no Frechet distance: they are left out of the means and of the counts.

        Args:
            cloud: The sounds.

        Returns:
            By the names of `DEFINITIONS`: the energy distances, counted in sounds, and `frechet_in_scene`,
            counted in scenes, which are also what is drawn anew for its interval.
        """
        scenes = np.unique(cloud.scenes).tolist()
        found: dict[str, Row] = {}
        for name in cloud.within:
            pairs = [self._pairs(cloud, name, of=scene, against=scene) for scene in scenes]
            value, low, high, photos = mean_energy(pairs, seed=self._seed)
            found[name] = (value, low, high, photos * cloud.sources.shape[1])
        values = np.array([self._frechet(cloud, of=scene, against=scene) for scene in scenes])
        known = values[np.isfinite(values)]
        nothing = (np.nan, np.nan, np.nan)
        interval = mean_with_interval(known, seed=self._seed) if len(known) else nothing
        return {"frechet_in_scene": (*interval, len(known)), **found}

    def floors(self, cloud: Cloud) -> dict[str, float]:
        """Take the same distances with the scenes permuted: the means over all pairs of different scenes.

        Args:
            cloud: The sounds of the system `real`.
        """
        swaps = [
            (of, against)
            for of in np.unique(cloud.scenes).tolist()
            for against in np.unique(self._scenes).tolist()
            if of != against
        ]
        apart = {"frechet_in_scene": [self._frechet(cloud, of=of, against=other) for of, other in swaps]}
        for name in cloud.within:
            pairs = [self._pairs(cloud, name, of=of, against=other) for of, other in swaps]
            apart[name] = [float(energy_distance(one)[0]) for one in pairs]
        return {name: mean_of_known(np.array(values)) for name, values in apart.items()}

    def _pairs(self, cloud: Cloud, name: str, *, of: str, against: str) -> ScenePairs:
        photos = np.flatnonzero(cloud.scenes == of)
        rows = np.flatnonzero(np.repeat(cloud.scenes == of, cloud.sources.shape[1]))
        columns = np.flatnonzero(self._scenes == against)
        return scene_pairs(
            cloud.across[name][np.ix_(rows, columns)],
            cloud.within[name][np.ix_(rows, rows)],
            self._apart[name][np.ix_(columns, columns)],
            photos=np.repeat(np.arange(len(photos)), cloud.sources.shape[1]),
            sources=cloud.sources[photos].flatten(),
            hidden=cloud.hidden[photos].flatten(),
            recordings=self._recordings[columns],
        )

    def _frechet(self, cloud: Cloud, *, of: str, against: str) -> float:
        rows = np.repeat(cloud.scenes == of, cloud.sources.shape[1])
        columns = self._scenes == against
        if rows.sum() < _FEWEST_SOUNDS or len(np.unique(self._recordings[columns])) < 2:
            return float("nan")
        return distance_from_others(
            cloud.points[rows],
            cloud.sources.flatten()[rows],
            excerpts=self._points[columns],
            recordings=self._recordings[columns],
            half=self._half,
        )

    def _project(self, features: Features) -> Vectors:
        points: Vectors = self._standard(features.log_mel) @ self._axes
        return points


def pairwise(a: Features, b: Features) -> dict[str, Vectors]:
    """Distances of every sound of `a` [n] from every sound of `b` [m], by the names of `DEFINITIONS`.

    Args:
        a: Features.
        b: Features.

    Returns:
        [n, m] each. `texture_distance` is the Euclidean distance over all families of texture statistics
        together, `texture_<family>` over one; `spectral_distance_db` is `pairwise_spectral_distance_db`.
    """
    families = {family: euclidean(a.texture[family], b.texture[family]) for family in FAMILIES}
    return {
        "texture_distance": np.sqrt(np.square(list(families.values())).sum(0)),
        **{f"texture_{family}": apart for family, apart in families.items()},
        "spectral_distance_db": pairwise_spectral_distance_db(a.spectra, b.spectra).numpy(),
    }
