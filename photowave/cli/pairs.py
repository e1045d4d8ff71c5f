"""`photowave pairs`: a manifest for a folder of scenes."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from jsonargparse import ArgumentParser

from photowave.cli.parsing import make_parser, parse
from photowave.errors import PairError
from photowave.settings import SplitSettings


def build_parser(command: str) -> ArgumentParser:
    """Make the parser."""
    parser = make_parser(command, "Writes a manifest for FOLDER/<scene>/photos and FOLDER/<scene>/sounds.")
    parser.add_argument("folder", metavar="FOLDER", help="the folder of scenes")
    parser.add_argument("out", metavar="OUT.csv", help="the manifest to write")
    parser.add_class_arguments(SplitSettings, "splits")
    parser.add_argument("--overwrite", action="store_true", help="replace a manifest that is there")
    return parser


def run(command: str, arguments: Sequence[str]) -> int:
    """Parse, list, write."""
    parsed = parse(build_parser(command), arguments)
    if Path(parsed.out).exists() and not parsed.overwrite:
        raise PairError(
            f"{parsed.out} is there already, and may have been edited by hand. Choose another name, or give "
            "--overwrite to replace it."
        )
    from photowave.pairs.manifest import write_manifest
    from photowave.pairs.table import scene_table

    rows = scene_table(parsed.folder, parsed.splits)
    write_manifest(parsed.out, rows)
    counts = Counter(row.split for row in rows)
    print(f"{parsed.out}: " + ", ".join(f"{counts[name]} {name}" for name in ("train", "val", "test")))
    return 0
