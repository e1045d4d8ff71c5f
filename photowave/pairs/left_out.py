"""Rows that a training does without: which, why, what to do about it, and the list that says so."""

import csv
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from photowave.atomic import replacing

FILE_NAME = "left_out.csv"
"""Name of the list in the folder of a run."""


class LeftOut(NamedTuple):
    """One row that cannot serve."""

    line: int
    """In the manifest, counted from 1; 0 in a folder of scenes."""
    file: str
    """What is wrong with it is wrong with this file; "" where the row itself is wrong."""
    reason: str
    remedy: str


def left_out(line: int, file: Path | None, message: str) -> LeftOut:
    """Take the message of an error apart: what is wrong comes first, the remedy in the sentences after it.

    Example:
        >>> left_out(3, Path("a.wav"), "a.wav lasts 1 s; 5 s are needed. Remove it.")
        LeftOut(line=3, file='a.wav', reason='lasts 1 s; 5 s are needed', remedy='Remove it.')
    """
    name = "" if file is None else str(file)
    told = message.removeprefix(name).lstrip(": ") if name else message
    reason, _, remedy = re.sub(r"\.\s+(?=[A-Z])", ".\n", told, count=1).partition("\n")
    return LeftOut(line, name, reason.rstrip("."), remedy)


def write_left_out(path: Path, rows: Iterable[LeftOut]) -> None:
    """Write the list as CSV in UTF-8.

    Raises:
        OSError: It cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # A name that is no Unicode text is written as its bytes are told on a terminal.
    with (
        replacing(path) as temporary,
        temporary.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(LeftOut._fields)
        writer.writerows(rows)


def tell_left_out(rows: Sequence[LeftOut]) -> str:
    """Name rows in one line."""
    named = (f"{row.file or f'line {row.line}'}: {row.reason}" for row in rows)
    return "; ".join(named)
