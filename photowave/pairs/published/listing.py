"""Lists and files of published sets: tables with and without a header, and files by their stems."""

import csv
import os
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Literal

from photowave.audio import SOUND_SUFFIXES
from photowave.errors import PairError
from photowave.image.decode import PHOTO_SUFFIXES
from photowave.pairs.published.entries import LeftOut
from photowave.pairs.videos import VIDEO_SUFFIXES

_KINDS = {
    **dict.fromkeys(PHOTO_SUFFIXES, "photo"),
    **dict.fromkeys(SOUND_SUFFIXES, "sound"),
    **dict.fromkeys(VIDEO_SUFFIXES, "video"),
}


def find_list(folder: Path, *names: str) -> Path:
    """Find a list of a set, in the folder or one level below it: archives often unpack into one of their own.

    Args:
        folder: Of the set.
        *names: Paths in it, any of which will do.

    Raises:
        PairError: There is none.
    """
    if not folder.is_dir():
        raise PairError(f"{folder} is not a folder. Give the one into which the set was unpacked.")
    inside = sorted(path for path in folder.iterdir() if path.is_dir())
    for place in (folder, *inside):
        for name in names:
            if (place / name).is_file():
                return place / name
    raise PairError(
        f"{folder} holds no {' or '.join(names)}. Give the folder into which the set was unpacked."
    )


def read_table(
    path: Path, columns: Sequence[str], *, header: bool = True, delimiter: str = ","
) -> Iterator[dict[str, str] | LeftOut]:
    """Read a table line by line; a line that does not fit is handed over as left out.

    Args:
        path: The table, in UTF-8.
        columns: Those that must be there. Without a header they name the cells, all of them.
        header: Whether the first line names the columns.
        delimiter: Between cells; quotes mean something in tables with commas only.

    Yields:
        The cells of a line by column.

    Raises:
        PairError: The table is missing, not text, or lacks a column.
    """
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if delimiter == "," else csv.QUOTE_NONE
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, delimiter=delimiter, quoting=quoting)
            names = [name.strip() for name in next(reader, [])] if header else list(columns)
            if missing := [name for name in columns if name not in names]:
                raise PairError(
                    f"{path} has no column {', '.join(missing)}; present are: {', '.join(names) or 'none'}. "
                    "Take the list as it was published."
                )
            for cells in reader:
                if not any(cells):
                    continue
                if len(cells) == len(names):
                    yield dict(zip(names, (cell.strip() for cell in cells), strict=True))
                else:
                    what = f"has {len(cells)} cells where {len(names)} belong"
                    yield LeftOut(f"{path.name}, line {reader.line_num}", what)
    except OSError as error:
        raise PairError(f"{path} cannot be read: {error.strerror}. Unpack the set anew.") from error
    except UnicodeDecodeError as error:
        raise PairError(f"{path} is not UTF-8 text (byte {error.start}). Unpack the set anew.") from error
    except csv.Error as error:
        raise PairError(f"{path} is not a table: {error}. Unpack the set anew.") from error


def whole_number(text: str) -> int | None:
    """Read a number of up to nine digits; None where the text is something else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 9 else None


def files_by_stem(folder: Path) -> dict[str, dict[str, Path]]:
    """Find all photos, sounds and videos below a folder.

    Returns:
        For each stem the files by kind (`photo`, `sound`, `video`), of several the first by path.
    """
    found: dict[str, dict[str, Path]] = defaultdict(dict)
    for path in files_below(folder):
        if kind := _KINDS.get(path.suffix.lower()):
            found[path.stem].setdefault(kind, path)
    return found


def files_below(folder: Path, suffixes: Collection[str] | None = None) -> list[Path]:
    """List the files below a folder, sorted, without hidden ones; of these endings if any are named."""
    found: list[Path] = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [
            Path(place, name)
            for name in names
            if not name.startswith(".") and (suffixes is None or Path(name).suffix.lower() in suffixes)
        ]
    return sorted(found)
