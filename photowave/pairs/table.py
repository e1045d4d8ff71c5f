"""Rows from a folder of scenes: `FOLDER/<scene>/photos/*` and `FOLDER/<scene>/sounds/*`."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Literal, NamedTuple

from photowave.audio.files import find_sounds
from photowave.errors import MediaError, PairError
from photowave.image.decode import find_photos
from photowave.names import composed
from photowave.pairs.rows import Row
from photowave.pairs.splits import (
    HashFiles,
    Item,
    assign_splits,
    content_keys,
    recording_name,
    sha256s,
    take_name,
)
from photowave.settings import SplitSettings

_DEFAULTS = SplitSettings()


class SceneFile(NamedTuple):
    """A file of a folder of scenes."""

    scene: str
    kind: Literal["photo", "sound"]
    path: Path


def scene_table(
    folder: str | Path, splits: SplitSettings = _DEFAULTS, *, hashed: HashFiles = sha256s
) -> list[Row]:
    """List the photos and sounds of a folder of scenes and split them.

    One row per photo and one per sound; the scene is the name of its folder, and two folders whose names
    differ in their Unicode form only are one scene. Names that start with a dot are
    skipped. The order is that of the names. Files stay in one split together if they have the same content,
    if they are excerpts of one recording (`..._0-60s` beside `..._60-120s`) and, where a scene has enough of
    them, if they are takes of one session (`traffic1` and `traffic2`).

    Args:
        folder: Holds one folder per scene, each with `photos` and `sounds`.
        splits: How they are split.
        hashed: Hashes files, to find the same content under two names.

    Returns:
        The rows; their lines are those that `write_manifest` gives them.

    Raises:
        PairError: There are no scenes, a scene lacks photos or sounds (all of them are named), or the shares
            are out of range.
    """
    folder = Path(folder).absolute()
    files, lacking = list_scenes(folder)
    if lacking:
        raise PairError(
            f"{folder}: nothing usable in {', '.join(lacking)}. A scene needs photos and sounds: "
            "add some or remove its folder."
        )
    return split_scenes(folder, files, splits, hashed=hashed)


def list_scenes(folder: Path) -> tuple[list[SceneFile], list[str]]:
    """List the photos and sounds of a folder of scenes.

    Args:
        folder: Its absolute path.

    Returns:
        The files, and the folders that should hold some and hold none, such as `sea/photos`.

    Raises:
        PairError: There are no scenes.
    """
    if not folder.is_dir():
        raise PairError(f"{folder} is not a folder. Give one that holds <scene>/photos and <scene>/sounds.")
    scenes = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    if not scenes:
        raise PairError(f"{folder} holds no scenes. Each is a folder in it, with photos/ and sounds/ inside.")
    files: list[SceneFile] = []
    lacking: list[str] = []
    for scene in scenes:
        photos = _found(partial(find_photos, recursive=True), scene / "photos")
        sounds = _found(find_sounds, scene / "sounds")
        lacking += [f"{scene.name}/photos"] * (not photos) + [f"{scene.name}/sounds"] * (not sounds)
        files += [SceneFile(composed(scene.name), "photo", photo) for photo in photos]
        files += [SceneFile(composed(scene.name), "sound", sound) for sound in sounds]
    return files, lacking


def split_scenes(
    folder: Path, files: Sequence[SceneFile], splits: SplitSettings, *, hashed: HashFiles = sha256s
) -> list[Row]:
    """Make a row of each file of a folder of scenes, also of those that cannot be read."""
    content = content_keys((file.path for file in files), hashed)
    items: list[Item] = []
    for scene_name, kind, path in files:
        name = composed(path.relative_to(folder).as_posix())
        keys, take = {f"{kind} {content[path]}"}, None
        if kind == "sound":
            keys.add(f"recording {recording_name(name)}")
            take = take_name(name)
        items.append(Item(name=name, kind=kind, scene=scene_name, keys=frozenset(keys), take=take))
    rows: list[Row] = []
    for (scene_name, kind, path), split in zip(files, assign_splits(items, splits), strict=True):
        photo, sound = (path, None) if kind == "photo" else (None, path)
        rows.append(Row(photo, sound, scene_name, split, line=len(rows) + 2))
    return rows


def _found(find: Callable[[Path], Sequence[Path]], folder: Path) -> list[Path]:
    """What `find` finds, sorted; nothing where the folder is missing or holds nothing of the kind."""
    if not folder.is_dir():
        return []
    try:
        return sorted(find(folder))
    except MediaError:
        return []
