"""Rows from folders that lie about as people keep them: equal names, or a label for each folder."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from photowave.audio import SOUND_SUFFIXES
from photowave.errors import PairError
from photowave.image.decode import PHOTO_SUFFIXES
from photowave.pairs.rows import Row

_KINDS = frozenset({"photo", "photos", "image", "images", "sound", "sounds", "audio"})
"""Folders that only tell photos from sounds: `photos/a/1.jpg` and `sounds/a/1.wav` have the same name."""


@dataclass(frozen=True)
class Found:
    """What a layout gives."""

    rows: list[Row]
    """Not yet dealt to the splits."""
    left_out: list[str]
    """Each file that is in no row, and why."""


def files_in(folder: Path, suffixes: Iterable[str]) -> list[Path]:
    """List the files in a folder and below with certain endings in letters of any case, sorted.

    What is hidden is left out.

    Raises:
        PairError: It is no folder.
    """
    if not folder.is_dir():
        raise PairError(f"{folder} is not a folder. Name one that is there.")
    wanted = frozenset(suffixes)
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in wanted
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.is_file()
    )


def stem_rows(photos: Path, sounds: Path) -> Found:
    """Pair photos and sounds of equal names.

    A name is the path below its folder, without the ending and without folders that are called photos,
    images, sounds, audio or the like. So `a/1.jpg` goes with `a/1.wav` and not with `b/1.wav`.

    Args:
        photos: The folder of photos.
        sounds: The folder of sounds; it may be the same.

    Raises:
        PairError: There is no such folder, or no pair in it.
    """
    named: dict[str, tuple[list[Path], list[Path]]] = defaultdict(lambda: ([], []))
    for kind, (folder, suffixes) in enumerate(((photos, PHOTO_SUFFIXES), (sounds, SOUND_SUFFIXES))):
        for path in files_in(folder, suffixes):
            named[_name(path.relative_to(folder))][kind].append(path.absolute())
    rows = [
        Row(photo, sound, None, "train")
        for _, (pictures, recordings) in sorted(named.items())
        for photo in pictures
        for sound in recordings
    ]
    left_out = [
        f"{path}: no sound has its name" for pictures, own in named.values() if not own for path in pictures
    ]
    left_out += [
        f"{path}: no photo has its name"
        for own, recordings in named.values()
        if not own
        for path in recordings
    ]
    if not rows:
        where = f"{photos}" if photos == sounds else f"{photos} and {sounds}"
        raise PairError(
            f"{where}: no photo and no sound have the same name, such as a/1.jpg and a/1.wav. Rename them, "
            "or lay them out by place: FOLDER/<place>/photos and FOLDER/<place>/sounds."
        )
    return Found(rows, sorted(left_out))


def label_rows(photos: Path, sounds: Path, places: Mapping[tuple[str, str], str]) -> Found:
    """Give each photo and each sound the place that its label stands for.

    Args:
        photos: Holds a folder of photos for each label.
        sounds: Holds a folder of sounds for each label.
        places: The place for each kind (`photo`, `sound`) and label.

    Raises:
        PairError: There is no such folder, or no place has a photo and a sound.
    """
    rows: list[Row] = []
    left_out: list[str] = []
    for kind, label, path in labelled(photos, sounds):
        place = places.get((kind, label), "")
        if not place:
            left_out.append(f"{path}: the {kind} label '{label}' has no place")
        elif kind == "photo":
            rows.append(Row(path, None, place, "train"))
        else:
            rows.append(Row(None, path, place, "train"))
    heard = {row.scene for row in rows if row.sound is not None}
    if not any(row.photo is not None and row.scene in heard for row in rows):
        raise PairError(
            f"{photos} and {sounds}: no place has both a photo and a sound. Give their labels the same place."
        )
    return Found(rows, left_out)


def labelled(photos: Path, sounds: Path) -> list[tuple[str, str, Path]]:
    """List kind, label and path of every photo and sound; its label is the first folder that it lies in."""
    found = []
    for kind, folder, suffixes in (("photo", photos, PHOTO_SUFFIXES), ("sound", sounds, SOUND_SUFFIXES)):
        for path in files_in(folder, suffixes):
            label, *rest = path.relative_to(folder).parts
            if rest:
                found.append((kind, label, path.absolute()))
    return found


def is_by_place(folder: Path) -> bool:
    """Whether a folder looks like `FOLDER/<place>/photos` and `FOLDER/<place>/sounds`."""
    return folder.is_dir() and any(
        (place / kind).is_dir()
        for place in folder.iterdir()
        if place.is_dir() and not place.name.startswith(".")
        for kind in ("photos", "sounds")
    )


def _name(path: Path) -> str:
    folders: Sequence[str] = [part for part in path.parts[:-1] if part.lower() not in _KINDS]
    return "/".join([*folders, path.stem])
