"""Starting and ending quickly."""

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """Let Python look for garbage only after the block, and not among what was there by then.

    Importing torch and Numba makes some hundred thousand objects that stay to the end. Python would look
    through all of them several times, at the end of the process as well: a fifth of the time that it takes
    to draw one sound.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            if not gc.get_freeze_count():
                # Once is enough: in a process that goes on, what is set apart would never be freed.
                gc.freeze()
                atexit.register(gc.freeze)
            gc.enable()
