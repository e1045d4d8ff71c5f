"""`photowave pairs make`: a manifest for a collection."""

import shlex
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from jsonargparse import ArgumentParser

from photowave.cli.parsing import make_parser, parse
from photowave.errors import PairError
from photowave.progress import counted
from photowave.settings import SplitSettings


def build_parser(command: str) -> ArgumentParser:
    """Make the parser."""
    parser = make_parser(
        command,
        "Writes a manifest for a collection: a folder by place, photos and sounds of equal names, two "
        "folders by label, a folder of videos, or a table whose rows shall be split.",
    )
    parser.add_argument("folder", metavar="FOLDER", help="the folder, that of the photos, or a table (CSV)")
    parser.add_argument(
        "sounds", metavar="SOUNDS", nargs="?", help="the folder of the sounds, if it is another"
    )
    parser.add_argument("--out", metavar="OUT.csv", required=True, help="the manifest to write")
    parser.add_argument(
        "--layout",
        type=Literal["places", "stems", "labels", "videos", "table"] | None,
        default=None,
        help="how the collection is laid out; guessed if it is not given",
    )
    parser.add_argument(
        "--labels",
        metavar="MAP.csv",
        help="which place each label stands for (kind,label,place); written to be edited if it is not there",
    )
    parser.add_argument(
        "--group", metavar="COLUMN", help="column of a table: rows with the same entry stay in one split"
    )
    parser.add_argument(
        "--stable",
        type=bool | None,
        default=None,
        help="whether new files must not move old ones to another split (the shares are then met on average "
        "only); by default true, but false for a folder by place",
    )
    parser.add_argument(
        "--excerpt_s", type=float, default=10.0, help="length of the excerpts of videos, in s"
    )
    parser.add_argument(
        "--excerpts",
        metavar="FOLDER",
        help="where the excerpts of videos go; by default a folder beside the manifest",
    )
    parser.add_class_arguments(SplitSettings, "splits")
    parser.add_argument("--overwrite", action="store_true", help="replace a manifest that is there")
    return parser


def run(command: str, arguments: Sequence[str]) -> int:
    """Parse, list, write."""
    parsed = parse(build_parser(command), arguments)
    out, labels = Path(parsed.out), None if parsed.labels is None else Path(parsed.labels)
    sounds = None if parsed.sounds is None else Path(parsed.sounds)
    if out.exists() and not parsed.overwrite:
        raise PairError(
            f"{out} is there already, and may have been edited by hand. Choose another name, or give "
            "--overwrite to replace it."
        )
    if not parsed.excerpt_s >= 1.0:
        raise PairError(f"excerpt_s={parsed.excerpt_s:g}: must be at least 1 second. The default is 10.")
    from photowave.pairs.dealing import lacking
    from photowave.pairs.making import make_pairs

    if labels is not None and sounds is not None and not labels.exists():
        return _draft(Path(parsed.folder), sounds, labels)
    made = make_pairs(
        Path(parsed.folder),
        out,
        sounds=sounds,
        layout=parsed.layout,
        labels=labels,
        group=parsed.group,
        stable=parsed.stable,
        excerpt_s=parsed.excerpt_s,
        excerpts=None if parsed.excerpts is None else Path(parsed.excerpts),
        splits=parsed.splits,
        progress=lambda videos: counted(videos, "videos", len(videos)),
    )
    for text in (*made.left_out, *made.failed):
        print(f"photowave: left out: {text}", file=sys.stderr)
    counts = Counter(row.split for row in made.rows)
    print(f"{out}: " + ", ".join(f"{counts[name]} {name}" for name in ("train", "val", "test")))
    remedy = "Add files, or edit the column split."
    if parsed.stable is not False and not made.exact:
        again = f"photowave pairs make {shlex.quote(str(out))} --stable false --out ANOTHER.csv"
        remedy = f"For exact shares: {again}"
    for text in lacking(made.rows, parsed.splits):
        print(f"photowave: {text}. {remedy}", file=sys.stderr)
    return 1 if made.failed else 0


def _draft(photos: Path, sounds: Path, labels: Path) -> int:
    """Write a map of labels to be edited."""
    from photowave.pairs.labels import draft_labels
    from photowave.pairs.layouts import labelled

    drafted = draft_labels(labels, ((kind, label) for kind, label, _ in labelled(photos, sounds)))
    empty = sum(not place for place in drafted.values())
    print(
        f"{labels}: written, {len(drafted)} labels, {empty} of them without a place. Fill in the places, "
        "then run the same command again."
    )
    return 1
