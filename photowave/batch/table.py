"""Tables of photos, read row by row: CSV and Parquet, with columns that steer each row."""

import csv
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from photowave import extras
from photowave.batch.jobs import Fault, Job, numbered_name
from photowave.batch.targets import Target
from photowave.errors import ConfigError
from photowave.settings import DrawSettings, SteerSettings

SUFFIXES = (".csv", ".parquet")
_ROWS = 1024  # of a Parquet file, read at once


def is_table(path: str) -> bool:
    """Whether a path is that of a table, by its ending."""
    return Path(path).suffix.lower() in SUFFIXES


class PhotoTable:
    """A table with a column `photo`, whose paths count from the table's folder.

    Columns named like settings (`DRAWN`, `STEERED`) hold for their row and overrule the command line; where a
    cell is empty, the command line holds. Other columns are left alone.

    Args:
        path: Ends in `.csv` (UTF-8, with commas) or `.parquet`.

    Raises:
        ConfigError: It cannot be read, has no column `photo`, or has a column twice.
        MissingPackageError: It is a Parquet file, and pyarrow is not installed.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self._parquet = self.path.suffix.lower() == ".parquet"
        if self._parquet:
            extras.require("tables", f"reading {self.path.name}")
        names = self._parquet_columns() if self._parquet else self._csv_columns()
        if "photo" not in names:
            shown = ", ".join(names) or "nothing"
            raise ConfigError(
                f"{self.path} has no column 'photo', only {shown}. Name the column so; a CSV file is UTF-8 "
                "text with commas."
            )
        self.columns = [name for name in names if name == "photo" or name in DRAWN or name in STEERED]
        """Those that are read."""
        self.left_alone = [name for name in names if name not in self.columns]
        """The others."""
        if len(set(self.columns)) < len(self.columns):
            raise ConfigError(f"{self.path} has a column twice: {', '.join(self.columns)}. Drop one of them.")

    def jobs(self, draw: DrawSettings, steering: SteerSettings) -> Iterator[Job | Fault]:
        """Read the rows, one after the other; a row that cannot be used becomes a fault.

        Args:
            draw: How rows are drawn that say nothing else.
            steering: What overrules their photos.

        Raises:
            ConfigError: The file cannot be read to its end.
        """
        for number, cells in enumerate(self._parquet_rows() if self._parquet else self._csv_rows()):
            row = f"{self.path.name} row {number}"
            given = cells if isinstance(cells, str) else {k: v for k, v in cells.items() if not _empty(v)}
            photo = "" if isinstance(given, str) else str(given.get("photo", ""))
            try:
                if isinstance(given, str):
                    raise ConfigError(given)
                yield self._job(number, row, photo, given, draw, steering)
            except ConfigError as error:
                yield Fault(number=number, photo=photo, reason=str(error), row=row)

    def _job(
        self,
        number: int,
        row: str,
        photo: str,
        given: Mapping[str, Any],
        draw: DrawSettings,
        steering: SteerSettings,
    ) -> Job:
        """Make the job of a row."""
        drawn = {name: read(name, given[name]) for name, read in DRAWN.items() if name in given}
        steered = {name: read(name, given[name]) for name, read in STEERED.items() if name in given}
        if "like" in steered:
            steered["like"] = self.path.parent / steered["like"]
        if steered.keys() - {"strict"}:
            # What a row says of these takes the place of all that the command line says of them.
            steering = replace(SteerSettings(strict=steering.strict), **steered)
        elif steered:
            steering = replace(steering, **steered)
        if not photo and not steering.without_photo:
            raise ConfigError("photo is empty. Name one, or give place, blend or like.")
        return Job(
            number=number,
            target=Target(self.path.parent / photo if photo else None, numbered_name(number), photo),
            draw=replace(draw, **drawn) if drawn else draw,
            steering=steering,
            row=row,
            own=bool(drawn or steered),
        )

    def _csv_columns(self) -> list[str]:
        try:
            with self._text() as text:
                return [name.strip() for name in next(csv.reader(text), [])]
        except (OSError, csv.Error) as error:
            raise self._unreadable(error) from error

    def _csv_rows(self) -> Iterator[dict[str, Any] | str]:
        """Cells by column, or what is wrong with the row."""
        with self._text() as text:
            reader = csv.reader(text)
            header = [name.strip() for name in next(reader)]
            while True:
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    yield f"line {reader.line_num} cannot be read ({error}). Mend its quotes."
                    continue
                if len(cells) == len(header):
                    yield {
                        name: cell for name, cell in zip(header, cells, strict=True) if name in self.columns
                    }
                elif cells:
                    yield (
                        f"line {reader.line_num} has {len(cells)} cells under {len(header)} columns. "
                        "Put quotes around cells with commas."
                    )

    def _text(self) -> Any:
        # Paths may hold bytes that are no UTF-8; they are kept as they are.
        return self.path.open(newline="", encoding="utf-8-sig", errors="surrogateescape")

    def _parquet_columns(self) -> list[str]:
        import pyarrow
        from pyarrow import parquet

        try:
            with parquet.ParquetFile(self.path) as file:
                return list(file.schema_arrow.names)
        except (OSError, pyarrow.ArrowException) as error:
            raise self._unreadable(error) from error

    def _parquet_rows(self) -> Iterator[dict[str, Any]]:
        import pyarrow
        from pyarrow import parquet

        try:
            with parquet.ParquetFile(self.path) as file:
                for batch in file.iter_batches(batch_size=_ROWS, columns=self.columns):
                    yield from batch.to_pylist()
        except (OSError, pyarrow.ArrowException) as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: Exception) -> ConfigError:
        reason = " ".join(str(getattr(error, "strerror", None) or error).split())
        return ConfigError(f"{self.path} cannot be read: {reason}. Give a table in CSV or Parquet.")


def _empty(value: Any) -> bool:
    """Whether a cell says nothing; pandas writes what is missing as not a number."""
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def _whole(name: str, value: Any) -> int:
    """A whole number, also as text, or with the point that pandas puts into it where a cell is empty."""
    try:
        number = _text_number(value) if isinstance(value, str) else value
        if not isinstance(number, bool) and int(number) == number:
            return int(number)
    except (TypeError, ValueError, OverflowError):
        pass
    raise ConfigError(f"{name}={value!r}: must be a whole number. Common: 0.")


def _text_number(text: str) -> int | float:
    """A number of text; beyond what a float holds exactly only if it is whole."""
    try:
        return int(text)
    except ValueError:
        return float(text)


def _number(name: str, value: Any) -> float:
    try:
        if not isinstance(value, bool):
            return float(value)
    except (TypeError, ValueError):
        pass
    raise ConfigError(f"{name}={value!r}: must be a number. Drop its unit.")


def _yes_or_no(name: str, value: Any) -> bool:
    found = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}.get(
        str(value).strip().lower()
    )
    if found is None:
        raise ConfigError(f"{name}={value!r}: must be true or false.")
    return found


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise ConfigError(f"{name}={value!r}: must be text.")
    return value.strip()


def _places(name: str, value: Any) -> str | tuple[str, ...]:
    """Text, or the list that Parquet may hold."""
    return tuple(_text(name, entry) for entry in value) if isinstance(value, list) else _text(name, value)


def _shares(name: str, value: Any) -> str | dict[str, float]:
    """Text, or what Parquet may hold: names with numbers, as fields or as a map."""
    pairs = list(value.items()) if isinstance(value, dict) else value
    if isinstance(pairs, list) and all(isinstance(pair, tuple) for pair in pairs):
        return {_text(name, place): _number(name, share) for place, share in pairs if share is not None}
    return _text(name, value)


DRAWN: Mapping[str, Callable[[str, Any], Any]] = {
    "seed": _whole,
    "variation": _whole,
    "duration_s": _number,
    "temperature": _number,
    "guidance": _number,
    "loop": _yes_or_no,
}
"""Columns that say how a row is drawn; see `DrawSettings`."""
STEERED: Mapping[str, Callable[[str, Any], Any]] = {
    "place": _text,
    "exclude": _places,
    "blend": _shares,
    "like": _text,
    "strict": _yes_or_no,
}
"""Columns that overrule the photo of a row; see `SteerSettings`."""
