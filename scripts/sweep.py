"""What temperature and guidance do: the same photos drawn with each setting, judged side by side.

    python scripts/sweep.py [--model FILE] [--pairs FOLDER] [--split val] [--seeds 3] [--out FILE]

The rows are the settings, the columns metrics of `photowave evaluate`: mean and standard deviation over the
seeds, each judged by itself. The spread between photos takes all seeds together. Choose defaults on `val`.
"""

import argparse
import csv
import sys
from collections.abc import Sequence
from pathlib import Path

import photowave
from photowave.evaluation.studies.sweep import settings_of, sweep
from photowave.pairs.sources import open_pairs
from photowave.settings import DrawSettings, EvaluateSettings


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse, sweep, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="default", help="a model file, or 'default'")
    parser.add_argument("--pairs", default=None, help="folder or manifest; default: the set of places")
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
    table = sweep(
        photowave.load(given.model),
        open_pairs(given.pairs),
        settings_of(
            DrawSettings(duration_s=given.duration_s, temperature=given.temperature, guidance=given.guidance),
            temperatures=given.temperatures,
            guidances=given.guidances,
            varied=given.varied,
        ),
        EvaluateSettings(split=given.split, photos=given.photos, seeds=given.seeds),
        progress=lambda name: print(f"drawn: {name}", file=sys.stderr, flush=True),
    )
    for cells in table:
        print("| " + " | ".join(cells) + " |")
    if given.out:
        with Path(given.out).open("w", newline="") as file:
            csv.writer(file).writerows(table)


if __name__ == "__main__":
    main()
