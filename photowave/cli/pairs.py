"""`photowave pairs`: a manifest for a folder of scenes."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from photowave.cli.parsing import make_parser, parse


@dataclass(frozen=True, kw_only=True)
class PairsOptions:
    """Options of `photowave pairs`."""

    seed: int = 0
    """Another seed, another split."""
    val: float = 0.15
    """Share of photos and recordings for validation."""
    test: float = 0.15
    """Share of photos and recordings kept for the test."""


def run(command: str, arguments: Sequence[str]) -> int:
    """Parse, list, write."""
    parser = make_parser(command, "Writes a manifest for FOLDER/<scene>/photos and FOLDER/<scene>/sounds.")
    parser.add_argument("folder", metavar="FOLDER", help="the folder of scenes")
    parser.add_argument("out", metavar="OUT.csv", help="the manifest to write")
    parser.add_class_arguments(PairsOptions)
    parsed = parse(parser, arguments)
    from photowave.pairs.manifest import write_manifest
    from photowave.pairs.table import scene_table

    rows = scene_table(parsed.folder, seed=parsed.seed, val=parsed.val, test=parsed.test)
    write_manifest(parsed.out, rows)
    counts = Counter(row.split for row in rows)
    print(f"{parsed.out}: " + ", ".join(f"{counts[name]} {name}" for name in ("train", "val", "test")))
    return 0
