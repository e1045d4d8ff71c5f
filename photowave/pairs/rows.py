"""One line of a manifest: what its cells mean, what can be wrong with it, and how it is written."""

import math
import os
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from photowave.names import composed, locate
from photowave.pairs.splits import SPLITS

COLUMNS = ("photo", "sound", "scene", "split")
"""Columns that every manifest has."""
CREDITS = ("licence", "author", "source")
"""Those that say whose work the recording of a row is, or its photo if it has no recording."""
OPTIONAL_COLUMNS = ("also", "start_s", "bandwidth_hz", *CREDITS)
"""Columns that a manifest may have."""
_SHOWN = 60  # letters of a name in a message


@dataclass(frozen=True)
class Row:
    """One line of a manifest. Two rows that differ only in their line are equal."""

    photo: Path | None
    """The photo, absolute, or None."""
    sound: Path | None
    """The recording, absolute, or None."""
    scene: str | None
    """The class of photos and sounds it belongs to, or None; in the Unicode form NFC, whatever is given."""
    split: str
    """`train`, `val` or `test`."""
    start_s: float | None = None
    """Where in the recording the sound of this row starts, in seconds; None for the whole recording."""
    line: int = field(default=0, compare=False)
    """Line in the file, counted from 1; 0 if it does not come from one."""
    also: tuple[str, ...] = ()
    """Further scenes whose sounds would be right for the photo too, in the form NFC."""
    bandwidth_hz: float | None = None
    """The highest frequency at which the recording has content, in Hz; None if nobody measured it."""
    licence: str = ""
    """Licence of the recording, or of the photo if there is none; "" if nobody said it, as below."""
    author: str = ""
    """Who made it."""
    source: str = ""
    """Where it comes from, such as an address."""

    def __post_init__(self) -> None:
        """Bring the names of scenes into one form: those that look alike are one scene."""
        object.__setattr__(self, "scene", None if self.scene is None else composed(self.scene))
        object.__setattr__(self, "also", tuple(map(composed, self.also)))


def parse_row(
    line: int, header: Sequence[str], cells: Sequence[str], folder: Path
) -> tuple[Row | None, list[str]]:
    """Read the cells of a line.

    Args:
        line: Its number in the file.
        header: The names of the columns.
        cells: What stands under them.
        folder: Where relative paths count from.

    Returns:
        The row, None where the cells do not fit the header; and what is wrong with it.
    """
    if len(cells) != len(header):
        return None, [f"has {len(cells)} cells under {len(header)} columns"]
    given = dict(zip(header, cells, strict=True))
    wrong: list[str] = []
    files: dict[str, Path | None] = {"photo": None, "sound": None}
    for kind in files:
        if given[kind]:
            file = files[kind] = locate(folder, given[kind])
            if (fault := _fault_of(file, given[kind])) is not None:
                wrong.append(f"{kind} {fault}")
    numbers: dict[str, float | None] = {"start_s": None, "bandwidth_hz": None}
    for name in numbers:
        if text := given.get(name, "").strip():
            try:
                numbers[name] = float(text)
            except ValueError:
                wrong.append(f"{name} '{text}' is not a number")
    also = given.get("also", "").strip()
    row = Row(
        files["photo"],
        files["sound"],
        given["scene"] or None,
        given["split"].strip(),
        numbers["start_s"],
        line,
        tuple(name.strip() for name in also.split(";")) if also else (),
        numbers["bandwidth_hz"],
        *(given.get(name, "").strip() for name in CREDITS),
    )
    return row, wrong + row_faults(row)


def _fault_of(file: Path, name: str) -> str | None:
    """Say why a file cannot be used, if it is so."""
    try:
        return None if stat.S_ISREG(os.stat(file).st_mode) else f"'{name}' is no file"  # noqa: PTH116 - quick
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return f"'{name}' does not exist"
    except OSError as error:  # such as a name longer than the disk can hold
        short = name if len(name) <= _SHOWN else f"{name[:_SHOWN]}..."
        return f"'{short}' cannot be read: {error.strerror}"


def row_faults(row: Row) -> list[str]:
    """Say what is wrong with a row, whatever lies on the disk."""
    # Words are put together only for what is wrong: a table may have a hundred thousand rows without a fault.
    wrong: list[str] = []
    if row.photo is None and row.sound is None:
        wrong.append("has neither photo nor sound")
    if row.split not in SPLITS:
        wrong.append(f"split '{row.split}' is not train, val or test")
    for name, number, fits in (
        ("start_s", row.start_s, "0 or more"),
        ("bandwidth_hz", row.bandwidth_hz, "more than 0"),
    ):
        if number is None:
            continue
        if not (0 <= number < math.inf) or (number == 0 and name == "bandwidth_hz"):
            wrong.append(f"{name} {number} is not {fits}")
        if row.sound is None:
            wrong.append(f"{name} {number} has no sound")
    if row.scene is not None and row.scene != row.scene.strip():
        wrong.append(f"scene '{row.scene}' has outer spaces")
    if row.scene == "":
        wrong.append("scene is empty text; leave it out instead")
    if row.also:
        wrong += _faults_of_also(row)
    told = (row.licence, row.author, row.source)
    if any(text != text.strip() for text in told):
        wrong.append(f"{', '.join(CREDITS)} must have no outer spaces")
    names = "".join((str(row.photo or ""), str(row.sound or ""), row.scene or "", *row.also, *told))
    if "\n" in names or "\r" in names or "\0" in names:
        wrong.append("a name has a line break in it")
    return wrong


def _faults_of_also(row: Row) -> list[str]:
    """Say what is wrong with the further scenes that a row names."""
    also = ";".join(row.also)
    checks = [
        (row.photo is None, f"also '{also}' has no photo"),
        (row.scene is None, f"also '{also}' stands without a scene"),
        (
            any(not name or name != name.strip() or ";" in name for name in row.also),
            f"also '{also}' must be names with ';' between them, without outer spaces",
        ),
        (
            len({*row.also, row.scene}) <= len(row.also),
            f"also '{also}' names a scene twice, or that of the row, '{row.scene}'",
        ),
    ]
    return [text for holds, text in checks if holds]


def columns_for(rows: Iterable[Row]) -> tuple[str, ...]:
    """Name the columns that rows need: those that are always there, and what any row makes use of."""
    rows = list(rows)
    used = [
        name for name in OPTIONAL_COLUMNS if any(getattr(row, name) not in (None, (), "") for row in rows)
    ]
    return (*COLUMNS, *used)


def row_cells(row: Row, columns: Sequence[str], folder: Path) -> list[str]:
    """Write a row as the text of its cells; paths count from `folder`, with forward slashes."""
    cells = {
        "photo": _relative(row.photo, folder),
        "sound": _relative(row.sound, folder),
        "scene": row.scene or "",
        "split": row.split,
        "also": ";".join(row.also),
        "start_s": "" if row.start_s is None else repr(float(row.start_s)),
        "bandwidth_hz": "" if row.bandwidth_hz is None else repr(float(row.bandwidth_hz)),
        **{name: getattr(row, name) for name in CREDITS},
    }
    return [cells[name] for name in columns]


def _relative(file: Path | None, folder: Path) -> str:
    """A path below or beside the folder; from another drive it stays absolute."""
    if file is None:
        return ""
    try:
        return Path(os.path.relpath(file, folder)).as_posix()
    except ValueError:
        return file.absolute().as_posix()
