"""Do sounds for unseen photos pass for recordings of the place? Judged by trees, beside recordings.

    python scripts/judge_sounds.py [--model FILE] [--pairs FOLDER] [--split test] [--seeds 3]
                                   [--sample_rate 16000]

Draws for all photos of a split whose place has recordings. Prints a table: the model's sounds, and
excerpts of the training recordings whose textures it draws. These tell what the map from photo to place
leaves.
"""

import argparse
import dataclasses
from collections.abc import Sequence

import photowave
from photowave.evaluation.studies.judged_sounds import judge_sounds
from photowave.pairs.sources import open_pairs
from photowave.settings import DrawSettings


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse, draw and judge, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="default", help="a model file, or 'default'")
    parser.add_argument("--pairs", default=None, help="folder or manifest; default: the set of places")
    parser.add_argument("--split", default="test", choices=("train", "val", "test"))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--duration_s", type=float, default=5.0)
    parser.add_argument("--sample_rate", type=int, default=None, help="of judging; default: the model's")
    given = parser.parse_args(arguments)
    draw = DrawSettings(duration_s=given.duration_s)
    found, unheard = judge_sounds(
        photowave.load(given.model), open_pairs(given.pairs), draw,
        split=given.split, seeds=given.seeds, sample_rate=given.sample_rate,
    )  # fmt: skip
    plain = {name: dataclasses.asdict(judged) for name, judged in found.items()}
    print(f"{'':24}" + "".join(f"{name:>12}" for name in plain))
    for name in next(iter(plain.values())):
        print(f"{name:24}" + "".join(f"{judged[name]:12.3f}" for judged in plain.values()))
    print(
        f"unheard recordings of the split named right: {unheard[0]:.3f}, among three guesses {unheard[1]:.3f}"
    )


if __name__ == "__main__":
    main()
