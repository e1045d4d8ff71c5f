"""What commands that turn photos into sounds share: names, the folder, the description beside each sound."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from photowave.atomic import replacing
from photowave.errors import ConfigError, MediaError
from photowave.image import find_photos

if TYPE_CHECKING:
    from photowave.generation import Soundscape


def named_photos(paths: Sequence[str]) -> list[Path]:
    """Find the photos, and refuse those whose sounds would overwrite each other.

    Args:
        paths: Photos and folders of photos.

    Returns:
        Photos; their names without suffix become those of the sounds; some disks tell no case apart.

    Raises:
        MediaError: A path leads nowhere, or two photos would get one name.
    """
    photos = find_photos(paths)
    seen: dict[str, Path] = {}
    for photo in photos:
        other = seen.setdefault(photo.stem.casefold(), photo)
        if other is not photo:
            raise MediaError(
                f"{other} and {photo} would both become '{photo.stem}'; each sound needs its own name. "
                "Rename one, or write them into two folders."
            )
    return photos


def save_sound(out: Path, photo: Path, sound: "Soundscape", kind: str, *, note: str) -> str:
    """Write the sound of a photo as OUT/<stem>.<kind>, and what is known of it as OUT/<stem>.json.

    Args:
        out: The folder.
        photo: The photo.
        sound: Its sound.
        kind: Format of the file.
        note: What to say of the sound beside its length and level.

    Returns:
        A line that tells it.
    """
    target = out / f"{photo.stem}.{kind}"
    sound.save(target)
    write_json(out / f"{photo.stem}.json", {"photo": photo.name, **sound.info})
    return f"{photo} -> {target}  ({sound.duration_s:.2f} s, {sound.rms_dbfs:.1f} dBFS, {note})"


def open_folder(out: str) -> Path:
    """Make the folder and see that it can be written, before any work is done.

    Args:
        out: As it was given on the command line.

    Returns:
        The folder.

    Raises:
        ConfigError: It cannot be made or written.
    """
    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(folder / ".photowave-probe") as temporary:
            temporary.touch()
        (folder / ".photowave-probe").unlink()
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(
            f"out={out}: cannot be written ({reason}). Choose a folder you may write to."
        ) from error
    return folder


def write_json(path: Path, tree: dict[str, Any]) -> None:
    """Write plain values as JSON; the file appears under its name only when it is complete.

    Args:
        path: In a folder that exists.
        tree: What to write.

    Raises:
        ConfigError: It cannot be written.
    """
    try:
        with replacing(path) as temporary:
            temporary.write_text(json.dumps(tree, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written ({error.strerror or error}). Make room, or choose another folder."
        ) from error


def tell_failure(error: MediaError) -> None:
    """Print in one line, on standard error, why one photo was left out; the others go on.

    Args:
        error: What went wrong.
    """
    print(f"photowave: {' '.join(str(error).splitlines())}", file=sys.stderr)
