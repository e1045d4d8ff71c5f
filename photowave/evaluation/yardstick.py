"""What real recordings teach, and every sound measured by it."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from photowave.evaluation.features import Features
from photowave.evaluation.frechet_folds import distance_from_others, halves
from photowave.evaluation.judge import SceneJudge
from photowave.evaluation.long_term import long_term_differences
from photowave.evaluation.memory import TrainingWaveforms, nearest_excerpt
from photowave.evaluation.nearest_scene import scenes_nearest, statistics
from photowave.evaluation.references import Cloud, Row, SceneReferences
from photowave.evaluation.retrieval import mean_by_chance, retrieve
from photowave.evaluation.scene_means import mean_over_scenes
from photowave.evaluation.spectral import USUAL_WINDOW_S
from photowave.evaluation.spread import Spread, measure_spread
from photowave.evaluation.types import EvaluatedPhotos, RealSounds, SystemSounds
from photowave.evaluation.vectors import Standard, Vectors

CEILING = "real"
"""The system whose figures are the ceiling of the others."""
_STAND_INS = (CEILING, "filtered_noise")
"""Systems that are dealt recordings of the scene by the evaluation itself: that one comes twice is not their
doing. All others shall be caught when they repeat one."""


@dataclass(eq=False)
class Yardstick:
    """What real recordings teach before any system is looked at.

    Args:
        real: All recordings.
        features: Their features.
        photos: The photos of all systems.
        seed: Of folds, halves, bootstrap and random deals.

    Raises:
        PairError: There are too few scenes or recordings to tell scenes apart.
    """

    real: RealSounds
    features: Features
    photos: EvaluatedPhotos
    seed: int = 0
    judge: SceneJudge = field(init=False)
    standard: Standard = field(init=False)
    waveforms: TrainingWaveforms = field(init=False)
    references: SceneReferences = field(init=False)

    def __post_init__(self) -> None:
        """Train the judge, standardise, lay out the training recordings."""
        real = self.real
        self.judge = SceneJudge(self.features.log_mel, real.scenes, real.recordings, seed=self.seed)
        self.standard = Standard.of(self.features.log_mel)
        self.waveforms = TrainingWaveforms(real)
        self._excerpts = self.standard(self.features.log_mel)
        self._half = halves(real.scenes, real.recordings, seed=self.seed)
        self.references = SceneReferences(
            self.features, real.scenes, real.recordings, half=self._half, seed=self.seed
        )

    def values(self, sounds: SystemSounds, features: Features) -> dict[str, Vectors]:
        """Measure every sound of a system.

        Args:
            sounds: Of the photos.
            features: Theirs, photo by photo.

        Returns:
            By the names of `DEFINITIONS`, [photos, seeds] each; NaN where a sound has no such value.
        """
        shape = sounds.sources.shape
        sources, scenes = sounds.sources.flatten(), np.repeat(self.photos.scenes, shape[1])
        vectors = self.standard(features.log_mel)
        real, health = self.real, features.health
        judged = self.judge.judge(features.log_mel, scenes, sources)
        found = retrieve(
            vectors, scenes, sources,
            excerpts=self._excerpts, excerpt_scenes=real.scenes, recordings=real.recordings,
        )  # fmt: skip
        hidden = _hidden(sounds).flatten()
        copied = np.full(shape, np.nan)
        # One sound per photo: it takes long, and who repeats recordings is caught by the first, too.
        copied[:, 0] = self.waveforms.copied(sounds.samples[:, 0], _hidden(sounds)[:, 0])
        train = np.isin(real.recordings, self.waveforms.recordings)
        flat = {
            "scene_recognised": judged.recognised,
            "scene_rank": judged.ranks,
            "retrieval_mrr": found.reciprocal_rank,
            "retrieval_recall_1": found.recall_1,
            "retrieval_recall_5": found.recall_5,
            "nearest_excerpt": nearest_excerpt(
                vectors, hidden,
                excerpts=self._excerpts[train], recordings=real.recordings[train],
            ),
            "copied": copied,
            "level_dbfs": health.rms_dbfs,
            "silent_share": health.silent_share,
            "clipped_share": health.clipped_share,
            "flatness": health.flatness_db,
            "drift_db_per_s": np.abs(health.level_drift_db_per_s),
            "spectrum_drift_db": health.spectrum_drift_db,
            "clicks": health.click_ratio,
        }  # fmt: skip
        return {name: values.reshape(shape) for name, values in flat.items()}

    def from_scene(self, sounds: SystemSounds, features: Features) -> dict[str, Row]:
        """Compare the sounds for each scene, as a whole, with its recordings; see `SceneReferences`."""
        nearest = scenes_nearest(
            statistics(features), scenes=self.photos.scenes, sources=sounds.sources,
            excerpts=statistics(self.features), excerpt_scenes=self.real.scenes,
            recordings=self.real.recordings, seed=self.seed,
        )  # fmt: skip
        long_term = long_term_differences(
            features.spectra[USUAL_WINDOW_S], features.health.rms_dbfs,
            scenes=self.photos.scenes, sources=sounds.sources,
            real_spectra=self.features.spectra[USUAL_WINDOW_S], real_levels=self.features.health.rms_dbfs,
            real_scenes=self.real.scenes, recordings=self.real.recordings, seed=self.seed,
        )  # fmt: skip
        return {
            "scenes_nearest": nearest,
            **long_term,
            **self.references.distances(self._cloud(sounds, features)),
        }

    def spread(self, features: Features) -> Spread:
        """Measure spread between photos against spread between seeds; see `measure_spread`."""
        vectors = self.standard(features.log_mel)
        by_photo = vectors.reshape(len(self.photos.scenes), -1, vectors.shape[1])
        return measure_spread(by_photo, self.photos.scenes, seed=self.seed)

    def accuracy(self) -> Row:
        """Share of the real excerpts that the judge recognises unheard; see `mean_over_scenes`."""
        return mean_over_scenes(
            self.judge.unheard.recognised, self.real.recordings, self.real.scenes, seed=self.seed
        )

    def frechet(self, sounds: SystemSounds, features: Features) -> float:
        """Take the Frechet distance from real recordings; see `distance_from_others`."""
        return distance_from_others(
            self.standard(features.log_mel), sounds.sources.flatten(),
            excerpts=self._excerpts, recordings=self.real.recordings, half=self._half,
        )  # fmt: skip

    def floors(self, real_system: SystemSounds | None, features: Features | None) -> dict[str, float]:
        """Say what chance gives, or for distances from the scene what recordings of other scenes reach.

        Args:
            real_system: The system `real`; None if it takes no part.
            features: Its features.
        """
        count = len(self.judge.scenes)
        reciprocal, first, fifth = mean_by_chance(np.unique(self.photos.scenes), self.real.scenes)
        floors = {
            "scene_recognised": 1 / count,
            "judge_accuracy": 1 / count,
            "scene_rank": (1 + count) / 2,
            "scenes_nearest": 1 / count,
            "retrieval_mrr": reciprocal,
            "retrieval_recall_1": first,
            "retrieval_recall_5": fifth,
            "spread_ratio": 0.0,
            "nearest_excerpt": 0.0,
            "copied": 1.0,
        }
        if real_system is not None and features is not None:
            floors |= self.references.floors(self._cloud(real_system, features))
        return floors

    def _cloud(self, sounds: SystemSounds, features: Features) -> Cloud:
        return self.references.cloud(features, self.photos.scenes, sounds.sources, _hidden(sounds))


def _hidden(sounds: SystemSounds) -> NDArray[np.int64]:
    """The recordings that sounds must not be blamed for repeating, -1 where any would count, as `sources`."""
    return sounds.sources if sounds.name in _STAND_INS else np.full_like(sounds.sources, -1)
