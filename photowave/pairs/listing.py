"""A table of rows as it stands on the disk, its good lines and its faulty ones."""

import csv
import gc
import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from photowave.atomic import replacing, unwritten
from photowave.errors import PairError
from photowave.pairs.rows import COLUMNS, OPTIONAL_COLUMNS, Row, parse_row, row_cells
from photowave.pairs.splits import HashFiles, content_keys, sha256s


@dataclass(frozen=True)
class Line:
    """One line of a table that is not blank."""

    number: int
    """Counted from 1; of a cell with line breaks in it, the first of its lines."""
    cells: tuple[str, ...]
    """As they stand there."""
    row: Row | None
    """What they mean; None where that cannot be told."""
    faults: tuple[str, ...] = ()
    """What is wrong with it, in words; a line without faults has a row."""


@dataclass(frozen=True)
class Table:
    """A table, read without refusing a single line."""

    path: Path
    header: tuple[str, ...]
    lines: tuple[Line, ...]

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows of the lines without faults."""
        return tuple(line.row for line in self.lines if line.row is not None and not line.faults)


@contextmanager
def without_collecting() -> Iterator[None]:
    """Let Python look for no cycles while much is made that stays: that took a third of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class _Record(NamedTuple):
    number: int
    cells: list[str]
    fault: str | None


def read_table(path: str | Path, *, needs_split: bool = True) -> Table:
    """Read a manifest line by line; what is wrong with a line is kept beside it.

    Args:
        path: A CSV file in UTF-8, with or without byte order mark. Relative paths count from its folder.
        needs_split: Whether the column `split` must be there. Where it is not, each row counts as `train`.

    Raises:
        PairError: The file cannot be read or is empty, or its columns are missing, double or no UTF-8 text.
    """
    path = Path(path)
    needed = [name for name in COLUMNS if needs_split or name != "split"]
    header, records = _open(path, needed)
    implied = [] if "split" in header else ["split"]
    columns, folder = [*header, *implied], path.parent.absolute()
    lines = []
    for number, cells, fault in records:
        if fault is not None:
            lines.append(Line(number, tuple(cells), None, (fault,)))
            continue
        row, wrong = parse_row(number, columns, [*cells, "train"] if implied else cells, folder)
        lines.append(Line(number, tuple(cells), row, tuple(wrong)))
    if not lines:
        raise PairError(f"{path} has column names but no rows. Add a row per photo, sound or pair.")
    return Table(path, tuple(header), tuple(lines))


def write_table(path: str | Path, header: Sequence[str], lines: Iterable[tuple[Row, Sequence[str]]]) -> None:
    """Write rows with all columns that they had, also those that photowave does not know.

    Args:
        path: The CSV file; it appears only when it is complete. Paths in it count from its folder.
        header: The names of the columns; `photo`, `sound` and `split` are filled from the row.
        lines: Rows, each with its cells under the header; what is missing at their end is empty.

    Raises:
        PairError: The file cannot be written.
    """
    path = Path(path)
    folder = path.parent.absolute()
    own = ("photo", "sound", "split")

    def cells_of(row: Row, cells: Sequence[str]) -> list[str]:
        given = dict.fromkeys(header, "") | dict(zip(header, cells, strict=False))
        return list((given | dict(zip(own, row_cells(row, own, folder), strict=True))).values())

    write_cells(path, header, (cells_of(row, cells) for row, cells in lines))


def write_cells(path: Path, header: Sequence[str], lines: Iterable[Sequence[str]]) -> None:
    """Write a CSV file that appears only when it is complete.

    Raises:
        PairError: It cannot be written.
    """
    try:
        with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(lines)
    except UnicodeEncodeError as error:
        raise PairError(f"{path}: the name {error.object!r} is not Unicode text. Rename the file.") from error
    except OSError as error:
        raise PairError(unwritten(path, error)) from error


