"""What commands that turn photos into sounds share: names, the folder, the description beside each sound."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from photowave.atomic import replacing
from photowave.errors import ConfigError, MediaError


def check_names(photos: Sequence[Path]) -> None:
    """Refuse photos whose sounds would overwrite each other.

    Args:
        photos: Their names without suffix become those of the sounds; some disks tell no case apart.

    Raises:
        MediaError: Two would become one.
    """
    seen: dict[str, Path] = {}
    for photo in photos:
        other = seen.setdefault(photo.stem.casefold(), photo)
        if other is not photo:
            raise MediaError(
                f"{other} and {photo} would both become '{photo.stem}'; each sound needs its own name. "
                "Rename one, or write them into two folders."
            )


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
