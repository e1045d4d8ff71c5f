"""How well does a model name the places of photos, and does it notice what is none of them?

    python scripts/name_places.py [--model FILE] [--pairs FOLDER] [--splits test] [--strangers FOLDER]
                                  [--out FILE]

Asks the model for the place of each photo of some splits. Prints the share that is accepted (the photo's own
place, or one of the column `also`), how sure the model is on average, the expected calibration error, and the
share of photos of known places that it takes for none. `--strangers` names a folder of photos of no place
that it knows, searched below its first level, too, such as `scripts/make_strangers.py` makes: the share that
it notices is printed as well.
"""

import argparse
import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

import photowave
from photowave.evaluation.studies.named_places import measure_places
from photowave.image import find_photos
from photowave.pairs.sources import open_pairs


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="default", help="a model file, or 'default'")
    parser.add_argument("--pairs", default=None, help="folder or manifest; default: the set of places")
    parser.add_argument("--splits", default="test", help="such as val,test")
    parser.add_argument("--strangers", default=None, help="folder of photos of no known place")
    parser.add_argument("--out", default=None, help="a JSON file to write, too")
    parsed = parser.parse_args(arguments)
    found = measure_places(
        photowave.load(parsed.model),
        open_pairs(parsed.pairs),
        splits=parsed.splits.split(","),
        strangers=[] if parsed.strangers is None else find_photos(parsed.strangers, recursive=True),
    )
    print(f"{found.photos} photos of known places ({parsed.splits})")
    print(f"accepted {found.accepted:.1%}, strictly {found.strict:.1%}")
    print(f"mean confidence {found.confidence:.1%}, expected calibration error {found.calibration_error:.1%}")
    print(f"taken for no known place {found.false_alarms:.1%}")
    if found.strangers:
        print(f"{found.strangers} photos of no known place: noticed {found.caught:.1%}")
    if parsed.out is not None:
        Path(parsed.out).write_text(json.dumps(dataclasses.asdict(found), indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
