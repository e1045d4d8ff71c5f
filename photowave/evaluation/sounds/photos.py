"""The photos that are evaluated: of scenes that have recordings, not too many, evenly spread."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from photowave.errors import MediaError, PairError
from photowave.evaluation.sounds.types import EvaluatedPhotos
from photowave.generation.reading import small
from photowave.image import read_photo
from photowave.pairs.bank import refuse_if_any
from photowave.pairs.manifest import Manifest


class Choice(NamedTuple):
    """The photos that are evaluated, and those that are not."""

    manifest: Manifest
    """The rows of the chosen photos."""
    found: int
    """Photos of the split whose scenes have recordings, chosen or not."""
    left_out: tuple[str, ...]
    """Scenes whose photos are left out because no split has a recording of them, sorted."""


def choose_photos(manifest: Manifest, *, split: str, most: int, seed: int = 0) -> Choice:
    """Choose photos of one split whose scenes have recordings in any, in the order of the rows.

    If there are more than wanted, every scene gives one in turn, by lot, until there are enough. PairError:
    the split has no rows, none of its photos has a scene, or none of their scenes has a recording.
    """
    rows = manifest.split(split)
    heard = {row.scene for row in manifest.rows if row.sound is not None}
    scenes = _scenes(rows)
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


def load_photos(manifest: Manifest) -> EvaluatedPhotos:
    """Read the photos of a split that have a scene, each once, in the order of the rows.

    They are scaled down to 512 pixels at most. PairError: no photo has a scene, or some cannot be read; they
    are named together.
    """
    scenes = _scenes(manifest)
    images, bad = [], []
    for path in scenes:
        try:
            images.append(small(read_photo(path)))
        except MediaError as error:
            bad.append(str(error))
    refuse_if_any(bad, what="photos", total=len(scenes))
    return EvaluatedPhotos(
        paths=tuple(scenes), images=tuple(images), scenes=np.array(list(scenes.values()), dtype=np.str_)
    )


def _scenes(manifest: Manifest) -> dict[Path, str]:
    """The scene of each photo that has one."""
    scenes: dict[Path, str] = {}
    for row in manifest.rows:
        if row.photo is not None and row.scene is not None:
            scenes.setdefault(row.photo, row.scene)
    if not scenes:
        raise PairError(
            f"{manifest.path}: no photo has a scene among {len(manifest.rows)} rows; an evaluation needs "
            "some. Fill in the scene column."
        )
    return scenes


def _in_turn(scenes: Sequence[str], most: int, *, seed: int) -> list[int]:
    """Indices of at most so many items, the scenes taking turns."""
    turns: list[tuple[int, int, int]] = []
    chosen: Counter[str] = Counter()
    for lot, index in enumerate(np.random.default_rng(seed).permutation(len(scenes)).tolist()):
        turns.append((chosen[scenes[index]], lot, index))
        chosen[scenes[index]] += 1
    return [index for _, _, index in sorted(turns)[:most]]
