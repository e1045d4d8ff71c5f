"""From features to figures: all systems on one footing, each figure beside its floor and its ceiling."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from photowave.evaluation.bootstrap import mean_with_interval
from photowave.evaluation.definitions import DEFINITIONS
from photowave.evaluation.features import Features
from photowave.evaluation.likelihood import Likelihood
from photowave.evaluation.references import Row
from photowave.evaluation.result import Figure
from photowave.evaluation.scene_means import mean_over_scenes
from photowave.evaluation.spread import Spread
from photowave.evaluation.types import SystemSounds
from photowave.evaluation.vectors import Vectors, mean_of_known
from photowave.evaluation.yardstick import CEILING, Yardstick

_BY_SCENE = ("scene_recognised", "scene_rank", "retrieval_mrr", "retrieval_recall_1", "retrieval_recall_5")
"""Figures that ask for the photo's scene: scenes count alike, so that no scene is worth more than another."""
_WITHOUT_CEILING = ("spread_ratio", "judge_accuracy")
"""Figures in which the system `real` is no goal: its recordings are dealt to the photos of a scene by lot."""
_NOT_TIMED = ("model_shuffled",)
"""Systems whose sounds nobody made: they are those of another one."""


def compute_figures(
    yardstick: Yardstick,
    systems: Sequence[SystemSounds],
    features: Sequence[Features],
    *,
    progress: Callable[[int], None] | None = None,
) -> tuple[list[Figure], dict[str, Spread]]:
    """Turn the features of all systems into figures.

    Args:
        yardstick: What real recordings teach.
        systems: The systems; `real` is the ceiling.
        features: The features of each, photo by photo.
        progress: Called with 1 after each system.

    Returns:
        The figures in the order of `DEFINITIONS`, and the spread of each system.
    """
    tables: dict[str, dict[str, Row]] = {name: {} for name in DEFINITIONS}
    spreads: dict[str, Spread] = {}
    for sounds, own in zip(systems, features, strict=True):
        for name, values in yardstick.values(sounds, own).items():
            tables[name][sounds.name] = (
                _by_scene(values, yardstick.photos.scenes, seed=yardstick.seed)
                if name in _BY_SCENE
                else _summary(values, seed=yardstick.seed)
            )
        for name, row in yardstick.from_scene(sounds, own).items():
            tables[name][sounds.name] = row
        spread = spreads[sounds.name] = yardstick.spread(own)
        photos, seeds = sounds.sources.shape
        tables["spread_ratio"][sounds.name] = (spread.ratio, spread.low, spread.high, photos)
        tables["frechet_log_mel"][sounds.name] = (
            yardstick.frechet(sounds, own), np.nan, np.nan, photos * seeds
        )  # fmt: skip
        if np.isfinite(sounds.seconds_per_sound) and sounds.name not in _NOT_TIMED:
            factor = sounds.seconds_per_sound * yardstick.real.sample_rate / sounds.samples.shape[2]
            tables["real_time_factor"][sounds.name] = (factor, np.nan, np.nan, photos * seeds)
        if progress is not None:
            progress(1)
    tables["judge_accuracy"][CEILING] = yardstick.accuracy()
    at = next((index for index, sounds in enumerate(systems) if sounds.name == CEILING), None)
    floors = yardstick.floors(None if at is None else systems[at], None if at is None else features[at])
    ceilings = {
        name: rows[CEILING][0]
        for name, rows in tables.items()
        if CEILING in rows and name not in _WITHOUT_CEILING
    }
    return [
        make_figure(name, system, row, floor=floors.get(name), ceiling=ceilings.get(name))
        for name, rows in tables.items()
        for system, row in rows.items()
    ], spreads


def likelihood_figures(likelihood: Likelihood | None, *, seed: int) -> list[Figure]:
    """Turn scored clips into figures; recordings, not clips, are resampled for the intervals.

    Args:
        likelihood: The scores; None gives no figures.
        seed: Of the bootstrap.
    """
    if likelihood is None:
        return []
    rows: list[tuple[str, str, Vectors]] = [("bits_per_sample", "model", likelihood.own)]
    rows += [("bits_per_sample", name, bits) for name, bits in likelihood.baselines.items()]
    rows += [("bits_per_sample_photo", "model", likelihood.right)]
    rows += [("photo_swap_gain", "model", likelihood.swap_gain)]
    uniform = likelihood.baselines.get("uniform")
    floors: Mapping[str, float | None] = {
        "bits_per_sample": None if uniform is None else mean_of_known(uniform),
        "bits_per_sample_photo": None if uniform is None else mean_of_known(uniform),
        "photo_swap_gain": 0.0,
    }
    figures = []
    for name, system, bits in rows:
        there = np.isfinite(bits)
        if there.any():
            groups = likelihood.recordings[there]
            interval = mean_with_interval(bits[there], groups=groups, seed=seed)
            row = (*interval, int(there.sum()))
            figures.append(make_figure(name, system, row, floor=floors[name], ceiling=None))
    return figures


def make_figure(
    name: str,
    system: str,
    row: Row,
    *,
    floor: float | None,
    ceiling: float | None,
) -> Figure:
    """Complete a figure by its definition.

    Args:
        name: One of `DEFINITIONS`.
        system: Whose sounds it is about.
        row: Value, lower and upper end of the interval, count.
        floor: None if there is none.
        ceiling: None if there is none.
    """
    value, low, high, count = row
    known = DEFINITIONS[name]
    return Figure(
        name=name,
        system=system,
        value=value,
        low=low,
        high=high,
        count=count,
        unit=known.unit,
        better=known.better,
        floor=float("nan") if floor is None else floor,
        ceiling=float("nan") if ceiling is None else ceiling,
    )


def _by_scene(values: Vectors, scenes: NDArray[np.str_], *, seed: int) -> Row:
    """Mean over scenes, and its interval over photos."""
    photos, seeds = values.shape
    return mean_over_scenes(
        values.flatten(), np.repeat(np.arange(photos), seeds), np.repeat(scenes, seeds), seed=seed
    )


def _summary(values: Vectors, *, seed: int) -> Row:
    """Mean and interval over photos, and how many sounds have a value.

    The photos are sorted by their values first: the same sounds under other photos then give the same
    figure to the last bit.
    """
    ordered = values[np.lexsort(values.T[::-1])]
    photos = np.repeat(np.arange(len(values)), values.shape[1])
    there = np.isfinite(ordered.flatten())
    if not there.any():
        return float("nan"), float("nan"), float("nan"), 0
    interval = mean_with_interval(ordered.flatten()[there], groups=photos[there], seed=seed)
    return (*interval, int(there.sum()))
