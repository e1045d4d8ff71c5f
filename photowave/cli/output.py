"""What commands that turn photos into sounds share: the folder, the description beside each sound."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from photowave.atomic import replacing
from photowave.errors import ConfigError, MediaError

if TYPE_CHECKING:
    from photowave.generation import Soundscape


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
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    sound.save(target, bits=bits)
    write_json(target.with_suffix(".json"), {**({} if photo is None else {"photo": photo}), **sound.info})
    return f"{told} -> {target}  ({sound.duration_s:.2f} s, {sound.rms_dbfs:.1f} dBFS, {note})"


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
