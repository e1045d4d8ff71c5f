"""ESC-50: sounds `audio/*.wav`, and `meta/esc50.csv` with folds; add a folder of photos by place.

Fragments of one source recording lie in one fold. Folds 1 to 3 train, fold 4 validates and fold 5 tests.
"""

from pathlib import Path

from photowave.pairs.published.entries import Entry, Found, LeftOut
from photowave.pairs.published.listing import find_list, read_table
from photowave.pairs.splits import Split

_SPLIT_OF_FOLD: dict[str, Split] = {"1": "train", "2": "train", "3": "train", "4": "val", "5": "test"}


def read(folder: Path) -> Found:
    """List the sounds of the set."""
    table = find_list(folder, "meta/esc50.csv")
    for row in read_table(table, ("filename", "fold", "category", "esc10", "src_file")):
        if isinstance(row, LeftOut):
            yield row
            continue
        name, fold, source = row["filename"], row["fold"], row["src_file"]
        if fold not in _SPLIT_OF_FOLD:
            yield LeftOut(name, f"fold '{fold}' is not 1 to 5")
            continue
        yield Entry(
            name=name,
            labels=(row["category"],),
            sound=table.parent.parent / "audio" / name,
            split=_SPLIT_OF_FOLD[fold],
            keys=frozenset({f"source {source}"}),
            licence="CC-BY" if row["esc10"] == "True" else "CC-BY-NC-3.0",
            source=f"ESC-50, Freesound {source}",
        )
