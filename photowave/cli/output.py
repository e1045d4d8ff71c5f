"""What commands that write into a folder share: the folder itself, and how a failure is told."""

import sys
from pathlib import Path

from photowave.atomic import replacing
from photowave.errors import ConfigError


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


def tell_failure(error: object) -> None:
    """Print in one line, on standard error, why one photo was left out; the others go on.

    Args:
        error: What went wrong, or a text that tells it.
    """
    print(f"photowave: {' '.join(str(error).splitlines())}", file=sys.stderr)
