"""`photowave pairs shard`: shards of a collection, for a training that streams them."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from jsonargparse import ArgumentParser

from photowave import extras, recipes
from photowave.cli.parsing import make_parser, parse
from photowave.cli.recipes import DEFAULT
from photowave.progress import counted


def build_parser(command: str) -> ArgumentParser:
    """Make the parser."""
    parser = make_parser(
        command,
        "Writes the pairs of a manifest or a folder as shards of LitData: recordings as a training needs "
        "them, cut into pieces, with their photos and the cells of the table. 'photowave fit --data.pairs "
        "DIR' streams them, also from an address such as s3://BUCKET/DIR.",
    )
    parser.add_argument("pairs", metavar="MANIFEST", help="the manifest (CSV), or a folder of scenes")
    parser.add_argument("--out", metavar="DIR", required=True, help="the folder to write")
    parser.add_argument(
        "--config",
        metavar="RECIPE",
        default=DEFAULT,
        help="recipe, or file of settings, of the training: rate, level, textures and envelope are its own",
    )
    parser.add_argument(
        "--piece_s",
        type=float,
        default=10.0,
        help="longest piece of a recording, in s; one gives one clip a pass",
    )
    parser.add_argument(
        "--chunk_mb", type=float, default=64.0, help="size of a file in MB: so much is fetched at once"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace shards that are there")
    return parser


def run(command: str, arguments: Sequence[str]) -> int:
    """Parse, write, tell."""
    parsed = parse(build_parser(command), arguments)
    extras.require("shards", f"'photowave {command}'")
    recipe = recipes.load(parsed.config)
    from photowave.image import build_encoder
    from photowave.pairs.shards import write_shards

    written = write_shards(
        Path(parsed.out),
        replace(recipe.data, pairs=parsed.pairs),
        config=recipe.model,
        encoder=build_encoder(recipe.model.image),
        piece_s=parsed.piece_s,
        chunk_mb=parsed.chunk_mb,
        overwrite=parsed.overwrite,
        progress=lambda split, numbers: counted(numbers, split, len(numbers)),
    )
    for row in written.left_out:
        print(f"photowave: left out: {row.file or f'line {row.line}'}: {row.reason}", file=sys.stderr)
    print(f"{parsed.out}: " + ", ".join(f"{count} pieces {name}" for name, count in written.pieces.items()))
    return 1 if written.left_out else 0
