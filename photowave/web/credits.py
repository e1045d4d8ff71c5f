"""Whose photos are shown: a table that names them, with author, licence and source of each."""

import csv
from pathlib import Path

from photowave.errors import ConfigError

PARTS = ("author", "licence", "source")
"""Columns that make a credit; each may be missing or empty."""
_NAMES = ("photo", "file")


class Credits:
    """Credits of photos, as tables of places, manifests and `SOURCES.csv` name them.

    Args:
        path: A CSV with a column `photo` or `file`, and any of `PARTS`; None: nobody said anything.

    Raises:
        ConfigError: It cannot be read, or lacks these columns.
    """

    def __init__(self, path: Path | None):
        self._told: dict[tuple[str, ...], str] = {}
        if path is None:
            return
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                rows = csv.DictReader(file, strict=True)
                header = rows.fieldnames or ()
                named = next((name for name in _NAMES if name in header), None)
                if named is None or not set(PARTS) & set(header):
                    raise ConfigError(
                        f"credits={path}: needs a column photo or file, and author, licence or source. "
                        f"It has {', '.join(header) or 'none'}."
                    )
                for row in rows:
                    told = ", ".join(
                        filter(None, (" ".join((row.get(part) or "").split()) for part in PARTS))
                    )
                    if (row[named] or "").strip():
                        self._told[Path(row[named].strip()).parts] = told
        except (OSError, UnicodeError, csv.Error) as error:
            reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
            raise ConfigError(
                f"credits={path}: cannot be read as CSV in UTF-8 ({reason}). Name another."
            ) from error

    def of(self, photo: Path) -> str:
        """Tell whose a photo is; "" where nobody said it. A name in the table is the end of its path."""
        parts = photo.absolute().parts
        for first in range(len(parts)):
            if parts[first:] in self._told:
                return self._told[parts[first:]]
        return ""
