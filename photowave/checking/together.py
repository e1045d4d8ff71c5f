"""What shows only when rows are seen side by side: copies, near copies, and excerpts on two sides."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from photowave.checking.findings import Finding, finding
from photowave.pairs.listing import leaks
from photowave.pairs.rows import Row
from photowave.pairs.splits import content_keys, recording_name

NEAR_BITS = 6
"""Photos whose hashes differ in so many of 63 bits, or fewer, show one view."""
_BANDS = 8


def lines_of(rows: Sequence[Row]) -> dict[Path, tuple[int, ...]]:
    """List the lines of each file."""
    found: dict[Path, list[int]] = defaultdict(list)
    for row in rows:
        for path in (row.photo, row.sound):
            if path is not None:
                found[path].append(row.line)
    return {path: tuple(lines) for path, lines in found.items()}


def find_leaks(rows: Sequence[Row]) -> Iterator[Finding]:
    """Find rows whose photo or recording stands in another split already."""
    for row, text in leaks(rows):
        yield finding("in two splits", text, lines=(row.line,))


def find_doubles(rows: Sequence[Row]) -> Iterator[Finding]:
    """Find rows that say what another says, and files with the content of another in the same split."""
    first: dict[object, int] = {}
    for row in rows:
        line = first.setdefault((row.photo, row.sound, row.scene, row.start_s), row.line)
        if line != row.line:
            yield finding("double row", f"the same as line {line}", lines=(row.line,))
    lines = lines_of(rows)
    held: dict[tuple[str, str], Path] = {}
    for path, key in _in_order(lines, content_keys(lines)):
        kept = held.setdefault((key, path.suffix.lower()), path)
        if kept != path:
            yield finding("duplicate", f"it has the content of '{kept.name}'", lines=lines[path], file=path)


def find_near(rows: Sequence[Row], looks: Mapping[Path, int]) -> Iterator[Finding]:
    """Find photos that show what an earlier one shows.

    Hashes that differ in fewer bits than there are bands have a band in common, so that few are compared.

    Args:
        rows: Usable ones.
        looks: The hash of each photo that shows something.
    """
    lines = lines_of(rows)
    split = {row.photo: row.split for row in rows if row.photo is not None}
    bands: list[dict[int, list[Path]]] = [defaultdict(list) for _ in range(_BANDS)]
    content = content_keys(looks)
    for path, look in looks.items():
        parts = [look >> (8 * band) & 0xFF for band in range(_BANDS)]
        others = {other for band, part in zip(bands, parts, strict=True) for other in band[part]}
        near = [(bits, other) for other in others if (bits := (look ^ looks[other]).bit_count()) <= NEAR_BITS]
        if near:
            bits, other = min(near, key=lambda each: (each[0], lines[each[1]]))
            if content[other] != content[path]:
                apart = (
                    "" if split[other] == split[path] else f", in split {split[other]} beside {split[path]}"
                )
                text = f"it looks like '{other.name}' ({bits} of 63 bits differ){apart}"
                yield finding("near duplicate", text, lines=lines[path], file=path)
        for band, part in zip(bands, parts, strict=True):
            band[part].append(path)


def find_parted(rows: Sequence[Row]) -> Iterator[Finding]:
    """Find excerpts of one recording (`..._0-10s` beside `..._10-20s`) in two splits."""
    first: dict[str, Row] = {}
    for row in rows:
        if row.sound is None:
            continue
        before = first.setdefault(recording_name(row.sound.as_posix()), row)
        if before.split != row.split and before.sound != row.sound:
            assert before.sound is not None
            yield finding(
                "recording in two splits",
                f"'{before.sound.name}' of it is in split {before.split} (line {before.line})",
                lines=(row.line,),
                file=row.sound,
            )


def _in_order(lines: Mapping[Path, object], keys: Mapping[Path, str]) -> Iterator[tuple[Path, str]]:
    for path in lines:
        yield path, keys[path]
