"""Does a sound fit a photo that no training saw? Every photo is held out once.

    python scripts/cross_validate.py [--model FILE] [--pairs FOLDER] [--folds 5] [--repeats 3] [--told]

Prints means over the repeats and their spread; see `photowave.evaluation.studies.cross_validation`. With
`--told`, the right scene is given in place of what the map makes of the photo.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np

import photowave
from photowave.evaluation.studies.cross_validation import cross_validate
from photowave.pairs.sources import open_pairs
from photowave.settings import DrawSettings


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse, cross-validate, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="default", help="a model file, or 'default'")
    parser.add_argument("--pairs", default=None, help="folder or manifest; default: the set of places")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--penalty", type=float, default=0.1, help="prior_penalty of the training")
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--guidance", type=float, default=1.0)
    parser.add_argument("--duration_s", type=float, default=5.0)
    parser.add_argument("--told", action="store_true", help="give the right scene in place of the map's")
    parser.add_argument("--out", default=None, help="JSON file for the metrics")
    given = parser.parse_args(arguments)
    model = photowave.load(given.model)
    found = cross_validate(
        model,
        open_pairs(given.pairs),
        DrawSettings(duration_s=given.duration_s, temperature=given.temperature, guidance=given.guidance),
        folds=given.folds,
        repeats=given.repeats,
        penalty=given.penalty,
        told=given.told,
        progress=partial(print, flush=True),
    )
    print(f"{found.photos} photos, each unseen once, scenes counting alike; chance {1 / found.scenes:.0%}")
    shares = {
        "photo to scene": found.photo_to_scene,
        "sounds recognised": found.recognised,
        "of split test": found.recognised_test,
    }
    for name, values in shares.items():
        print(f"  {name:22} {np.mean(values):.1%} (standard deviation over repeats {np.std(values):.1%})")
    for name, values in found.compared.items():
        print(f"  {name:22} {np.mean(values):.2f} ({np.std(values):.2f})")
    if given.out:
        settings = {
            name: vars(given)[name] for name in ("folds", "repeats", "temperature", "guidance", "told")
        }
        result = {"model_sha256": model.loaded.sha256, **settings, **asdict(found)}
        Path(given.out).write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
