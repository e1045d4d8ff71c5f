"""Does a long sound stay what it is? Level and spectrum along it, and how it begins.

    python scripts/long_sounds.py [--model FILE] [--pairs FOLDER] [--duration_s 30] [--photos 1] [--seeds 2]
                                  [--out FILE]

Draws photos of each scene for half a minute, cuts the sounds into stretches of five seconds, and prints:

- level of each stretch against that of the recordings which the model was trained on for this scene, in dB;
- slope of the level over the whole sound, in dB per minute;
- mean absolute difference between the mel spectra of the first and of the last stretch, in dB, beside that of
  neighbouring stretches: without a drift the two are alike;
- loudest sample of the first 20 ms against the loudest of the second after it: a click lies far above 1;
- level of whole sounds against these recordings, against the one recording whose texture the photo was given,
  and against what the model asks of all recordings alike.

`--clip_s`, `--window_s` and `--fade_s` are those of the training; by default those of the recipe `scenes`.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import photowave
from photowave import recipes
from photowave.evaluation.studies.long_sounds import draw_long_sounds
from photowave.pairs.sources import open_pairs
from photowave.settings import DataSettings, DrawSettings

MOST_OFF_DB = 3.0


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse, draw and measure, print."""
    usual = recipes.load("scenes").data
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="default", help="a model file, or 'default'")
    parser.add_argument("--pairs", default=None, help="folder or manifest; default: the set of places")
    parser.add_argument("--split", default="val", choices=("train", "val", "test"))
    parser.add_argument("--photos", type=int, default=1, help="photos of each scene")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--duration_s", type=float, default=30.0)
    for name in ("clip_s", "window_s", "fade_s"):
        parser.add_argument(f"--{name}", type=float, default=getattr(usual, name), help="as in the training")
    parser.add_argument("--out", default=None, help="JSON file for the numbers")
    given = parser.parse_args(arguments)
    model = photowave.load(given.model)
    found = draw_long_sounds(
        model,
        open_pairs(given.pairs),
        DataSettings(clip_s=given.clip_s, window_s=given.window_s, fade_s=given.fade_s),
        DrawSettings(duration_s=given.duration_s),
        split=given.split,
        photos=given.photos,
        seeds=given.seeds,
    )
    course = found.course
    level_db = course.level_dbfs - found.of_scene_dbfs[:, None]
    print("level of each stretch against that of the scene's recordings in training, dB")
    for scene, row in zip(found.scenes, level_db, strict=True):
        print(f"  {scene:16} " + " ".join(f"{value:+5.1f}" for value in row))
    values = {
        "slope_db_per_min": course.slope_db_per_min,
        "first_to_last_db": course.first_to_last_db,
        "neighbours_db": course.neighbours_db,
        "beginning": course.beginning,
    }
    for name, of_sounds in values.items():
        mean, spread, most = of_sounds.mean(), of_sounds.std(), np.abs(of_sounds).max()
        print(f"{name:17} {mean:+.2f} +- {spread:.2f}, largest {most:.2f}")
    whole = {
        "that of the scene": found.whole_dbfs - found.of_scene_dbfs,
        f"{found.asked_dbfs:g} dBFS": found.whole_dbfs - found.asked_dbfs,
        "that of its own recording": found.whole_dbfs - found.of_recording_dbfs,
    }
    for what, off in whole.items():
        if np.isfinite(off).all():
            print(
                f"level of a whole from {what}: {np.abs(off).mean():.2f} dB off, largest "
                f"{np.abs(off).max():.2f}, {int((np.abs(off) > MOST_OFF_DB).sum())} of {len(off)} sounds "
                f"more than {MOST_OFF_DB:g} dB off"
            )
    if given.out:
        values |= {
            "level_db": level_db,
            **dict(
                zip(
                    ("whole_db", "whole_db_from_asked", "whole_db_from_recording"),
                    whole.values(),
                    strict=True,
                )
            ),
        }
        listed = {name: of_sounds.tolist() for name, of_sounds in values.items()}
        result = {"model_sha256": model.loaded.sha256, "scenes": found.scenes, **listed}
        Path(given.out).write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
