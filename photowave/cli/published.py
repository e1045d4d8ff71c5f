"""`photowave pairs published`: a manifest for a published set of photos, sounds or videos."""

import csv
import os
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from jsonargparse import ArgumentParser, Namespace

from photowave.atomic import replacing
from photowave.cli.output import show
from photowave.cli.parsing import make_parser, parse
from photowave.errors import ConfigError, PairError
from photowave.progress import telling
from photowave.settings import SplitSettings

if TYPE_CHECKING:
    from photowave.pairs.published.assembling import Assembled

_SHOWN = 10
"""Entries and labels that are told on the terminal; the file beside the manifest has all."""


def build_parser(command: str) -> ArgumentParser:
    """Make the parser."""
    parser = make_parser(
        command,
        "Writes a manifest for a published set, as it was unpacked into a folder. Without a set, lists those "
        "that can be read.",
    )
    parser.add_argument("set", nargs="?", metavar="SET", help="its name, such as vggsound")
    parser.add_argument("folder", nargs="?", metavar="FOLDER", help="where it was unpacked")
    parser.add_argument("--out", metavar="OUT.csv", help="the manifest to write")
    parser.add_argument(
        "--map",
        metavar="FILE",
        help="CSV with label,place: which label is which place; without it, the map that ships for the set",
    )
    parser.add_argument(
        "--write_map", metavar="FILE", help="write the map that ships for the set, to edit it, and end"
    )
    parser.add_argument(
        "--photos",
        metavar="PHOTOS",
        help="photos to go with the sounds: a folder with a folder for each place, or a manifest",
    )
    parser.add_argument(
        "--media",
        metavar="FOLDER",
        help="where frames and sounds of videos are written; without it, OUT_media beside the manifest",
    )
    parser.add_class_arguments(SplitSettings, "splits")
    parser.add_argument("--overwrite", action="store_true", help="replace files that are there")
    return parser


def run(command: str, arguments: Sequence[str]) -> int:
    """Parse; list the sets, copy a map, or read a set and write its manifest."""
    parsed = parse(build_parser(command), arguments)
    from photowave.pairs.published.places import copy_map
    from photowave.pairs.published.registry import SETS, published_set

    if parsed.set is None:
        width = max(map(len, SETS))
        for name, known in SETS.items():
            show(f"{name:{width}}  {known.title}: {known.holds} ({known.size})", indent=width + 2)
        return 0
    known = published_set(parsed.set)
    if not known.labelled and (parsed.map or parsed.write_map):
        raise ConfigError(f"{known.title} has no labels, so there is nothing to map. Leave the map out.")
    if parsed.write_map is not None:
        copy_map(parsed.set, Path(parsed.write_map), overwrite=parsed.overwrite)
        print(f"{parsed.set} -> {parsed.write_map}")
        return 0
    if parsed.folder is None or parsed.out is None:
        raise ConfigError(
            f"'photowave {command} {parsed.set}' needs a folder and --out. Such as: photowave {command} "
            f"{parsed.set} FOLDER --out pairs.csv"
        )
    return _make(parsed)


def _make(parsed: Namespace) -> int:
    """Read the set, write manifest and list of what was left out, tell both."""
    from photowave.pairs.manifest import write_manifest
    from photowave.pairs.published.assembling import assemble
    from photowave.pairs.published.photos import read_photos
    from photowave.pairs.published.places import map_path, read_map
    from photowave.pairs.published.registry import published_set

    known, out = published_set(parsed.set), Path(parsed.out)
    listed = out.with_name(f"{out.stem}_left_out.csv")
    for path in (out, listed):
        if path.exists() and not parsed.overwrite:
            raise PairError(
                f"{path} is there already, and may have been edited by hand. Choose another name, or give "
                "--overwrite to replace it."
            )
    folder = Path(os.path.normpath(Path(parsed.folder).absolute()))
    places = read_map(Path(parsed.map) if parsed.map else map_path(parsed.set)) if known.labelled else None
    sources = [known.read(folder)]
    if parsed.photos is not None:
        sources.append(read_photos(Path(parsed.photos)))
    media = Path(parsed.media) if parsed.media else out.with_name(f"{out.stem}_media")
    with telling(f"entries of {parsed.set}") as step:
        done = assemble(
            sources,
            places,
            folder=folder,
            media=media.absolute(),
            splits=parsed.splits,
            progress=step,
        )
    if done.rows:
        write_manifest(out, done.rows)
    _write_left_out(listed, done)
    _tell(done, out, listed)
    if not done.rows:
        raise PairError(
            f"{known.title}: none of its {done.entries} entries can serve; {listed} says why. "
            "Unpack what is missing, or give a map for its labels."
        )
    return int(bool(done.left_out))


def _write_left_out(path: Path, done: "Assembled") -> None:
    """List what is left out: each entry with its reason, and each label without a place with its entries."""
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("entry", "entries", "reason"))
        for entry in done.left_out:
            writer.writerow((_text(entry.name), 1, _text(entry.reason)))
        for label, count in done.without_place.most_common():
            writer.writerow((_text(label), count, "the map gives this label no place"))


def _tell(done: "Assembled", out: Path, listed: Path) -> None:
    """Say in a few lines what became of the set."""
    counts = Counter(row.split for row in done.rows)
    if done.rows:
        print(f"{out}: " + ", ".join(f"{counts[name]} {name}" for name in ("train", "val", "test")))
    if done.without_place:
        shown = ", ".join(f"{_text(label)} ({n})" for label, n in done.without_place.most_common(_SHOWN))
        more = ", ..." if len(done.without_place) > _SHOWN else ""
        print(f"without a place: {done.without_place.total()} of {done.entries} entries: {shown}{more}")
    for entry in done.left_out[:_SHOWN]:
        print(f"photowave: {_text(entry.name)}: {_text(entry.reason)}.", file=sys.stderr)
    if done.left_out:
        print(f"left out: {len(done.left_out)} of {done.entries} entries, see {listed}")


def _text(text: str) -> str:
    """One line that any encoding of Unicode can write."""
    return " ".join(text.encode("utf-8", "backslashreplace").decode().split())
