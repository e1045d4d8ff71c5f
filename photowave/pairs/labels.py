"""The map from labels of photos and sounds to places: a CSV file that people edit."""

import csv
from collections.abc import Iterable
from pathlib import Path

from photowave.errors import PairError
from photowave.pairs.listing import write_cells

COLUMNS = ("kind", "label", "place")


def read_labels(path: str | Path) -> dict[tuple[str, str], str]:
    """Read which place a label stands for.

    Args:
        path: A CSV file in UTF-8 with the columns `kind` (`photo` or `sound`), `label` and `place`; a label
            without a place is left out of the pairs.

    Returns:
        The place for each kind and label.

    Raises:
        PairError: It cannot be read; columns are missing; a kind is unknown, or a label has two places.
    """
    path = Path(path)
    found: dict[tuple[str, str], str] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise PairError(
                    f"{path}: columns missing: {', '.join(missing)}. "
                    f"The first line must name {','.join(COLUMNS)}."
                )
            for line in reader:
                kind, label, place = ((line[name] or "").strip() for name in COLUMNS)
                if kind not in ("photo", "sound"):
                    raise PairError(
                        f"{path}: line {reader.line_num}: kind '{kind}' is not photo or sound. "
                        "Write one of them."
                    )
                if found.setdefault((kind, label), place) != place:
                    raise PairError(
                        f"{path}: line {reader.line_num}: the {kind} label '{label}' has two places, "
                        f"'{found[kind, label]}' and '{place}'. Keep one of them."
                    )
    except OSError as error:
        raise PairError(f"{path} cannot be read: {error.strerror}. Give the path of a CSV file.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise PairError(f"{path} is no CSV file in UTF-8: {error}. Save it as one.") from error
    return found


def draft_labels(path: str | Path, labels: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Write a map to be edited: a label that photos and sounds share is its own place, others have none yet.

    Args:
        path: The CSV file to write.
        labels: Kinds and labels.

    Returns:
        What was written.

    Raises:
        PairError: It cannot be written.
    """
    listed = sorted(set(labels))
    photos, sounds = ({label for kind, label in listed if kind == wanted} for wanted in ("photo", "sound"))
    drafted = {(kind, label): label if label in photos & sounds else "" for kind, label in listed}
    write_cells(Path(path), COLUMNS, ((*key, place) for key, place in drafted.items()))
    return drafted
