"""Files that appear under their final name only when they are complete."""

import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; move it there when the block ends well, remove it otherwise.

    The temporary file lies in the same folder (so that the move is atomic) and keeps the suffix (so that
    writers which look at it choose the right format). A folder that is missing or not writable raises
    `OSError`.
    """
    final = Path(path)
    temporary = final.with_name(f".{final.stem}-{secrets.token_hex(6)}{final.suffix}")
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
