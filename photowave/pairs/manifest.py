"""The list of photos and sounds to train on: a CSV file with `photo,sound,scene,split`, and more if wanted.

A row with a photo and a sound is a pair; a row with one of them takes part through its scene. A sound without
photo or scene still trains the decoder. `also` names further scenes whose sounds suit a photo, with `;`
between them. `start_s` says where in the recording the sound starts, `bandwidth_hz` how high it reaches.
Further columns are allowed and ignored.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from photowave.errors import PairError
from photowave.pairs.left_out import LeftOut, left_out, tell_left_out
from photowave.pairs.listing import leaks, read_table, without_collecting, write_cells
from photowave.pairs.pairing import Credit, Excerpt, Pairing, Part, pair_up
from photowave.pairs.rows import Row as Row  # where others look for it
from photowave.pairs.rows import columns_for, row_cells, row_faults
from photowave.pairs.splits import SPLITS, HashFiles, sha256s


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
        with without_collecting():
            parts = (
                Part(
                    row.photo,
                    None if row.sound is None else Excerpt(row.sound, row.start_s),
                    row.scene,
                    row.also,
                    row.bandwidth_hz,
                    Credit(row.licence, row.author, row.source),
                )
                for row in self.rows
            )
            found = pair_up(parts, by_scene=pairing == "scene")
        if needs_photos and not any(found.sounds_of):
            raise PairError(
                f"{self.path}: no photo has a sound with pairing '{pairing}' among {len(self.rows)} rows. "
                "Put photo and sound into one row, or give both the same scene and pair by scene."
            )
        return found


def read_manifest(path: str | Path, *, strict: bool = True, hashed: HashFiles = sha256s) -> Manifest:
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
    with without_collecting():
        table = read_table(path)
        problems = [(line.number, text.rstrip(".")) for line in table.lines for text in line.faults]
        problems += [(row.line, text) for row, text in leaks(table.rows, hashed=hashed)]
    problems.sort()
    if strict:
        _refuse_if_any(table.path, [f"line {line}: {text}" for line, text in problems])
    wrong_in: dict[int, list[str]] = {}
    for line, text in problems:
        wrong_in.setdefault(line, []).append(text)
    lost = tuple(LeftOut(line, "", "; ".join(wrong), "Mend the row") for line, wrong in wrong_in.items())
    return Manifest(tuple(row for row in table.rows if row.line not in wrong_in), table.path, lost)


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
    write_cells(path, columns, (row_cells(row, columns, folder) for row in rows))


def _refuse_if_any(path: Path, problems: Sequence[str]) -> None:
    """Raise with all problems and their number, if there are any."""
    if problems:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise PairError(f"{path}: {count}: {'; '.join(problems)}. Mend the rows and try again.")
