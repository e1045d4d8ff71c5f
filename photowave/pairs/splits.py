"""Decides which files train, validate and test, so that no photo and no recording stands on two sides.

Within a scene the groups are put in the order of a hash of seed and name; validation is cut from the front
and test from the back:

    | val |          train          | test |

so a new file moves the borders by one place at the most, whatever the order on disk. Where nothing may move
at all, the hash of a group's name alone decides, and the shares are met on average only.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from photowave.settings import SplitSettings

Split = Literal["train", "val", "test"]
HashFiles = Callable[[Iterable[Path]], Mapping[Path, bytes]]
"""Hashes files, and tells at least the hashes of those that it is given and that can be read."""
SPLITS: tuple[Split, ...] = ("train", "val", "test")
ENOUGH_SOUNDS = 4
"""Takes from which on a scene keeps those of a session together: one for validation, one for test, two for
training."""

_DEFAULTS = SplitSettings()
_EXCERPT = re.compile(r"__\d+(?:\.\d+)?-\d+(?:\.\d+)?s$")
_TRAILING_NUMBER = re.compile(r"[-_. ]*\d+$")


@dataclass(frozen=True, kw_only=True)
class Item:
    """One file that goes to one split."""

    name: str
    """Decides the order together with the seed: its path below the data folder."""
    kind: Literal["photo", "sound"]
    scene: str | None = None
    """The class within which the shares are kept."""
    keys: frozenset[str] = frozenset()
    """What the item must not share with another split: items with a common key stay together."""
    take: str | None = None
    """What it had better not share: see `take_name`."""


def recording_name(name: str) -> str:
    """Name the recording that a file is an excerpt of: no suffix and no `__START-ENDs`.

    Example:
        >>> recording_name("forest/sounds/birds__60-120s.ogg")
        'forest/sounds/birds'
    """
    folder, _, file = name.rpartition("/")
    stem = _EXCERPT.sub("", Path(file).stem)
    return f"{folder}/{stem}" if folder else stem


def take_name(name: str) -> str:
    """Name the session that a recording may come from: `recording_name` without a number at its end.

    `traffic1.wav` and `traffic2.wav` are often two cuts from one afternoon, but nothing proves it. So takes
    stay together only in scenes that have at least four sessions; elsewhere each recording stands alone.

    Example:
        >>> take_name("city/sounds/traffic_2.wav")
        'city/sounds/traffic'
    """
    recording = recording_name(name)
    folder, _, stem = recording.rpartition("/")
    shorter = _TRAILING_NUMBER.sub("", stem) or stem
    return f"{folder}/{shorter}" if folder else shorter


def sha256s(paths: Iterable[Path]) -> dict[Path, bytes]:
    """Hash the content of files; those that cannot be read are left out."""
    found: dict[Path, bytes] = {}
    for path in paths:
        with suppress(OSError), path.open("rb") as file:
            found[path] = hashlib.file_digest(file, "sha256").digest()
    return found


def content_keys(paths: Iterable[Path], hashed: HashFiles = sha256s) -> dict[Path, str]:
    """Give files with the same bytes the same key, under whatever name they lie.

    The key is the size, and where another file has that size, the sha256 of the content with it. What cannot
    be read has a key of its own: whoever needs it says what is wrong with it.
    """
    keys: dict[Path, str] = {}
    of_size: dict[int, dict[Path, None]] = defaultdict(dict)
    for path in paths:
        try:
            of_size[path.stat().st_size][path] = None
        except OSError:
            keys[path] = f"unread {path}"
    digests = hashed([path for same in of_size.values() if len(same) > 1 for path in same])
    for size, same in of_size.items():
        for path in same:
            if len(same) == 1:
                keys[path] = str(size)
            else:
                keys[path] = f"{size}:{digests[path].hex()}" if path in digests else f"unread {path}"
    return keys


def split_counts(groups: int, *, val: float, test: float, sounds: bool = False) -> tuple[int, int]:
    """Say how many groups go to validation and to test.

    `round(groups * share)`, but: from three photos on, at least one each for validation and test; from three
    sounds on at least one for validation, from four on at least one for test, and two always stay for
    training. One photo, or one sound, always stays. A share of 0 takes nothing.
    """
    least_val = int(val > 0 and groups >= 3)
    least_test = int(test > 0 and groups >= (ENOUGH_SOUNDS if sounds else 3))
    stay = 2 if sounds and groups >= 3 else min(groups, 1)
    in_val = max(least_val, round(groups * val))
    in_test = max(least_test, round(groups * test))
    while groups - in_val - in_test < stay:
        if in_test - least_test >= in_val - least_val:
            in_test -= 1
        else:
            in_val -= 1
    return in_val, in_test


def assign_splits_stably(items: Sequence[Item], splits: SplitSettings = _DEFAULTS) -> list[Split]:
    """Assign each item to a split that no other group has a say in: new items move none of the old ones.

    Items that share a key, directly or through others, stay together. The hash of the seed and of the first
    of their names is a number from 0 to 1: the lowest go to validation, the highest to test. Only an item
    that joins a group, and comes first by name, can move that group.
    """
    assigned: list[Split] = ["train"] * len(items)
    for group in _groups(items):
        digest, _ = _place(min(items[i].name for i in group), splits.seed)
        share = int(digest[:13], 16) / 16**13  # 52 bits: exact as a float
        for i in group:
            assigned[i] = "val" if share < splits.val else "test" if share >= 1 - splits.test else "train"
    return assigned


def assign_splits(items: Sequence[Item], splits: SplitSettings = _DEFAULTS) -> list[Split]:
    """Assign each item to a split, scene by scene.

    Items that share a key, directly or through others, are one group and stay together; the shares count
    groups. A group that holds a photo follows the rule for photos (see `split_counts`), a group of sounds
    alone the rule for sounds; a group that reaches into several scenes counts for the first by name. The
    order of the items does not matter.
    """
    strata: dict[tuple[bool, str], list[list[int]]] = defaultdict(list)
    for group in _groups(items):
        sounds = all(items[i].kind == "sound" for i in group)
        strata[sounds, min(items[i].scene or "" for i in group)].append(group)

    assigned: list[Split] = ["train"] * len(items)
    for (sounds, _), groups in strata.items():
        groups.sort(key=lambda group: _place(min(items[i].name for i in group), splits.seed))
        in_val, in_test = split_counts(len(groups), val=splits.val, test=splits.test, sounds=sounds)
        for place, group in enumerate(groups):
            if place < in_val:
                split: Split = "val"
            else:
                split = "test" if place >= len(groups) - in_test else "train"
            for i in group:
                assigned[i] = split
    return assigned


def _place(name: str, seed: int) -> tuple[str, str]:
    """Where a name stands in the order of its scene: the hash, and the name should two hashes agree."""
    return hashlib.sha256(f"{seed}\0{name}".encode("utf-8", "surrogatepass")).hexdigest(), name


def _groups(items: Sequence[Item]) -> list[list[int]]:
    """Indices of the items, one list per connected component of items and keys (union-find)."""
    takes_of: dict[str | None, set[str]] = defaultdict(set)
    for item in items:
        if item.take is not None:
            takes_of[item.scene].add(item.take)

    parent = list(range(len(items)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    first: dict[tuple[str, ...], int] = {}
    for i, item in enumerate(items):
        links: set[tuple[str, ...]] = {("key", key) for key in item.keys}
        if item.take is not None and len(takes_of[item.scene]) >= ENOUGH_SOUNDS:
            links.add(("take", item.scene or "", item.take))
        for link in links:
            parent[root(i)] = root(first.setdefault(link, i))

    groups: dict[int, list[int]] = defaultdict(list)
    for i in range(len(items)):
        groups[root(i)].append(i)
    return list(groups.values())
