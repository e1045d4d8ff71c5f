"""Chooses the photos that are evaluated: of scenes that can be heard, not too many, evenly spread."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from photowave.errors import PairError
from photowave.pairs.manifest import Manifest


@dataclass(frozen=True)
class Choice:
    """The photos that are evaluated, and those that are not."""

    manifest: Manifest
    """The rows of the chosen photos."""
    found: int
    """Photos of the split whose scenes have recordings, chosen or not."""
    left_out: tuple[str, ...]
    """Scenes whose photos are left out because no split has a recording of them, sorted."""


def choose_photos(manifest: Manifest, *, split: str, most: int, seed: int = 0) -> Choice:
    """Choose photos of one split whose scenes have recordings.

    If there are more than wanted, every scene gives one in turn, by lot, until there are enough.

    Args:
        manifest: All splits.
        split: Whose photos.
        most: How many at the most.
        seed: Decides the lots.

    Returns:
        The photos, in the order of the rows.

    Raises:
        PairError: The split has no rows, none of its photos has a scene, or none of their scenes has a
            recording.
    """
    rows = manifest.split(split)
    heard = {row.scene for row in manifest.rows if row.sound is not None}
    scenes: dict[Path, str] = {}
    for row in rows.rows:
        if row.photo is not None and row.scene is not None:
            scenes.setdefault(row.photo, row.scene)
    if not scenes:
        raise PairError(
            f"{manifest.path}: no photo of split '{split}' has a scene among {len(rows.rows)} rows; an "
            "evaluation needs some. Fill in the scene column."
        )
    usable = [photo for photo, scene in scenes.items() if scene in heard]
    left_out = tuple(sorted({scene for scene in scenes.values() if scene not in heard}))
    if not usable:
        raise PairError(
            f"{manifest.path}: the photos of split '{split}' are of {', '.join(left_out)}, and no recording "
            "is. Add recordings of these scenes."
        )
    chosen = {usable[index] for index in _in_turn([scenes[photo] for photo in usable], most, seed=seed)}
    kept = tuple(row for row in rows.rows if row.photo in chosen)
    return Choice(replace(rows, rows=kept), len(usable), left_out)


def _in_turn(scenes: Sequence[str], most: int, *, seed: int) -> list[int]:
    """Indices of at most so many items, the scenes taking turns."""
    turns: list[tuple[int, int, int]] = []
    taken: Counter[str] = Counter()
    for lot, index in enumerate(np.random.default_rng(seed).permutation(len(scenes)).tolist()):
        turns.append((taken[scenes[index]], lot, index))
        taken[scenes[index]] += 1
    return [index for _, _, index in sorted(turns)[:most]]
