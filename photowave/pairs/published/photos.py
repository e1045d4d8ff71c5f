"""Photos for a set that has none: a folder of photos by place, or a manifest such as that of Places365."""

from pathlib import Path

from photowave.errors import PairError
from photowave.image.decode import PHOTO_SUFFIXES
from photowave.pairs.manifest import read_manifest
from photowave.pairs.published.entries import Entry, Found, LeftOut
from photowave.pairs.published.listing import files_below
from photowave.pairs.rows import CREDITS
from photowave.pairs.splits import SPLITS


def read_photos(path: Path) -> Found:
    """List photos.

    Args:
        path: A folder that holds a folder for each place, with photos at any depth; or a manifest, whose
            photos keep their places and splits.

    Raises:
        PairError: There is no photo.
    """
    if not path.is_dir():
        for row in read_manifest(path).rows:
            if row.photo is None or row.scene is None:
                yield LeftOut(f"{path.name}, line {row.line}", "has no photo or no place")
                continue
            split = next(split for split in SPLITS if split == row.split)
            # Where a row has a recording, its credit is that of the recording.
            told = {} if row.sound else {name: getattr(row, name) for name in CREDITS}
            yield Entry(name=str(row.photo), place=row.scene, photo=row.photo, split=split, **told)
        return
    photos = files_below(path, PHOTO_SUFFIXES)
    if not photos:
        raise PairError(f"{path} holds no photos. Give a folder with a folder of photos for each place.")
    for photo in photos:
        inside = photo.relative_to(path)
        if len(inside.parts) == 1:
            yield LeftOut(inside.name, f"lies in no folder of a place in {path}")
        else:
            yield Entry(name=inside.as_posix(), place=inside.parts[0], photo=photo)
