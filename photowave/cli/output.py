"""What commands that turn photos into sounds share: the folder, the description beside each sound."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from photowave.atomic import replacing, unwritten
from photowave.errors import ConfigError, MediaError, PhotowaveError

if TYPE_CHECKING:
    from photowave.generation import Soundscape

_SOUNDS = (".wav", ".flac", ".ogg", ".mp3")


def save_sound(
    target: Path, told: str, sound: "Soundscape", *, photo: str | None, note: str, bits: int = 16
) -> str:
    """Write a sound, and what is known of it as JSON beside it.

    Args:
        target: The sound file; its folder is made if it is not there.
        told: What it was drawn for.
        sound: Its sound.
        photo: The name of the photo; None without one.
        note: What to say of the sound beside its length and level.
        bits: See `Soundscape.save`.

    Returns:
        A line that tells it.

    Raises:
        MediaError: The sound cannot be written.
        ConfigError: The description cannot.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MediaError(unwritten(target, error)) from error
    sound.save(target, bits=bits)
    try:
        write_json(target.with_suffix(".json"), {**({} if photo is None else {"photo": photo}), **sound.info})
    except ConfigError:
        target.unlink(missing_ok=True)  # without a description, nothing would tell what it is
        raise
    return f"{told} -> {target}  ({sound.duration_s:.2f} s, {sound.rms_dbfs:.1f} dBFS, {note})"


def open_folder(out: str) -> Path:
    """Make the folder and see that it can be written, before any work is done.

    Args:
        out: As it was given on the command line.

    Returns:
        The folder.

    Raises:
        ConfigError: It cannot be made or written, or has the name of a sound and is not there.
    """
    folder = Path(out)
    if f".{folder.name}".lower().endswith(_SOUNDS) and not folder.is_dir():
        raise ConfigError(
            f"out={out}: is called like a sound, and must be the folder for the sounds, which are named "
            "after their photos. Give a folder."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(folder / ".photowave-probe") as temporary:
            temporary.touch()
        (folder / ".photowave-probe").unlink()
    except OSError as error:
        raise ConfigError(unwritten(f"out={out}:", error)) from error
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
        raise ConfigError(unwritten(path, error)) from error


def tell_failure(error: PhotowaveError) -> None:
    """Print in one line, on standard error, why one photo was left out; the others go on.

    Args:
        error: What went wrong.
    """
    print(f"photowave: {' '.join(str(error).splitlines())}", file=sys.stderr)
