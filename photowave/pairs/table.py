"""Rows from a folder of scenes: `FOLDER/<scene>/photos/*` and `FOLDER/<scene>/sounds/*`."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from photowave.audio.files import find_sounds
from photowave.errors import MediaError, PairError
from photowave.image.decode import find_photos
from photowave.pairs.manifest import Row
from photowave.pairs.splits import Item, assign_splits, content_keys, recording_name, take_name


def scene_table(folder: str | Path, *, seed: int = 0, val: float = 0.15, test: float = 0.15) -> list[Row]:
    """List the photos and sounds of a folder of scenes and split them.

    One row per photo and one per sound; the scene is the name of its folder. Names that start with a dot are
    skipped. The order is that of the names.

    Args:
        folder: Holds one folder per scene, each with `photos` and `sounds`.
        seed: Another seed, another split.
        val: Share of validation, in [0, 1).
        test: Share of test, in [0, 1).

    Returns:
        The rows; their lines are those that `write_manifest` gives them.

    Raises:
        PairError: There are no scenes, a scene lacks photos or sounds (all of them are named), or the shares
            are out of range.
    """
    folder = Path(folder).absolute()
    if not folder.is_dir():
        raise PairError(f"{folder} is not a folder. Give one that holds <scene>/photos and <scene>/sounds.")
    scenes = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    if not scenes:
        raise PairError(f"{folder} holds no scenes. Each is a folder in it, with photos/ and sounds/ inside.")
    rows: list[Row] = []
    lacking: list[str] = []
    for scene in scenes:
        photos = _found(find_photos, scene / "photos")
        sounds = _found(find_sounds, scene / "sounds")
        lacking += [f"{scene.name}/photos"] * (not photos) + [f"{scene.name}/sounds"] * (not sounds)
        rows += [Row(photo, None, scene.name, "train") for photo in photos]
        rows += [Row(None, sound, scene.name, "train") for sound in sounds]
    if lacking:
        raise PairError(
            f"{folder}: nothing usable in {', '.join(lacking)}. A scene needs photos and sounds: "
            "add some or remove its folder."
        )
    return split_rows(rows, folder=folder, seed=seed, val=val, test=test)


def _found(find: Callable[[Path], Sequence[Path]], folder: Path) -> list[Path]:
    """What `find` finds, sorted; nothing where the folder is missing or holds nothing of the kind."""
    if not folder.is_dir():
        return []
    try:
        return sorted(find(folder))
    except MediaError:
        return []


def split_rows(
    rows: Sequence[Row], *, folder: str | Path, seed: int = 0, val: float = 0.15, test: float = 0.15
) -> list[Row]:
    """Give rows a new split that never shares a photo or a recording; works for pairs by row, too.

    Rows are held together by a photo or a recording they share (the same file, or copies with the same
    content), by being excerpts of one recording (`..._0-60s` beside `..._60-120s`, see `recording_name`) and,
    where a scene has enough of them, by being takes of one session (see `take_name`).

    Args:
        rows: Rows whose files exist. Their splits are not looked at.
        folder: Names are taken below it, so that the split does not depend on where it lies.
        seed: Another seed, another split.
        val: Share of validation, in [0, 1).
        test: Share of test, in [0, 1).

    Returns:
        The rows in their order, with new splits and with lines as `write_manifest` gives them.

    Raises:
        PairError: A file cannot be read, or the shares are out of range.
    """
    folder = Path(folder).absolute()
    photo_key = content_keys(row.photo for row in rows if row.photo is not None)
    sound_key = content_keys(row.sound for row in rows if row.sound is not None)
    items: list[Item] = []
    for row in rows:
        photo = "" if row.photo is None else _name(row.photo, folder)
        sound = "" if row.sound is None else _name(row.sound, folder)
        keys: set[str] = set()
        if row.photo is not None:
            keys.add(f"photo {photo_key[row.photo]}")
        if row.sound is not None:
            keys |= {f"sound {sound_key[row.sound]}", f"recording {recording_name(sound)}"}
        items.append(
            Item(
                name=f"{photo}|{sound}" if photo and sound else photo or sound,
                kind="pair" if photo and sound else "photo" if photo else "sound",
                scene=row.scene,
                keys=frozenset(keys),
                take=take_name(sound) if sound else None,
            )
        )
    splits = assign_splits(items, seed=seed, val=val, test=test)
    return [
        replace(row, split=split, line=line)
        for line, (row, split) in enumerate(zip(rows, splits, strict=True), start=2)
    ]


def _name(path: Path, folder: Path) -> str:
    absolute = path.absolute()
    return (absolute.relative_to(folder) if absolute.is_relative_to(folder) else absolute).as_posix()
