"""What real recordings teach, and every system measured by it."""

import numpy as np
import torch
from numpy.typing import NDArray

from photowave.evaluation.features.fine_structure import measure_fine_structure
from photowave.evaluation.features.measuring import Features
from photowave.evaluation.metrics.copying import TrainingWaveforms, nearest_excerpt
from photowave.evaluation.metrics.intervals import mean_over_photos, mean_over_scenes
from photowave.evaluation.metrics.judge import SceneJudge
from photowave.evaluation.metrics.long_term import long_term_differences
from photowave.evaluation.metrics.metric import Row
from photowave.evaluation.metrics.nearest_scene import scenes_nearest, statistics
from photowave.evaluation.metrics.scene_distances import SceneDistances
from photowave.evaluation.metrics.scene_gaps import scene_gaps
from photowave.evaluation.metrics.spread import Spread, measure_spread
from photowave.evaluation.metrics.told_apart import texture_vectors, told_apart
from photowave.evaluation.metrics.vectors import Standard
from photowave.evaluation.sounds.types import EvaluatedPhotos, RealSounds, SystemSounds

CEILING = "real"
"""The system whose metrics are the ceiling of the others."""
_STAND_INS = (CEILING, "filtered_noise")
"""Systems to which the evaluation itself deals recordings of the scene: that one comes twice is not their
doing. All others shall be caught when they repeat one."""
_NOT_TIMED = ("model_shuffled",)
"""Systems whose sounds nobody made: they are those of another one."""


class Yardstick:
    """What real recordings with their features teach before any system is looked at.

    Raises:
        PairError: There are too few scenes or recordings to tell scenes apart.
    """

    def __init__(self, real: RealSounds, features: Features, photos: EvaluatedPhotos, *, seed: int):
        self._real, self._features, self._scenes, self._seed = real, features, photos.scenes, seed
        self._judge = SceneJudge(features.log_mel, real.scenes, real.recordings, seed=seed)
        self._standard = Standard.of(features.log_mel)
        self._textures = texture_vectors(features)
        self._waveforms = TrainingWaveforms(real)
        self._scene_distances = SceneDistances(photos.scenes, features, real.scenes, real.recordings)

    def measure(self, sounds: SystemSounds, features: Features) -> tuple[dict[str, Row], Spread]:
        """Measure a system by the features of its sounds, photo by photo: metrics by name, and its spread."""
        real, seed = self._real, self._seed
        photos, seeds = sounds.sources.shape
        sources, scenes = sounds.sources.flatten(), np.repeat(self._scenes, seeds)
        hidden, vectors = _hidden(sounds), self._standard(features.log_mel)
        here = np.isin(real.scenes, self._scenes)
        train = np.isin(real.recordings, self._waveforms.recordings)
        excerpts = self._standard(self._features.log_mel)[train]
        nearest = nearest_excerpt(
            vectors, hidden.flatten(), excerpts=excerpts, recordings=real.recordings[train]
        )
        spread = measure_spread(vectors.reshape(photos, seeds, -1), self._scenes, seed=seed)
        rows = {
            "scene_recognised": mean_over_scenes(
                self._judge.judge(features.log_mel, scenes, sources),
                np.repeat(np.arange(photos), seeds), scenes, seed=seed,
            ),
            "scenes_nearest": scenes_nearest(
                statistics(features), scenes=self._scenes, sources=sounds.sources,
                excerpts=statistics(self._features), excerpt_scenes=real.scenes,
                recordings=real.recordings, seed=seed,
            ),
            **long_term_differences(
                features.mel_db, features.rms_dbfs, scenes=self._scenes, sources=sounds.sources,
                real_spectra=self._features.mel_db, real_levels=self._features.rms_dbfs,
                real_scenes=real.scenes, recordings=real.recordings, seed=seed,
            ),
            "lines_db": mean_over_photos(features.lines_db.reshape(photos, seeds), seed=seed),
            **self._gaps(features, sounds),
            "texture_distance": self._scene_distances.measure(features, sounds.sources, hidden, seed=seed),
            "told_apart": told_apart(
                texture_vectors(features), self._origins(sounds), self._textures[here],
                real.recordings[here], seed=seed,
            ),
            "spread_ratio": (spread.ratio, spread.low, spread.high, photos),
            "nearest_excerpt": mean_over_photos(nearest.reshape(photos, seeds), seed=seed),
            # One sound per photo: it takes long, and who repeats recordings is caught by the first, too.
            "copied": mean_over_photos(
                self._waveforms.copied(sounds.samples[:, 0], hidden[:, 0])[:, None], seed=seed
            ),
            "clicks": mean_over_photos(features.click_ratio.reshape(photos, seeds), seed=seed),
        }  # fmt: skip
        if np.isfinite(sounds.seconds_per_sound) and sounds.name not in _NOT_TIMED:
            factor = sounds.seconds_per_sound * real.sample_rate / sounds.samples.shape[2]
            rows["real_time_factor"] = (factor, np.nan, np.nan, photos * seeds)
        if sounds.name == CEILING:
            rows["judge_accuracy"] = mean_over_scenes(
                self._judge.unheard, real.recordings, real.scenes, seed=seed
            )
        return rows, spread

    def _origins(self, sounds: SystemSounds) -> NDArray[np.int64]:
        """The recording that each sound was taken or is drawn from, -1 where there is none, as `sources`."""
        if sounds.drawn_from is None:
            return sounds.sources
        told = np.vectorize(lambda name: self._real.files.get(name, -1), otypes=[np.int64])(sounds.drawn_from)
        return np.where(sounds.sources < 0, told, sounds.sources)

    def _gaps(self, features: Features, sounds: SystemSounds) -> dict[str, Row]:
        """How far the fine structure of the sounds for each scene lies from that of its recordings."""
        real, own = self._real, self._features

        def gap(*names: str) -> Row:
            values, real_values = (
                np.stack([getattr(of, name) for name in names], 1) for of in (features, own)
            )
            return scene_gaps(
                values, scenes=self._scenes, sources=sounds.sources, real_values=real_values,
                real_scenes=real.scenes, recordings=real.recordings, seed=self._seed,
            )  # fmt: skip

        return {
            "lines_gap_db": gap("lines_db"),
            "peaks_gap_db": gap("peaks_db"),
            "pulses_gap_db": gap("slow_pulses_db", "fast_pulses_db"),
        }

    def floors(self, sounds: SystemSounds | None, features: Features | None) -> dict[str, float]:
        """Say what chance gives, or for the texture what `real`, where it takes part, reaches elsewhere."""
        chance = 1 / len(self._judge.scenes)
        floors = dict.fromkeys(("scene_recognised", "judge_accuracy", "scenes_nearest"), chance)
        floors |= {"spread_ratio": 0.0, "nearest_excerpt": 0.0, "copied": 1.0}
        noise = torch.randn(1, 5 * self._real.sample_rate, generator=torch.Generator().manual_seed(0))
        floors["lines_db"] = float(measure_fine_structure(noise, self._real.sample_rate)["lines_db"])
        if sounds is not None and features is not None:
            floors["texture_distance"] = self._scene_distances.floor(
                features, sounds.sources, _hidden(sounds)
            )
        return floors


def _hidden(sounds: SystemSounds) -> NDArray[np.int64]:
    """The recordings that sounds must not be blamed for repeating, -1 where any would count, as `sources`."""
    return sounds.sources if sounds.name in _STAND_INS else np.full_like(sounds.sources, -1)
