"""What stays on one side of the split: recordings of one author or series, photos of one source."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from places.entries import Entry
from places.looking import difference

# Collections of unrelated recordings: here the place counts, too.
_LIBRARIES = {
    "google sound library": "Google Sound Library",
    "usc": "USC/Sunset Editorial",
    "sfx producer": "SFX Producer",
    "wikimedia commons contributor": "Wikimedia Commons",
    "freesoundslibrary.com": "freesoundslibrary.com",
    "orangefreesounds.com": "orangefreesounds.com",
}
# One person or game under two names.
_SAME = {
    'dob "dobroide" roide': "dobroide",
    "jidane": "jidanni",
    "mcofficer/endless-sky-imgbot-test": "endless-sky-data",
}
_REMARKS = re.compile(r"\s*\([^)]*\)")  # who edited or mixed it, where it lay
_BETWEEN = re.compile(r"\s*(?:[,;/]|\bor\b)\s*")
ALIKE_BITS = 14
"""Photos whose hashes differ in so few bits are looked at."""
SAME_VIEW = (
    ("endless-sky__fields9.jpg", "mcofficer-endless-sky-imgbot-test__valley5_b0aff9.jpg"),
    ("endless-sky__valley3.jpg", "mcofficer-endless-sky-imgbot-test__hills0_ee536b.jpg"),
    ("endless-sky__water1.jpg", "mcofficer-endless-sky-imgbot-test__water1_7e652a.jpg"),
)
"""Photos of one view, cropped or recoloured: of those that look alike to the hash, what the eye confirms."""


def alike(entries: Sequence[Entry]) -> list[tuple[int, Entry, Entry]]:
    """List the pairs of photos whose hashes differ little, with the number of bits, most alike first."""
    photos = [(int(entry.phash, 16), entry) for entry in entries if entry.kind == "photo"]
    pairs = (
        (difference(one, other), entry, mate)
        for place, (one, entry) in enumerate(photos)
        for other, mate in photos[:place]
    )
    return sorted((pair for pair in pairs if pair[0] <= ALIKE_BITS), key=lambda pair: pair[0])


def groups_of(entries: Sequence[Entry]) -> list[str]:
    """Name the group of each entry.

    Recordings that share an author, or are cut from one file, are in one group; those of a collection of
    unrelated recordings are in one group per place. Photos of one source in one place are in one group, and
    groups that hold photos of one view are one.
    """
    parent: dict[str, str] = {}

    def root(key: str) -> str:
        while parent.setdefault(key, key) != key:
            key = parent[key]
        return key

    keys = [_keys(entry) for entry in entries]
    for mine in keys:
        for key in mine:
            # The smaller name wins, so that the order of the list plays no part.
            low, high = sorted((root(mine[0]), root(key)))
            parent[high] = low
    named: dict[str, set[str]] = defaultdict(set)
    for mine in keys:
        named[root(mine[0])].update(key for key in mine if not key.startswith("~"))
    return [min(named[root(mine[0])]) for mine in keys]


def _keys(entry: Entry) -> list[str]:
    """What ties an entry to others; keys that begin with `~` give no name."""
    if entry.kind == "photo":
        source = _SAME.get(entry.source.lower(), entry.source)
        name = entry.file.rpartition("/")[2]
        views = [f"~view {number}" for number, views in enumerate(SAME_VIEW) if name in views]
        return [f"{source} @ {entry.place}", *views]
    return [*(_author_keys(entry)), f"~file {entry.source} {entry.path_in_source}"]


def _author_keys(entry: Entry) -> Iterable[str]:
    text = _REMARKS.sub("", entry.author).strip()
    for start, name in _LIBRARIES.items():
        if text.lower().startswith(start):
            return [f"{name} @ {entry.place}"]
    authors = [author.lower() for author in _BETWEEN.split(text) if author]
    return [_SAME.get(author, author) for author in authors]
