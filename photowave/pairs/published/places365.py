"""Places365: photos only, as `train/<category>/*.jpg` and `val/<category>/*.jpg`, or as its lists name them.

The first layout is that of the archive in easy format, where a `-` stands for the `/` of a category. In the
other, `places365_train_standard.txt` has lines such as `/b/beach/00000001.jpg 48`, `places365_val.txt` such
as `Places365_val_00000001.jpg 48`, and `categories_places365.txt` names the numbers.
"""

from pathlib import Path

from photowave.errors import PairError
from photowave.image.decode import PHOTO_SUFFIXES
from photowave.pairs.published.entries import Entry, Found, LeftOut
from photowave.pairs.published.listing import files_below, find_list, read_table
from photowave.pairs.splits import Split

_LISTS: tuple[tuple[str, Split, tuple[str, ...]], ...] = (
    (
        "places365_train_standard.txt",
        "train",
        ("data_256_standard", "data_large_standard", "data_256", "data_large"),
    ),
    ("places365_val.txt", "val", ("val_256", "val_large")),
)


def read(folder: Path) -> Found:
    """List the photos of the set."""
    root = folder
    if folder.is_dir() and not (folder / "train").is_dir():
        root = next((path for path in sorted(folder.iterdir()) if (path / "train").is_dir()), folder)
    return _by_folders(root) if (root / "train").is_dir() else _by_lists(folder)


def _by_folders(root: Path) -> Found:
    sides: tuple[Split, ...] = ("train", "val")
    for split in sides:
        for photo in files_below(root / split, PHOTO_SUFFIXES):
            inside = photo.relative_to(root / split)
            if len(inside.parts) == 1:
                yield LeftOut(f"{split}/{inside}", "lies in no folder of a category")
                continue
            category = inside.parent.as_posix()
            yield Entry(name=f"{split}/{inside.as_posix()}", labels=(category,), photo=photo, split=split)


def _by_lists(folder: Path) -> Found:
    names = find_list(folder, "categories_places365.txt")
    root, columns = names.parent, ("path", "number")
    categories: dict[str, str] = {}
    for row in read_table(names, columns, header=False, delimiter=" "):
        if not isinstance(row, LeftOut):
            categories[row["number"]] = row["path"][3:]  # `/b/beach`: the first part is a letter
    if not any((root / name).is_file() for name, _, _ in _LISTS):
        raise PairError(
            f"{root} holds no {' or '.join(name for name, _, _ in _LISTS)}. Unpack the lists there."
        )
    for name, split, places in _LISTS:
        if not (root / name).is_file():
            continue
        photos = next((root / place for place in places if (root / place).is_dir()), root / places[0])
        for row in read_table(root / name, columns, header=False, delimiter=" "):
            if isinstance(row, LeftOut):
                yield row
            elif row["number"] not in categories:
                yield LeftOut(row["path"], f"category '{row['number']}' has no name in {names.name}")
            else:
                path = row["path"].lstrip("/")
                category = categories[row["number"]]
                yield Entry(name=path, labels=(category,), photo=photos / path, split=split)
