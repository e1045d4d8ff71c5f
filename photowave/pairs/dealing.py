"""Deals rows to the splits: what shares a photo, a recording, a video or a group stays on one side."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from photowave.pairs.rows import Row
from photowave.pairs.splits import (
    Item,
    assign_splits,
    assign_splits_stably,
    content_keys,
    recording_name,
)
from photowave.settings import SplitSettings

_DEFAULTS = SplitSettings()


def deal(
    rows: Sequence[Row],
    splits: SplitSettings,
    *,
    root: Path,
    groups: Sequence[str] | None = None,
    stable: bool = True,
) -> list[Row]:
    """Give each row its split.

    Rows stay together that have a photo or a recording in common (by content), an excerpt of one recording or
    video (`..._0-10s` beside `..._10-20s`), or a group.

    Args:
        rows: Their splits do not matter.
        splits: Seed and shares.
        root: Names of files count from here, so that the result does not depend on where the data lies.
        groups: The group of each row; "" for none. A group's name is what decides about it.
        stable: Whether new rows must not move old ones; otherwise each scene gets its exact shares.
    """
    files = [path for row in rows for path in (row.photo, row.sound) if path is not None]
    content = content_keys(files)
    items = []
    for index, row in enumerate(rows):
        keys = set[str]()
        if row.photo is not None:
            keys.add(f"photo {content[row.photo]}")
        if row.sound is not None:
            keys |= {f"sound {content[row.sound]}", f"recording {_name(row.sound, root)}"}
        group = groups[index] if groups else ""
        if group:
            keys.add(f"group {group}")
        file = row.sound or row.photo
        assert file is not None
        items.append(
            Item(
                name=group or _name(file, root),
                kind="sound" if row.photo is None else "photo",
                scene=row.scene,
                keys=frozenset(keys),
            )
        )
    dealt = (assign_splits_stably if stable else assign_splits)(items, splits)
    return [replace(row, split=split) for row, split in zip(rows, dealt, strict=True)]


def lacking(rows: Sequence[Row], splits: SplitSettings = _DEFAULTS) -> list[str]:
    """Say which splits have no photo or no recording, and who misses it; a split whose share is 0 is let be.

    Args:
        rows: All of a manifest.
        splits: Shares of validation and test.
    """
    photos = {row.split for row in rows if row.photo is not None}
    sounds = {row.split for row in rows if row.sound is not None}
    found = []
    for split, share, who in (
        ("train", 1.0, "'photowave fit' needs"),
        ("val", splits.val, "'photowave fit' needs"),
        ("test", splits.test, "'photowave test' and 'photowave evaluate' need"),
    ):
        what = [kind for kind, there in (("photo", photos), ("recording", sounds)) if split not in there]
        if share > 0 and what:
            found.append(f"no {' and no '.join(what)} is in {split}, and {who} some")
    return found


def _name(file: Path, root: Path) -> str:
    """A recording by its path below the root, without suffix and `__START-ENDs`."""
    try:
        return recording_name(file.relative_to(root).as_posix())
    except ValueError:
        return recording_name(file.as_posix())
