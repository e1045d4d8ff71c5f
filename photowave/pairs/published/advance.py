"""ADVANCE: aerial photos `vision/<class>/<id>.jpg` and sounds `sound/<class>/<id>.wav` with equal stems.

In some copies the two folders are called `ADVANCE_vision` and `ADVANCE_sound`. The authors' own partition
keeps clips together whose names share their first five characters, and so do we.
"""

from pathlib import Path

from photowave.errors import PairError
from photowave.image.decode import PHOTO_SUFFIXES
from photowave.pairs.published.entries import Entry, Found, LeftOut
from photowave.pairs.published.listing import files_below

_RECORDING = 5  # characters of a name that are those of its recording


def read(folder: Path) -> Found:
    """List the pairs of the set: every photo, and every sound that has none."""
    vision, sound = _part(folder, "vision"), _part(folder, "sound")
    sounds = {path.relative_to(sound).as_posix() for path in files_below(sound, (".wav",))}
    for photo in files_below(vision, PHOTO_SUFFIXES):
        inside = photo.relative_to(vision)
        partner = inside.with_suffix(".wav")
        sounds.discard(partner.as_posix())
        yield Entry(
            name=inside.with_suffix("").as_posix(),
            labels=(inside.parts[0],),
            photo=photo,
            sound=sound / partner,
            keys=frozenset({f"recording {photo.stem[:_RECORDING]}"}),
        )
    for name in sorted(sounds):
        yield LeftOut(name, f"no photo of that name lies in {vision.name}")


def _part(folder: Path, kind: str) -> Path:
    """The folder of photos or of sounds."""
    inside = sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    for path in inside:
        if path.name.lower().endswith(kind):
            # An archive may have unpacked into a folder of the same name.
            return path / path.name if (path / path.name).is_dir() else path
    raise PairError(f"{folder} holds no folder '{kind}'. Give the one with vision/ and sound/ inside.")
