"""The list of the files of the set of places, `data/places.csv`: one entry per photo and recording."""

import csv
import math
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from photowave.atomic import replacing

DATA = Path(__file__).resolve().parents[2] / "data"
LIST = DATA / "places.csv"


class BuildError(Exception):
    """The list, a source or a file cannot be used; the text says which and why."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the list; the columns have these names. What does not apply is '', 0 or NaN."""

    place: str
    also: str = ""
    """Other places whose sounds suit the photo, separated by `;`."""
    kind: str
    """`photo` or `sound`."""
    file: str
    """Where the file goes, below the folder of the set."""
    source_kind: str
    """`github` or `debian`."""
    source: str
    """`owner/name`, or the name of the package."""
    version: str
    """The commit, or the version of the package."""
    path_in_source: str
    start_s: float = math.nan
    """Where the excerpt starts in the source."""
    end_s: float = math.nan
    licence: str = ""
    author: str = ""
    origin: str = ""
    duration_s: float = math.nan
    sample_rate: int = 0
    channels: int = 0
    bandwidth_hz: float = math.nan
    """The highest frequency at which the mean spectrum is within 60 dB of its peak."""
    rms_dbfs: float = math.nan
    width: int = 0
    height: int = 0
    sha256: str = ""
    """Of the file, where the set keeps the bytes of the source."""
    phash: str = ""
    """What the photo looks like: `looking.perceptual_hash`, 16 hexadecimal digits."""
    group: str = ""
    """What stays on one side of the split: the author or series of a recording, the source of a photo."""
    split: str = ""
    """`train`, `val` or `test`; empty if the set leaves the file out."""
    remark: str = ""

    @property
    def copyleft(self) -> bool:
        """Whether the licence binds what is made of the file: share-alike, GPL or LGPL."""
        return "-SA" in self.licence or "GPL" in self.licence


def read_entries(path: Path = LIST, *, partial: bool = False) -> list[Entry]:
    """Read the list.

    Args:
        path: A CSV file in UTF-8.
        partial: Whether columns that have a default may be missing.

    Raises:
        BuildError: It cannot be read, columns are missing, or a file is listed twice.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        there = set(rows[0]) if rows else set()
        wanted = [field for field in fields(Entry) if field.name in there or not partial]
        if missing := [field.name for field in wanted if field.name not in there]:
            raise BuildError(f"{path} lacks the columns {', '.join(missing)}. Take the list that ships.")
        entries = [Entry(**{f.name: _value(f.type, row[f.name]) for f in wanted}) for row in rows]
    except (OSError, ValueError, TypeError, csv.Error) as error:
        raise BuildError(f"{path} cannot be read: {error}. Take the list that ships.") from error
    files = [entry.file for entry in entries]
    if twice := sorted({file for file in files if files.count(file) > 1}):
        raise BuildError(f"{path} lists {', '.join(twice)} more than once. Remove the other lines.")
    return entries


def write_entries(path: Path, entries: Iterable[Entry]) -> None:
    """Write the list."""
    names = [field.name for field in fields(Entry)]
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([_text(getattr(entry, name)) for name in names] for entry in entries)


def _value(kind: Any, text: str) -> str | int | float:
    if kind is str:
        return text
    return int(text or 0) if kind is int else float(text or "nan")


def _text(value: str | int | float) -> str:
    if isinstance(value, float):
        return "" if math.isnan(value) else format(value, ".10g")
    return str(value or "")
