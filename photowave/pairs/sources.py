"""Finds the pairs: a manifest, a folder of scenes, a single clip, or the set of places if none is named."""

import os
from pathlib import Path

from photowave.audio import SOUND_SUFFIXES
from photowave.errors import PairError
from photowave.pairs.manifest import Manifest, read_manifest
from photowave.pairs.rows import Row
from photowave.pairs.shard_index import is_shards
from photowave.pairs.splits import SPLITS, HashFiles, sha256s
from photowave.pairs.table import scene_table
from photowave.settings import SplitSettings

PLACES = "data/places"
"""The folder that holds the set of places, looked for if no pairs are named."""
_DEFAULTS = SplitSettings()


def open_pairs(
    pairs: str | None,
    splits: SplitSettings = _DEFAULTS,
    *,
    strict: bool = True,
    hashed: HashFiles = sha256s,
) -> Manifest:
    """Find and read the pairs.

    Args:
        pairs: A manifest, a folder of scenes, a single sound file (which is then every split, to see whether
            a network can learn it by heart), or None: `pairs.csv` in the folder $PHOTOWAVE_PLACES, or else in
            `data/places`.
        splits: For a folder of scenes.
        strict: See `read_manifest`.
        hashed: See `read_manifest`.

    Raises:
        PairError: There is nothing, or it cannot be used.
    """
    if pairs is None:
        folder = Path(os.environ.get("PHOTOWAVE_PLACES") or PLACES)
        pairs = str(folder / "pairs.csv")
        if not Path(pairs).is_file():
            raise PairError(
                f"pairs=null stands for the set of places, and {pairs} is not there. Build it with 'python "
                f"scripts/build_places.py {folder}', or name a manifest or a folder of scenes of your own."
            )
    path = Path(pairs)
    if is_shards(pairs):
        raise PairError(
            f"pairs={pairs}: shards, which only 'photowave fit', 'validate' and 'test' read. Name the "
            "manifest or folder that they were written from."
        )
    if not path.exists():
        raise PairError(
            f"pairs={path}: no such manifest, folder of scenes or sound file. Name one that is there."
        )
    if path.is_dir():
        return Manifest(tuple(scene_table(path, splits, hashed=hashed)), path)
    if path.suffix.lower() in SOUND_SUFFIXES:
        return Manifest(tuple(Row(None, path.absolute(), None, split) for split in SPLITS), path)
    return read_manifest(path, strict=strict, hashed=hashed)
