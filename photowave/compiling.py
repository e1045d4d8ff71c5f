"""Where compiled code is kept, so that it is compiled once: seen to before the compiler is asked."""

import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

_VARIABLE = "NUMBA_CACHE_DIR"


SOURCE = Path(__file__).parent / "generation" / "kernel.py"
"""The file whose functions are compiled."""


def see_to_cache() -> None:
    """Choose a temporary folder for compiled code where there is no lasting one, and say so in a line.

    Numba keeps it in the folder that `NUMBA_CACHE_DIR` names, or else beside the source or in the user's
    folder for caches, and refuses to compile where none can be written, as in a container without a home.
    A folder that is named but cannot be written counts as not named.
    """
    named = os.environ.get(_VARIABLE)
    if named and _can_be_written(Path(named)):
        return
    beside = SOURCE.parent / "__pycache__"
    if not _any_can_be_written([beside, *_user_folder()]):
        os.environ[_VARIABLE] = tempfile.mkdtemp(prefix="photowave-")
        why = "compiled code cannot be kept: no folder for it can be written. "
        sys.stderr.write(f"{why}Name one in {_VARIABLE}, and photowave starts sooner.\n")
    elif named:
        del os.environ[_VARIABLE]
        sys.stderr.write(f"{_VARIABLE}={named} cannot be written, and is not used.\n")
    _tell_numba()


def _tell_numba() -> None:
    """Numba reads the variable when it is imported, which may have been before."""
    if "numba" in sys.modules:
        sys.modules["numba"].config.CACHE_DIR = os.environ.get(_VARIABLE, "")


def _user_folder() -> Iterable[Path]:
    import platformdirs

    try:
        yield Path(platformdirs.user_cache_dir("numba", appauthor=False))
    except (RuntimeError, KeyError, OSError):  # a user without a home
        return


def _any_can_be_written(folders: Iterable[Path]) -> bool:
    return any(_can_be_written(folder) for folder in folders)


def _can_be_written(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True


see_to_cache()
