"""What temperature and guidance do: the same photos drawn with each setting, judged side by side.

    python scripts/sweep.py [--model FILE] [--pairs FOLDER] [--split val] [--seeds 3] [--out FILE]

The figures are those of `photowave evaluate`; the rows are the settings. Every seed is judged by itself:
given are mean and standard deviation over the seeds. The spread between photos takes all seeds together.
Defaults are chosen on `val`.
"""

import argparse
import csv
import math
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

import photowave
from photowave.evaluation.choosing import choose_photos
from photowave.evaluation.judging import judge_systems
from photowave.evaluation.real import load_photos, load_real
from photowave.evaluation.systems import draw_model, real_sounds
from photowave.evaluation.types import EvaluatedPhotos, RealSounds, SystemSounds
from photowave.pairs.opening import Splits, open_pairs

SHOWN = (
    "scene_recognised",
    "scenes_nearest",
    "long_term_spectrum_db",
    "level_difference_db",
    "texture_distance",
    "clicks",
    "drift_db_per_s",
)
TOGETHER = "spread_ratio"
"""What is asked of all seeds at once."""

Values = dict[tuple[str, str], float]
"""Value of each figure, by system and name."""


def judged(
    systems: list[SystemSounds], real: RealSounds, photos: EvaluatedPhotos, *, mels: int, seeds: slice
) -> Values:
    """Judge some of the seeds."""
    part = [replace(s, samples=s.samples[:, seeds], sources=s.sources[:, seeds]) for s in systems]
    figures, _ = judge_systems(part, real, photos, mels=mels, judged=part[1].name)
    return {(figure.system, figure.name): figure.value for figure in figures}


def cell(values: list[float]) -> str:
    """Mean, and standard deviation where there are several."""
    spread = f" +- {np.std(values, ddof=1):.2g}" if len(values) > 1 else ""
    return f"{np.mean(values):.3g}{spread}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="default", help="a model file, or 'default'")
    parser.add_argument("--pairs", default=None, help="folder of scenes or manifest; default: the starters")
    parser.add_argument("--split", default="val", choices=("train", "val", "test"))
    parser.add_argument("--photos", type=int, default=50)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--temperatures", type=float, nargs="+", default=[0.7, 0.8, 0.9, 1.0, 1.1])
    parser.add_argument("--guidances", type=float, nargs="+", default=[0.0, 1.0, 1.5, 2.0])
    parser.add_argument("--temperature", type=float, default=1.0, help="where guidance is swept")
    parser.add_argument("--guidance", type=float, default=1.0, help="where temperature is swept")
    parser.add_argument("--varied", action="store_true", help="a last row: every seed another variation")
    parser.add_argument("--duration_s", type=float, default=5.0)
    parser.add_argument("--out", default=None, help="CSV file for the table")
    given = parser.parse_args(arguments)
    model = photowave.load(given.model)
    manifest = open_pairs(given.pairs, Splits())
    photos = load_photos(choose_photos(manifest, split=given.split, most=given.photos, seed=0).manifest)
    real = load_real(manifest, audio=model.model.config.audio, duration_s=given.duration_s)
    settings = [(temperature, given.guidance, False) for temperature in given.temperatures]
    settings += [(given.temperature, guidance, False) for guidance in given.guidances]
    settings = list(dict.fromkeys(settings))
    if given.varied:
        settings.append((given.temperature, given.guidance, True))
    systems = [real_sounds(photos, real, seeds=given.seeds, duration_s=given.duration_s, seed=0)]
    for temperature, guidance, varied in settings:
        drawn = draw_model(
            model,
            photos,
            seeds=given.seeds,
            duration_s=given.duration_s,
            temperature=temperature,
            guidance=guidance,
            varied=varied,
        )
        name = f"temperature {temperature:g}, guidance {guidance:g}{', varied' if varied else ''}"
        systems.append(replace(drawn, name=name))
        print(f"drawn: {name}", file=sys.stderr, flush=True)
    mels = model.model.config.audio.texture_mels
    by_seed = [
        judged(systems, real, photos, mels=mels, seeds=slice(seed, seed + 1)) for seed in range(given.seeds)
    ]
    together = judged(systems, real, photos, mels=mels, seeds=slice(None)) if given.seeds > 1 else {}
    table = [["setting", *SHOWN, TOGETHER]]
    for system in systems:
        row = [[values.get((system.name, name), math.nan) for values in by_seed] for name in SHOWN]
        last = together.get((system.name, TOGETHER), math.nan)
        table.append([system.name, *map(cell, row), f"{last:.3g}"])
    for cells in table:
        print("| " + " | ".join(cells) + " |")
    if given.out:
        with Path(given.out).open("w", newline="") as file:
            csv.writer(file).writerows(table)


if __name__ == "__main__":
    main()
