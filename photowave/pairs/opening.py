"""Finds the pairs: a manifest, a folder of scenes, a single clip, or the starter scenes if none is named."""

import os
from dataclasses import dataclass
from pathlib import Path

from photowave.audio import SOUND_SUFFIXES
from photowave.errors import PairError
from photowave.pairs.manifest import Manifest, Row, read_manifest
from photowave.pairs.splits import SPLITS
from photowave.pairs.table import scene_table

PLACES = ("data/scenes", "../shared/scenes")
"""Where the ten starter scenes are looked for if no pairs are named."""


@dataclass(frozen=True, kw_only=True)
class Splits:
    """How a folder of scenes is split; a manifest names its splits itself."""

    seed: int = 0
    """Another seed, another split."""
    val: float = 0.15
    """Share of photos and recordings for validation."""
    test: float = 0.15
    """Share of photos and recordings kept for the test."""


def open_pairs(
    pairs: str | None, splits: Splits, *, option: str = "--data.pairs", purpose: str = "train on"
) -> Manifest:
    """Find and read the pairs.

    Args:
        pairs: A manifest, a folder of scenes, a single sound file (which is then every split, to see whether
            a network can learn it by heart), or None: $PHOTOWAVE_SCENES, `data/scenes`, `../shared/scenes`,
            whichever is there first.
        splits: For a folder of scenes.
        option: How the user names them, for the messages.
        purpose: What they are for, likewise.

    Raises:
        PairError: There is nothing, or it cannot be used.
    """
    if pairs is None:
        candidates = [os.environ.get("PHOTOWAVE_SCENES") or PLACES[0], *PLACES]
        pairs = next((place for place in candidates if Path(place).is_dir()), None)
        if pairs is None:
            raise PairError(
                f"no pairs to {purpose}: {option.lstrip('-')} is null and {PLACES[0]} is not there. "
                "Build the starter scenes with 'python scripts/build_scenes.py', or give "
                f"{option} MANIFEST.csv or FOLDER."
            )
    path = Path(pairs)
    if not path.exists():
        raise PairError(
            f"{path}: no such manifest, folder of scenes or sound file. Give {option} MANIFEST.csv or FOLDER."
        )
    if path.is_dir():
        rows = scene_table(path, seed=splits.seed, val=splits.val, test=splits.test)
        return Manifest(tuple(rows), path)
    if path.suffix.lower() in SOUND_SUFFIXES:
        return Manifest(tuple(Row(None, path.absolute(), None, split) for split in SPLITS), path)
    return read_manifest(path)
