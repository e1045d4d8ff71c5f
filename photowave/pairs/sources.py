"""Finds the pairs: a manifest, a folder of scenes, a single clip, or the starter scenes if none is named."""

import os
from pathlib import Path

from photowave.audio import SOUND_SUFFIXES
from photowave.errors import PairError
from photowave.pairs.manifest import Manifest, Row, read_manifest
from photowave.pairs.splits import SPLITS
from photowave.pairs.table import scene_table
from photowave.settings import SplitSettings

STARTERS = "data/scenes"
"""Where the ten starter scenes are looked for if no pairs are named."""
_DEFAULTS = SplitSettings()


def open_pairs(pairs: str | None, splits: SplitSettings = _DEFAULTS) -> Manifest:
    """Find and read the pairs.

    Args:
        pairs: A manifest, a folder of scenes, a single sound file (which is then every split, to see whether
            a network can learn it by heart), or None: $PHOTOWAVE_SCENES or else `data/scenes`.
        splits: For a folder of scenes.

    Raises:
        PairError: There is nothing, or it cannot be used.
    """
    if pairs is None:
        pairs = os.environ.get("PHOTOWAVE_SCENES") or STARTERS
        if not Path(pairs).is_dir():
            raise PairError(
                f"pairs=null stands for the starter scenes, and {pairs} is not there. Name a manifest or a "
                "folder of scenes, or build the starter scenes with 'python scripts/build_scenes.py'."
            )
    path = Path(pairs)
    if not path.exists():
        raise PairError(
            f"pairs={path}: no such manifest, folder of scenes or sound file. Name one that is there."
        )
    if path.is_dir():
        return Manifest(tuple(scene_table(path, splits)), path)
    if path.suffix.lower() in SOUND_SUFFIXES:
        return Manifest(tuple(Row(None, path.absolute(), None, split) for split in SPLITS), path)
    return read_manifest(path)
