"""The table of failures: which photos have no sound, and why."""

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from photowave.atomic import replacing
from photowave.batch.jobs import Fault
from photowave.errors import ConfigError

_COLUMNS = ("row", "photo", "reason")


@contextmanager
def failure_table(path: Path) -> Iterator[Callable[[Fault], None]]:
    """Write a CSV file of what failed in this run; there is none if nothing did.

    It appears when the block ends well, and takes the place of that of an earlier run.

    Args:
        path: The file.

    Yields:
        A function that adds a row.

    Raises:
        ConfigError: There is such a file that is no table of failures.
    """
    if path.exists() and _first_line(path) != ",".join(_COLUMNS):
        raise ConfigError(f"{path} is there, and is no table of failures. Choose another --out.")
    count = 0
    with (
        replacing(path) as temporary,
        temporary.open("w", newline="", encoding="utf-8", errors="surrogateescape") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)

        def add(fault: Fault) -> None:
            nonlocal count
            count += 1
            writer.writerow((fault.number, fault.photo, fault.reason))

        yield add
    if not count:
        path.unlink()


def _first_line(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.readline(100).strip()
    except OSError:
        return ""
