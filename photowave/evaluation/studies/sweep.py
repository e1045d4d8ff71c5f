"""What temperature and guidance do: the same photos drawn with each setting, judged side by side."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from photowave.evaluation.judging.systems import judge_systems
from photowave.evaluation.sounds.photos import choose_photos, load_photos
from photowave.evaluation.sounds.recordings import load_real
from photowave.evaluation.sounds.retrieved import real_sounds
from photowave.evaluation.sounds.systems import draw_model
from photowave.evaluation.sounds.types import EvaluatedPhotos, RealSounds, Request, SystemSounds
from photowave.generation import SoundscapeGenerator
from photowave.pairs.manifest import Manifest
from photowave.settings import DrawSettings, EvaluateSettings

BY_SEED = (
    "scene_recognised",
    "scenes_nearest",
    "long_term_spectrum_db",
    "level_difference_db",
    "texture_distance",
    "clicks",
)
"""Metrics that are taken of each seed by itself."""
TOGETHER = "spread_ratio"
"""The metric that is taken of all seeds at once."""


@dataclass(frozen=True)
class Setting:
    """One row of a sweep."""

    draw: DrawSettings
    """How to draw; seed and variation are not used."""
    varied: bool = False
    """Every seed is also another variation."""

    def __str__(self) -> str:
        """Name the setting in a table."""
        varied = ", varied" if self.varied else ""
        return f"temperature {self.draw.temperature:g}, guidance {self.draw.guidance:g}{varied}"


def settings_of(
    draw: DrawSettings, *, temperatures: Sequence[float], guidances: Sequence[float], varied: bool = False
) -> list[Setting]:
    """List the settings of a sweep, each once.

    The temperature of `draw` is that of the swept guidances, its guidance that of the swept temperatures. If
    `varied`, in a last row every seed is also another variation.
    """
    rows = [Setting(replace(draw, temperature=temperature)) for temperature in temperatures]
    rows += [Setting(replace(draw, guidance=guidance)) for guidance in guidances]
    return list(dict.fromkeys(rows)) + [Setting(draw, varied=True)] * varied


def sweep(
    model: SoundscapeGenerator,
    manifest: Manifest,
    settings: Sequence[Setting],
    evaluate: EvaluateSettings,
    *,
    progress: Callable[[str], None] | None = None,
) -> list[list[str]]:
    """Draw and judge the same photos with each setting.

    Args:
        model: What draws.
        manifest: All splits.
        settings: The rows; their sounds must have one length.
        evaluate: Split, photos and seeds. Choose defaults on `val`.
        progress: Called with the name of each setting once its sounds are drawn.

    Returns:
        A table: its head, real recordings, and each setting; mean and standard deviation over the seeds.
    """
    audio, seeds, duration_s = model.model.config.audio, evaluate.seeds, settings[0].draw.duration_s
    photos = load_photos(
        choose_photos(manifest, split=evaluate.split, most=evaluate.photos, seed=evaluate.seed).manifest
    )
    real = load_real(manifest, audio=audio, duration_s=duration_s)
    systems = [real_sounds(Request(photos, real, seeds, duration_s, evaluate.seed))]
    for setting in settings:
        drawn = draw_model(model, photos, setting.draw, seeds=seeds, varied=setting.varied)
        systems.append(replace(drawn, name=str(setting)))
        if progress is not None:
            progress(str(setting))
    mels = audio.texture_mels
    by_seed = [_judged(systems, real, photos, mels, slice(seed, seed + 1)) for seed in range(seeds)]
    together = _judged(systems, real, photos, mels, slice(None)) if seeds > 1 else {}
    table = [["setting", *BY_SEED, TOGETHER]]
    for system in systems:
        row = [[values.get((system.name, name), math.nan) for values in by_seed] for name in BY_SEED]
        last = together.get((system.name, TOGETHER), math.nan)
        table.append([system.name, *map(cell, row), f"{last:.3g}"])
    return table


def cell(values: Sequence[float]) -> str:
    """Write mean, and standard deviation where there are several.

    Example:
        >>> cell([1.0, 3.0])
        '2 +- 1.4'
    """
    spread = f" +- {np.std(values, ddof=1):.2g}" if len(values) > 1 else ""
    return f"{np.mean(values):.3g}{spread}"


def _judged(
    systems: list[SystemSounds], real: RealSounds, photos: EvaluatedPhotos, mels: int, seeds: slice
) -> dict[tuple[str, str], float]:
    """Judge some of the seeds: value of each metric, by system and name."""
    part = [system.of_seeds(seeds) for system in systems]
    metrics, _ = judge_systems(part, real, photos, mels=mels, judged=part[1].name)
    return {(metric.system, metric.name): metric.value for metric in metrics}
