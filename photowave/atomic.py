"""Files that appear under their final name only when they are complete, and what to say where they cannot."""

import errno
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_REMEDIES = {
    errno.ENOSPC: "Make room on the disk, or choose another one.",
    errno.EDQUOT: "Make room on the disk, or choose another one.",
    errno.ENAMETOOLONG: "Give it a shorter name.",
    errno.EISDIR: "A folder has that name: choose another.",
    errno.EEXIST: "A file has that name: choose another.",
    errno.ENOENT: "Choose a folder that exists.",
    errno.ENOTDIR: "Choose a folder that exists: a part of this path is a file.",
}


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; move it there when the block ends well, remove it otherwise.

    The temporary file lies in the same folder (so that the move is atomic) and keeps the suffix (so that
    writers which look at it choose the right format). Its name is short, however long the final one is. A
    folder that is missing or not writable raises `OSError`.
    """
    final = Path(path)
    temporary = final.with_name(f".photowave-{secrets.token_hex(6)}{final.suffix}")
    os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    try:
        yield temporary
        temporary.replace(final)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def sweep(folder: str | Path, *, older_than_s: float = 3600.0) -> None:
    """Remove temporary files that runs which were killed have left in a folder.

    What is younger may belong to a run that is still at work.

    Args:
        folder: Folder of final files; those below it are left alone.
        older_than_s: Age in seconds.
    """
    latest = time.time() - older_than_s
    for path in Path(folder).glob(".*"):
        if (
            re.search(r"-[0-9a-f]{12}(\.\w+)?$", path.name)
            and path.is_file()
            and path.stat().st_mtime < latest
        ):
            path.unlink(missing_ok=True)


def unwritten(what: str | Path, error: OSError) -> str:
    """Say in one line that something cannot be written, why, and what helps.

    Args:
        what: The file or folder, or the option that names it.
        error: What went wrong.
    """
    remedy = _REMEDIES.get(error.errno or 0, "Choose a folder you may write to.")
    return f"{what} cannot be written ({error.strerror or error}). {remedy}"
