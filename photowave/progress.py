"""How far long work is: a bar on a terminal, elsewhere a line now and then."""

import sys
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")
_EVERY_S = 30.0  # between two lines that say how far the work is


def _to_stderr(line: str) -> None:
    print(f"photowave: {line}", file=sys.stderr, flush=True)  # noqa: T201 - a log is what it may go to


@contextmanager
def telling(
    what: str, total: int | None = None, *, tell: Callable[[str], object] = _to_stderr
) -> Iterator[Callable[[int], None]]:
    """Show how far work is; what takes less than half a minute says nothing without a terminal.

    Args:
        what: What is worked through, such as `files`.
        total: How many there are; None: it is not known.
        tell: What gets the lines where there is no terminal.

    Yields:
        What is called with how many more are done.
    """
    if sys.stderr is None:
        yield lambda count: None
        return
    if sys.stderr.isatty():
        from tqdm import tqdm

        with tqdm(desc=what, total=total, unit="", leave=False, delay=1.0) as bar:

            def show(count: int) -> None:
                bar.update(count)

            yield show
        return
    done, began = 0, time.monotonic()
    told = began

    def step(count: int) -> None:
        nonlocal done, told
        done, now = done + count, time.monotonic()
        if now - told < _EVERY_S:
            return
        told, line = now, f"{what}: {done}"
        if total:
            minutes = (now - began) * (total - done) / max(done, 1) / 60
            line += f" of {total} done, about {max(1, round(minutes))} min left"
        tell(line if total else f"{line} done")

    yield step


def counted(items: Iterable[Item], what: str, total: int | None = None) -> Generator[Item]:
    """Pass items on, and show how many are done; see `telling`."""
    with telling(what, total) as step:
        for item in items:
            yield item
            step(1)
