"""The list of photos and sounds to train on: a CSV file with `photo,sound,scene,split`, and more if wanted.

A row with a photo and a sound is a pair; a row with one of them takes part through its scene. A sound without
photo or scene still trains the decoder. `also` names further scenes whose sounds suit a photo, with `;`
between them. `start_s` says where in the recording the sound starts, `bandwidth_hz` how high it reaches.
Further columns are allowed and ignored.
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from photowave.atomic import replacing
from photowave.errors import PairError
from photowave.pairs.left_out import LeftOut, left_out, tell_left_out
from photowave.pairs.pairing import Credit, Excerpt, Pairing, Part, pair_up
from photowave.pairs.rows import COLUMNS, OPTIONAL_COLUMNS, columns_for, parse_row, row_cells, row_faults
from photowave.pairs.rows import Row as Row  # where others look for it
from photowave.pairs.splits import SPLITS, HashFile, content_keys, sha256


@dataclass(frozen=True)
class Manifest:
    """Rows, and where they come from."""

    rows: tuple[Row, ...]
    path: Path
    """The CSV file, or the folder of scenes; named in messages."""
    left_out: tuple[LeftOut, ...] = ()
    """Rows of the file that are faulty, where they do not stop the reading."""

    def split(self, name: str) -> "Manifest":
        """Keep the rows of one split.

        Args:
            name: `train`, `val` or `test`.

        Raises:
            PairError: No row belongs to it.
        """
        rows = tuple(row for row in self.rows if row.split == name)
        if not rows:
            there = ", ".join(f"{s} ({n})" for s in SPLITS if (n := sum(row.split == s for row in self.rows)))
            faulty = f"; left out are: {tell_left_out(self.left_out)}" if self.left_out else ""
            raise PairError(
                f"{self.path}: no row belongs to split '{name}'; the rows are: {there or 'none'}{faulty}. "
                f"Set the split column of some rows to {name}."
            )
        return replace(self, rows=rows)

    def without(
        self, sounds: Mapping[Excerpt, str], photos: Mapping[Path, str]
    ) -> tuple["Manifest", tuple[LeftOut, ...]]:
        """Leave out the rows that hold what cannot be used.

        Args:
            sounds: What is wrong with excerpts.
            photos: What is wrong with photos.

        Returns:
            The rest, and the rows that are left out, with the fault of the photo where both have one.

        Raises:
            PairError: No row is left.
        """
        kept, lost = [], []
        for row in self.rows:
            excerpt = None if row.sound is None else Excerpt(row.sound, row.start_s)
            if row.photo is not None and row.photo in photos:
                lost.append(left_out(row.line, row.photo, photos[row.photo]))
            elif excerpt is not None and excerpt in sounds:
                lost.append(left_out(row.line, excerpt.path, sounds[excerpt]))
            else:
                kept.append(row)
        if not kept:
            raise PairError(f"{self.path}: no row can be used: {tell_left_out(lost)}. Mend the files.")
        return replace(self, rows=tuple(kept)), tuple(lost)

    @property
    def photos(self) -> tuple[Path, ...]:
        """Each photo once, in the order of the rows."""
        return tuple(dict.fromkeys(row.photo for row in self.rows if row.photo is not None))

    @property
    def sounds(self) -> tuple[Path, ...]:
        """Each recording once, in the order of the rows."""
        return tuple(dict.fromkeys(row.sound for row in self.rows if row.sound is not None))

    @property
    def scenes(self) -> tuple[str, ...]:
        """The names of the scenes, sorted."""
        return tuple(sorted({row.scene for row in self.rows if row.scene is not None}))

    def pairs(self, pairing: Literal["row", "scene"] = "scene", *, needs_photos: bool = True) -> Pairing:
        """Say which photo goes with which sound.

        Args:
            pairing: `row`: a photo and a sound of the same row. `scene`: any photo of a scene and any sound
                of it, and of the further scenes that suit the photo; rows without a scene still pair by row.
            needs_photos: Whether sounds alone are refused.

        Raises:
            PairError: No photo has any sound, or the pairing is unknown.
        """
        if pairing not in ("row", "scene"):
            raise PairError(f"pairing={pairing!r}: must be 'row' or 'scene'.")
        excerpts = [None if row.sound is None else Excerpt(row.sound, row.start_s) for row in self.rows]
        parts = [
            Part(
                row.photo,
                excerpt,
                row.scene,
                row.also,
                row.bandwidth_hz,
                Credit(row.licence, row.author, row.source),
            )
            for row, excerpt in zip(self.rows, excerpts, strict=True)
        ]
        found = pair_up(parts, by_scene=pairing == "scene")
        if needs_photos and not any(found.sounds_of):
            raise PairError(
                f"{self.path}: no photo has a sound with pairing '{pairing}' among {len(self.rows)} rows. "
                "Put photo and sound into one row, or give both the same scene and pair by scene."
            )
        return found


def read_manifest(path: str | Path, *, strict: bool = True, hashed: HashFile = sha256) -> Manifest:
    """Read a manifest and check it as a whole.

    Relative paths count from the folder of the file. Everything that is wrong is reported at once.

    Args:
        path: A CSV file in UTF-8, with or without byte order mark.
        strict: Whether a faulty row refuses the whole, or is left out and told in `Manifest.left_out`.
        hashed: Hashes files, to find the same content in two splits.

    Raises:
        PairError: The file is missing, empty or no UTF-8 text; columns are missing or double; with `strict`,
            a row has neither photo nor sound, an unknown split, a file that does not exist or an `also`,
            `start_s` or `bandwidth_hz` that does not fit, or a photo or a recording stands in two splits.
    """
    path = Path(path)
    (_, header), *lines = _read_lines(path)
    header = [name.strip() for name in header]
    missing = [name for name in COLUMNS if name not in header]
    double = sorted({name for name in header if name and header.count(name) > 1})
    if missing or double:
        faults = [f"columns missing: {', '.join(missing)}"] * bool(missing)
        faults += [f"columns given twice: {', '.join(double)}"] * bool(double)
        raise PairError(
            f"{path}: {'; '.join(faults)}; present are: {', '.join(header)}. "
            f"The first line must name {','.join(COLUMNS)} and, where wanted, {', '.join(OPTIONAL_COLUMNS)}."
        )
    if not lines:
        raise PairError(f"{path} has column names but no rows. Add a row per photo, sound or pair.")
    problems: list[tuple[int, str]] = []
    good: list[Row] = []
    for line, cells in lines:
        row, wrong = parse_row(line, header, cells, path.parent.absolute())
        problems += [(line, text) for text in wrong]
        if row is not None and not wrong:
            good.append(row)
    problems += _leaks(good, hashed)
    if strict:
        _refuse_if_any(path, [f"line {line}: {text}" for line, text in sorted(problems)])
    wrong_in: dict[int, list[str]] = {}
    for line, text in sorted(problems):
        wrong_in.setdefault(line, []).append(text)
    lost = tuple(LeftOut(line, "", "; ".join(wrong), "Mend the row") for line, wrong in wrong_in.items())
    return Manifest(tuple(row for row in good if row.line not in wrong_in), path, lost)


def write_manifest(path: str | Path, rows: Iterable[Row]) -> None:
    """Write rows as a manifest that `read_manifest` reads back as they are.

    Paths become relative to the folder of the file, with forward slashes; from another drive they stay
    absolute. Columns that may be missing are written where a row needs them.

    Args:
        path: The CSV file; it appears only when it is complete.
        rows: What to write.

    Raises:
        PairError: A row could not be read back, or the file cannot be written.
    """
    path, rows = Path(path), list(rows)
    _refuse_if_any(path, [f"row {n}: {text}" for n, row in enumerate(rows, 1) for text in row_faults(row)])
    columns, folder = columns_for(rows), path.parent.absolute()
    try:
        with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows(row_cells(row, columns, folder) for row in rows)
    except UnicodeEncodeError as error:
        raise PairError(f"{path}: the name {error.object!r} is not Unicode text. Rename the file.") from error
    except OSError as error:
        raise PairError(f"{path} cannot be written: {error.strerror}. Choose another folder.") from error


def _read_lines(path: Path) -> list[tuple[int, list[str]]]:
    """The cells of each line that is not blank, with its number; at least one line."""
    lines: list[tuple[int, list[str]]] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            start = 1
            for cells in reader:
                if any(cells):
                    lines.append((start, cells))
                start = reader.line_num + 1
    except FileNotFoundError as error:
        raise PairError(f"{path} does not exist. Give the path of a manifest, a CSV file.") from error
    except OSError as error:
        raise PairError(f"{path} cannot be read: {error.strerror}. Give the path of a CSV file.") from error
    except UnicodeDecodeError as error:
        raise PairError(f"{path} is not UTF-8 text (byte {error.start}). Save it as CSV in UTF-8.") from error
    except csv.Error as error:
        raise PairError(f"{path}: line {start} is not CSV: {error}. Check its quotes and commas.") from error
    if not lines:
        raise PairError(f"{path} is empty. Its first line must name {','.join(COLUMNS)}, with rows below.")
    return lines


def _leaks(rows: Sequence[Row], hashed: HashFile) -> list[tuple[int, str]]:
    """Photos and recordings that stand in a second split, by path or by content, with the line."""
    if len({row.split for row in rows}) < 2:
        return []
    found: list[tuple[int, str]] = []
    for kind in ("photo", "sound"):
        used = [(getattr(row, kind), row) for row in rows if getattr(row, kind) is not None]
        keys = content_keys((path for path, _ in used), hashed)
        first: dict[str, tuple[Path, Row]] = {}
        for path, row in used:
            before, there = first.setdefault(keys[path], (path, row))
            if there.split != row.split:
                same = "stands" if path == before else f"has the content of '{before.name}', which stands"
                where = f"also in split {there.split} (line {there.line})"
                found.append((row.line, f"{kind} '{path.name}' of split {row.split} {same} {where}"))
    return found


def _refuse_if_any(path: Path, problems: Sequence[str]) -> None:
    """Raise with all problems and their number, if there are any."""
    if problems:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise PairError(f"{path}: {count}: {'; '.join(problems)}. Mend the rows and try again.")
