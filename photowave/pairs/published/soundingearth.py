"""SoundingEarth: `metadata.csv`, aerial photos `images/<key>.jpg`, and sounds from the Internet Archive.

The sounds are no part of the download. Fetched by their identifier they lie in
`raw_audio/<long_key>/<mp3name>`; `raw_audio/<key>.mp3` is found as well. The set has no labels: photo and
sound pair by row. Its split is that of the authors' code, by the last digit of the key.
"""

from pathlib import Path

from photowave.pairs.published.entries import Entry, Found, LeftOut
from photowave.pairs.published.listing import find_list, read_table
from photowave.pairs.splits import Split

_SPLIT_OF_DIGIT: dict[int, Split] = {7: "val", 2: "test", 5: "test"}
_IMAGES = ("images", "images_small")
_SOUNDS = ("raw_audio", "audio")


def read(folder: Path) -> Found:
    """List the pairs of the set."""
    table = find_list(folder, "metadata.csv")
    root = table.parent
    images = next((root / name for name in _IMAGES if (root / name).is_dir()), root / _IMAGES[0])
    sounds = next((root / name for name in _SOUNDS if (root / name).is_dir()), root / _SOUNDS[0])
    for row in read_table(table, ("key",)):
        if isinstance(row, LeftOut):
            yield row
            continue
        key, long_key = row["key"], row.get("long_key", "")
        if not key.isdecimal():
            yield LeftOut(key, "its key is not a number")
            continue
        yield Entry(
            name=key,
            photo=images / f"{key}.jpg",
            sound=_sound(sounds, key, long_key, row.get("mp3name", "")),
            split=_SPLIT_OF_DIGIT.get(int(key) % 10, "train"),
            source=f"https://archive.org/details/{long_key}" if long_key else "",
        )


def _sound(folder: Path, key: str, long_key: str, name: str) -> Path:
    """Where the recording lies, or should lie."""
    if long_key and name and (folder / long_key / name).is_file():
        return folder / long_key / name
    if long_key and (found := sorted((folder / long_key).glob("*.mp3"))):
        return found[0]
    return folder / f"{key}.mp3"
