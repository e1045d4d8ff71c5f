"""What commands share: the folder that they write into, and how a failure or a table is told."""

import shutil
import sys
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

from photowave.atomic import replacing, unwritten
from photowave.errors import ConfigError

_SOUNDS = (".wav", ".flac", ".ogg", ".mp3")
_SHOWN = 5  # files, folders or columns that were left alone, by name


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


def tell_failure(error: object) -> None:
    """Print in one line, on standard error, why one photo was left out; the others go on.

    Args:
        error: What went wrong, or a text that tells it.
    """
    print(f"photowave: {' '.join(str(error).splitlines())}", file=sys.stderr)


def tell_left_alone(left_alone: Mapping[str, Sequence[str]]) -> None:
    """Print on standard error what was there and is not used.

    Args:
        left_alone: Names by the reason; empty ones are not told.
    """
    for what, others in left_alone.items():
        if others:
            named = ", ".join(others[:_SHOWN]) + (", ..." if len(others) > _SHOWN else "")
            print(f"{what}: {len(others)} ({named})", file=sys.stderr)


def show(line: str, *, indent: int) -> None:
    """Print a line of a table; a terminal that is too narrow gets the rest of its last column below.

    Args:
        line: What a file or a pipe gets as it is.
        indent: Where that column begins, counted in letters.
    """
    if sys.stdout is not None and sys.stdout.isatty():
        width = max(indent + 20, shutil.get_terminal_size().columns)
        line = textwrap.fill(line, width, subsequent_indent=" " * indent, break_long_words=False)
    print(line)