def leaks(rows: Sequence[Row], *, hashed: HashFiles = sha256s) -> list[tuple[Row, str]]:
    """Find photos and recordings that stand in a second split, by path or by content, with the later row.

    Args:
        rows: All of a manifest.
        hashed: Hashes files.
    """
    if len({row.split for row in rows}) < 2:
        return []
    found: list[tuple[Row, str]] = []
    for kind in ("photo", "sound"):
        used = [(getattr(row, kind), row) for row in rows if getattr(row, kind) is not None]
        keys = content_keys((path for path, _ in used), hashed)
        first: dict[str, tuple[Path, Row]] = {}
        for path, row in used:
            before, there = first.setdefault(keys[path], (path, row))
            if there.split != row.split:
                same = "stands" if path == before else f"has the content of '{before.name}', which stands"
                where = f"also in split {there.split} (line {there.line})"
                found.append((row, f"{kind} '{path.name}' of split {row.split} {same} {where}"))
    return found


def _open(path: Path, needed: Sequence[str]) -> tuple[list[str], Iterator[_Record]]:
    """The names of the columns, checked, and what stands below them."""
    try:
        content = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    except FileNotFoundError as error:
        raise PairError(f"{path} does not exist. Give the path of a manifest, a CSV file.") from error
    except OSError as error:
        raise PairError(f"{path} cannot be read: {error.strerror}. Give the path of a CSV file.") from error
    # Bytes that are no UTF-8 become lone surrogates: the line is named, and the others are read.
    text = content.decode("utf-8", "surrogateescape")
    lines = list(io.StringIO(text, newline=""))
    at = next((n for n, line in enumerate(lines) if line.strip(" ,\r\n")), None)
    if at is None:
        raise PairError(f"{path} is empty. Its first line must name {','.join(COLUMNS)}, with rows below.")
    _, cells, fault = next(_records(lines, at, width=None))
    if fault is not None:
        raise PairError(f"{path}: line {at + 1} {fault}")
    header = [name.strip() for name in cells]
    missing = [name for name in needed if name not in header]
    double = sorted({name for name in header if name and header.count(name) > 1})
    if missing or double:
        faults = [f"columns missing: {', '.join(missing)}"] * bool(missing)
        faults += [f"columns given twice: {', '.join(double)}"] * bool(double)
        others = [name for name in (*COLUMNS, *OPTIONAL_COLUMNS) if name not in needed]
        raise PairError(
            f"{path}: {'; '.join(faults)}; present are: {', '.join(header)}. "
            f"The first line must name {','.join(needed)} and, where wanted, {', '.join(others)}."
        )
    return header, _records(lines, at + 1, width=len(header))


def _records(lines: Sequence[str], at: int, *, width: int | None) -> Iterator[_Record]:
    """What stands in lines from `at` on, blank ones left out.

    A quote that nobody closes would swallow the rows below it. So a record over several lines that does not
    fit the header counts as its first line alone, and the reading goes on with the next.
    """
    while at < len(lines):
        reader = csv.reader((lines[n] for n in range(at, len(lines))), strict=True)
        start = at
        try:
            for cells in reader:
                end = at + reader.line_num
                if end - start > 1 and width not in (None, len(cells)):
                    yield _Record(start + 1, [lines[start].rstrip("\r\n")], "has a quote that is not closed")
                    break
                if any(cells):
                    yield _Record(start + 1, cells, _encoding_fault(lines, start, end))
                start = end
        except csv.Error as error:
            fault = f"is not CSV: {error}. Check its quotes and commas"
            yield _Record(start + 1, [lines[start].rstrip("\r\n")], fault)
        at = start + 1


def _encoding_fault(lines: Sequence[str], start: int, end: int) -> str | None:
    """Say where in the file the first byte stands that is no UTF-8, if one does in these lines."""
    for number in range(start, end):
        try:
            lines[number].encode("utf-8")
        except UnicodeEncodeError as error:
            before = sum(len(line.encode("utf-8", "surrogateescape")) for line in lines[:number])
            byte = before + len(lines[number][: error.start].encode("utf-8"))
            return f"is not UTF-8 text (byte {byte}). Save it as CSV in UTF-8"
    return None
