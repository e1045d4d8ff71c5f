"""What temperature and guidance do: the same photos drawn with each setting, judged side by side.

    python scripts/sweep.py [--model FILE] [--pairs FOLDER] [--split val] [--seeds 1] [--out FILE]

The figures are those of `photowave evaluate`; the rows are the settings. Defaults are chosen on `val`.
"""

import argparse
import csv
import math
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import photowave
from photowave.evaluation.choosing import choose_photos
from photowave.evaluation.judging import judge_systems
from photowave.evaluation.real import load_photos, load_real
from photowave.evaluation.systems import draw_model, real_sounds
from photowave.pairs.opening import Splits, open_pairs

SHOWN = (
    "scene_recognised",
    "scenes_nearest",
    "long_term_spectrum_db",
    "level_difference_db",
    "texture_distance",
    "spread_ratio",
    "clicks",
    "drift_db_per_s",
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="default", help="a model file, or 'default'")
    parser.add_argument("--pairs", default=None, help="folder of scenes or manifest; default: the starters")
    parser.add_argument("--split", default="val", choices=("train", "val", "test"))
    parser.add_argument("--photos", type=int, default=50)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--temperatures", type=float, nargs="+", default=[0.7, 0.8, 0.9, 1.0, 1.1])
    parser.add_argument("--guidances", type=float, nargs="+", default=[0.0, 1.0, 1.5, 2.0])
    parser.add_argument("--temperature", type=float, default=1.0, help="where guidance is swept")
    parser.add_argument("--duration_s", type=float, default=5.0)
    parser.add_argument("--out", default=None, help="CSV file for the table")
    given = parser.parse_args(arguments)
    model = photowave.load(given.model)
    manifest = open_pairs(given.pairs, Splits())
    photos = load_photos(choose_photos(manifest, split=given.split, most=given.photos, seed=0).manifest)
    real = load_real(manifest, audio=model.model.config.audio, duration_s=given.duration_s)
    settings = [(temperature, 1.0) for temperature in given.temperatures]
    settings += [(given.temperature, guidance) for guidance in given.guidances if guidance != 1.0]
    systems = [real_sounds(photos, real, seeds=given.seeds, duration_s=given.duration_s, seed=0)]
    for temperature, guidance in settings:
        drawn = draw_model(
            model,
            photos,
            seeds=given.seeds,
            duration_s=given.duration_s,
            temperature=temperature,
            guidance=guidance,
        )
        systems.append(replace(drawn, name=f"temperature {temperature:g}, guidance {guidance:g}"))
        print(f"drawn: {systems[-1].name}", file=sys.stderr, flush=True)
    figures, _ = judge_systems(
        systems, real, photos, mels=model.model.config.audio.texture_mels, judged=systems[1].name
    )
    values = {(figure.system, figure.name): figure.value for figure in figures}
    table = [["setting", *SHOWN]]
    for system in systems:
        row = [values.get((system.name, name), math.nan) for name in SHOWN]
        table.append([system.name, *(f"{value:.3g}" for value in row)])
    for cells in table:
        print("| " + " | ".join(cells) + " |")
    if given.out:
        with Path(given.out).open("w", newline="") as file:
            csv.writer(file).writerows(table)


if __name__ == "__main__":
    main()
