"""From sounds to metrics and verdict, whoever made the sounds."""

from collections.abc import Callable, Sequence

import numpy as np

from photowave.errors import ConfigError
from photowave.evaluation.features.measuring import measure
from photowave.evaluation.judging.verdict import verdict
from photowave.evaluation.judging.yardstick import CEILING, Yardstick
from photowave.evaluation.metrics.definitions import DEFINITIONS
from photowave.evaluation.metrics.intervals import mean_with_interval
from photowave.evaluation.metrics.likelihood import Likelihood
from photowave.evaluation.metrics.metric import Metric, make_metric
from photowave.evaluation.metrics.vectors import mean_of_known
from photowave.evaluation.sounds.types import EvaluatedPhotos, RealSounds, SystemSounds

Progress = Callable[[str, float, float], None]
"""Called with what is being done, how much was just done, and how much it is in all."""
_WITHOUT_CEILING = ("spread_ratio", "judge_accuracy")
"""Metrics in which the system `real` is no goal: its recordings are dealt to the photos of a scene by lot."""


def judge_systems(
    systems: Sequence[SystemSounds],
    real: RealSounds,
    photos: EvaluatedPhotos,
    *,
    mels: int = 40,
    seed: int = 0,
    judged: str = "model",
    likelihood: Likelihood | None = None,
    progress: Progress | None = None,
) -> tuple[list[Metric], str]:
    """Judge sounds: metrics of all systems in the order of `DEFINITIONS`, and the verdict on `judged`.

    `real` are recordings in excerpts as long as the sounds, and the system `real` gives the ceilings. All
    chance follows from `seed`. The metrics of the `likelihood`, if that was measured, join the others.

    Raises:
        ConfigError: There is no system of the name `judged`.
        PairError: There are too few scenes or recordings.
        MediaError: Sounds are too short, NaN or infinite.
    """
    names = [sounds.name for sounds in systems]
    if judged not in names:
        raise ConfigError(f"judged={judged!r}: no such system; there are {', '.join(names)}. Name one.")
    tell = progress or (lambda what, done, total: None)
    parts = [real.samples, *(sounds.samples.flatten(0, 1) for sounds in systems)]
    total = sum(map(len, parts))
    of_real, *features = measure(
        parts, sample_rate=real.sample_rate, mels=mels,
        progress=lambda done: tell("measuring sounds", done, total),
    )  # fmt: skip
    yardstick = Yardstick(real, of_real, photos, seed=seed)
    rows, spreads = {}, {}
    for sounds, own in zip(systems, features, strict=True):
        rows[sounds.name], spreads[sounds.name] = yardstick.measure(sounds, own)
        tell("comparing", 1, len(systems))
    at = names.index(CEILING) if CEILING in names else None
    floors = yardstick.floors(*((None, None) if at is None else (systems[at], features[at])))
    of_ceiling = {name: row[0] for name, row in rows.get(CEILING, {}).items() if name not in _WITHOUT_CEILING}
    metrics = [
        make_metric(name, system, row, floor=floors.get(name), ceiling=of_ceiling.get(name))
        for system, of_system in rows.items()
        for name, row in of_system.items()
    ]
    metrics += likelihood_metrics(likelihood, seed=seed)
    metrics.sort(key=lambda metric: list(DEFINITIONS).index(metric.name))
    found = {(metric.name, metric.system): metric for metric in metrics}
    return metrics, verdict(
        found["scene_recognised", judged],
        spreads[judged],
        texture=found["texture_distance", judged],
        swap_gain=found.get(("photo_swap_gain", judged)),
        nearest=found["nearest_excerpt", judged],
        nearest_of_real=found.get(("nearest_excerpt", CEILING)),
    )


def likelihood_metrics(likelihood: Likelihood | None, *, seed: int) -> list[Metric]:
    """Turn scored clips into metrics; recordings, not clips, are resampled for the intervals."""
    if likelihood is None:
        return []
    rows = [
        ("bits_per_sample", "model", likelihood.own),
        *(("bits_per_sample", name, bits) for name, bits in likelihood.baselines.items()),
        ("bits_per_sample_photo", "model", likelihood.right),
        ("photo_swap_gain", "model", likelihood.swap_gain),
    ]
    uniform = likelihood.baselines.get("uniform")
    of_uniform = None if uniform is None else mean_of_known(uniform)
    metrics = []
    for name, system, bits in rows:
        there = np.isfinite(bits)
        if there.any():
            groups = likelihood.recordings[there]
            row = (*mean_with_interval(bits[there], groups=groups, seed=seed), int(there.sum()))
            floor = 0.0 if name == "photo_swap_gain" else of_uniform
            metrics.append(make_metric(name, system, row, floor=floor))
    return metrics
