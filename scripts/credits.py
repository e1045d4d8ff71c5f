"""Writes who made the recordings that a model learned from, in a form that can be pasted.

Usage: python scripts/credits.py > photowave/pretrained/CREDITS.md
"""

import csv
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

LIST = Path(__file__).resolve().parent.parent / "data" / "places.csv"
_PLAIN = str.maketrans({"|": "/", "<": "(", ">": ")", "\n": " "})

Line = Mapping[str, str]


def credit_lines(lines: Sequence[Line]) -> Iterable[str]:
    """Give the text line by line: recordings by place and author, then licences of photos.

    Args:
        lines: Lines of the list of places; those of the training part count.
    """
    learned = [line for line in lines if line["split"] == "train"]
    sounds = [line for line in learned if line["kind"] == "sound"]
    photos = [line for line in learned if line["kind"] == "photo" and not _binds(line["licence"])]
    authors = {line["author"] or line["source"] for line in sounds}
    yield "# Credits"
    yield ""
    yield f"The decoder learned from {len(sounds)} recordings by {len(authors)} authors or collections. All"
    yield "are in the public domain or under CC0, CC BY, MIT or BSD; none is share-alike or under the GPL."
    place = None
    for line in sorted(sounds, key=lambda line: (line["place"], line["author"].lower(), line["file"])):
        if line["place"] != place:
            place = line["place"]
            yield from ("", f"## {place}", "")
        yield f"- {_credit(line)}"
    yield from ("", "## Photos", "")
    yield f"The map from photo to place was fitted on features of {len(photos)} photos under these licences;"
    yield "none is share-alike or under the GPL:"
    yield from ("", "| licence | photos |", "|---|--:|")
    for licence, count in Counter(line["licence"] for line in photos).most_common():
        yield f"| {licence} | {count} |"


def _binds(licence: str) -> bool:
    """Whether a licence binds what is made of the file; `scripts/build_places.py` leaves such photos out."""
    return "-SA" in licence or "GPL" in licence


def _credit(line: Line) -> str:
    """Such as `birds (forest.ogg) by Somebody, CC-BY-4.0, https://...`."""
    parts = [f"`{Path(line['file']).name}`", "by " + (line["author"] or line["source"]), line["licence"]]
    parts += [line["origin"]] if line["origin"].startswith("http") else []
    return ", ".join(part.translate(_PLAIN) for part in parts)


def main() -> int:
    """Print the credits."""
    with LIST.open(encoding="utf-8", newline="") as file:
        sys.stdout.writelines(f"{text}\n" for text in credit_lines(list(csv.DictReader(file))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
