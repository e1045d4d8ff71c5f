"""What a check found, and which rows are left: as lines, as plain values, as a table to train on."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from photowave.checking.findings import Finding
from photowave.errors import PairError
from photowave.pairs.listing import Line, Table, write_table
from photowave.pairs.manifest import Manifest
from photowave.pairs.rows import Row


class Total(NamedTuple):
    """What is usable of one place in one split."""

    place: str
    """"" for rows without one."""
    split: str
    photos: int
    recordings: int
    hours: float
    """Each recording counts once, as a whole."""

    @property
    def length(self) -> str:
        """The hours as `h:mm:ss`; a second that has begun counts, so that no recording shows as nothing."""
        minutes, seconds = divmod(math.ceil(self.hours * 3600 - 1e-6), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"


@dataclass(frozen=True)
class Report:
    """What a check found."""

    table: Table
    """What was given."""
    findings: tuple[Finding, ...]
    """In the order of the rows; those of several rows at the first of them."""
    durations_s: Mapping[Path, float] = field(default_factory=dict)
    """Length of each recording that can be read."""
    not_checked: tuple[str, ...] = ()
    """What was not looked for, and why."""

    @property
    def rejected_lines(self) -> frozenset[int]:
        """Lines of the rows that cannot serve."""
        return frozenset(n for each in self.findings if each.severity == "rejected" for n in each.lines)

    @property
    def usable(self) -> tuple[Line, ...]:
        """The lines that can serve; together with those that are rejected they are all that was given."""
        rejected = self.rejected_lines
        return tuple(line for line in self.table.lines if line.number not in rejected)

    @property
    def manifest(self) -> Manifest:
        """The rows that can serve."""
        return Manifest(tuple(_row(line) for line in self.usable), self.table.path)

    def totals(self) -> list[Total]:
        """Add up what is usable, by place and split."""
        photos: dict[tuple[str, str], set[Path]] = defaultdict(set)
        sounds: dict[tuple[str, str], set[Path]] = defaultdict(set)
        for row in self.manifest.rows:
            key = (row.scene or "", row.split)
            if row.photo is not None:
                photos[key].add(row.photo)
            if row.sound is not None:
                sounds[key].add(row.sound)
        order = {"train": 0, "val": 1, "test": 2}
        return [
            Total(
                *key,
                len(photos[key]),
                len(sounds[key]),
                sum(self.durations_s.get(path, 0.0) for path in sounds[key]) / 3600,
            )
            for key in sorted({*photos, *sounds}, key=lambda key: (key[0], order[key[1]]))
        ]

    def write_usable(self, path: str | Path) -> None:
        """Write the rows that can serve, with all the columns that they had.

        Raises:
            PairError: There are none, or they cannot be written.
        """
        if not self.usable:
            raise PairError(f"{path} is not written: no row of {self.table.path} is usable. Mend some first.")
        write_table(path, self.table.header, [(_row(line), line.cells) for line in self.usable])

    def plain(self) -> dict[str, Any]:
        """Everything as plain values, for JSON."""
        return {
            "pairs": str(self.table.path),
            "rows": len(self.table.lines),
            "usable": len(self.usable),
            "rejected": len(self.rejected_lines),
            "findings": [
                {
                    "severity": each.severity,
                    "kind": each.kind,
                    "lines": list(each.lines),
                    "file": None if each.file is None else str(each.file),
                    "value": each.value,
                    "remedy": each.remedy,
                }
                for each in self.findings
            ],
            "totals": [total._asdict() for total in self.totals()],
            "not_checked": list(self.not_checked),
        }

    def name(self, path: Path) -> str:
        """Name a file as the manifest would: below its folder, if it lies there."""
        root = self.table.path if self.table.path.is_dir() else self.table.path.parent
        try:
            return path.relative_to(root.absolute()).as_posix()
        except ValueError:
            return str(path)

    def told(self, each: Finding) -> str:
        """Tell a finding in one line."""
        shown = ", ".join(map(str, each.lines[:3])) + (
            f" and {len(each.lines) - 3} more" if len(each.lines) > 3 else ""
        )
        where = [f"line{'s' * (len(each.lines) > 1)} {shown}"] if each.lines else []
        what = [self.name(each.file)] if each.file is not None else []
        return f"{': '.join([*where, *what])}: {each.severity}, {each.kind}: {each.value}. {each.remedy}"


def _row(line: Line) -> Row:
    assert line.row is not None
    return line.row


def in_order(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Sort findings by the first row that they concern."""
    return tuple(sorted(findings, key=lambda each: (each.lines[:1] or (0,), each.kind, each.value)))
