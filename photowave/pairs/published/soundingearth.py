"""SoundingEarth: `metadata.csv`, aerial photos `images/<key>.jpg`, and sounds from the Internet Archive.

The sounds are no part of the download. Fetched by their identifier they lie in
`raw_audio/<long_key>/<mp3name>`; `raw_audio/<key>.mp3` is found as well. The set has no labels: photo and
sound pair by row. Its split is that of the authors' code, by the last digit of the key.
"""

from pathlib import Path

from photowave.audio import SOUND_SUFFIXES
from photowave.pairs.published.entries import Entry, Found, LeftOut
from photowave.pairs.published.listing import files_below, find_list, read_table, whole_number
from photowave.pairs.splits import Split

_SPLIT_OF_DIGIT: dict[int, Split] = {7: "val", 2: "test", 5: "test"}
_IMAGES = ("images", "images_small")
_SOUNDS = ("raw_audio", "audio")


def read(folder: Path) -> Found:
    """List the pairs of the set."""
    table = find_list(folder, "metadata.csv")
    images, sounds = (
        next(
            (table.parent / name for name in names if (table.parent / name).is_dir()), table.parent / names[0]
        )
        for names in (_IMAGES, _SOUNDS)
    )
    exact: dict[str, Path] = {}
    by_folder: dict[str, Path] = {}
    for path in files_below(sounds, SOUND_SUFFIXES):
        exact[path.relative_to(sounds).as_posix()] = path
        by_folder.setdefault(path.parent.name, path)
    for row in read_table(table, ("key",)):
        if isinstance(row, LeftOut):
            yield row
            continue
        key, long_key = whole_number(row["key"]), row.get("long_key", "")
        if key is None:
            yield LeftOut(row["key"], "its key is not a number")
            continue
        given = exact.get(f"{long_key}/{row.get('mp3name', '')}") or by_folder.get(long_key)
        yield Entry(
            name=str(key),
            photo=images / f"{key}.jpg",
            sound=given or exact.get(f"{key}.mp3", sounds / f"{key}.mp3"),
            split=_SPLIT_OF_DIGIT.get(key % 10, "train"),
            source=f"https://archive.org/details/{long_key}" if long_key else "",
        )
