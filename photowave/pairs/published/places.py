"""Maps from the labels of a set to places: CSV files with `label,place` that anybody can edit."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from photowave.errors import PairError
from photowave.pairs.published.entries import LeftOut
from photowave.pairs.published.listing import read_table


def plain(label: str) -> str:
    """Write a label so that spellings of one name agree: case, spaces, `_`, `-` and `/` make no difference.

    Example:
        >>> plain("Train_station/Platform") == plain("train station-platform")
        True
    """
    return re.sub(r"[\s_/-]+", " ", label).strip().casefold()


@dataclass(frozen=True)
class PlaceMap:
    """Which label is which place."""

    places: Mapping[str, str]
    """Plain label: its place, "" for none; in the order of the file."""

    def place(self, labels: Sequence[str]) -> str | None:
        """Find the place of a clip: the first line of the map that names one of its labels decides.

        That line may have no place; then the clip has none.
        """
        given = {plain(label) for label in labels}
        if len(given) == 1:
            return self.places.get(given.pop()) or None
        return next((place for label, place in self.places.items() if label in given), None) or None


def read_map(path: Path) -> PlaceMap:
    """Read a map.

    Raises:
        PairError: The file is missing or has no `label` and `place`, a line does not fit, a label stands
            twice, or no label has a place.
    """
    places: dict[str, str] = {}
    for row in read_table(path, ("label", "place")):
        if isinstance(row, LeftOut):
            raise PairError(f"{row.name} of {path.parent} {row.reason}. Put labels with commas in quotes.")
        label = plain(row["label"])
        if label in places:
            raise PairError(f"{path}: the label '{row['label']}' stands twice. Remove one of the lines.")
        places[label] = row["place"]
    if not any(places.values()):
        raise PairError(f"{path} gives no label a place. Fill in its second column for some.")
    return PlaceMap(places)


def map_path(name: str) -> Path:
    """Find the map that ships for a set."""
    return Path(str(files("photowave"))) / "pairs" / "published" / "maps" / f"{name}.csv"


def copy_map(name: str, target: Path, *, overwrite: bool = False) -> None:
    """Write the map that ships for a set to a file that can be edited.

    Raises:
        PairError: The file is there and `overwrite` is not set, or it cannot be written.
    """
    content = map_path(name).read_bytes()
    try:
        with target.open("wb" if overwrite else "xb") as file:
            file.write(content)
    except FileExistsError as error:
        raise PairError(
            f"{target} is there already, and may have been edited by hand. Choose another name, or give "
            "--overwrite to replace it."
        ) from error
    except OSError as error:
        raise PairError(f"{target} cannot be written: {error.strerror}. Choose another folder.") from error
