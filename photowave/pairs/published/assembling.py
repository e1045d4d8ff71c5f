"""Makes rows of the entries of a published set: places, files, splits; nothing vanishes without a word."""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from photowave.errors import MediaError
from photowave.pairs.published.entries import Entry, Found, LeftOut
from photowave.pairs.published.extracting import extract, extract_frame
from photowave.pairs.published.places import PlaceMap
from photowave.pairs.rows import Row, row_faults
from photowave.pairs.splits import Item, Split, assign_splits, content_keys
from photowave.settings import SplitSettings

_DEFAULTS = SplitSettings()
_KEPT_FIRST: tuple[Split, ...] = ("test", "val", "train")


@dataclass(frozen=True)
class Assembled:
    """What became of the entries."""

    rows: list[Row] = field(default_factory=list)
    """Those that can serve, in the order of the set."""
    left_out: list[LeftOut] = field(default_factory=list)
    """Those with a fault."""
    without_place: Counter[str] = field(default_factory=Counter)
    """Label that the map gives no place: entries that have no other."""

    @property
    def entries(self) -> int:
        """All that the set lists; each is in one of the three."""
        return len(self.rows) + len(self.left_out) + self.without_place.total()


def assemble(
    sources: Sequence[Found],
    places: PlaceMap | None,
    *,
    folder: Path,
    media: Path,
    splits: SplitSettings = _DEFAULTS,
    progress: Callable[[int], None] | None = None,
) -> Assembled:
    """Make rows of entries.

    A published split stays as it is. What it lacks (`val`, `test`) is cut out of its training part; a set
    without splits gets all three. Both follow the rules for folders of scenes: seeded, by place, and what
    has a key or the content of a file in common stays together. Where the published split parts such
    entries, those of the test stay, then those of the validation.

    Args:
        sources: What readers yield; each source is split by itself.
        places: Turns labels into places; None: entries keep the place they have, or none.
        folder: Of the set, from which the names of extracted files count.
        media: Where frames and sounds of videos are written.
        splits: Seed and shares.
        progress: Called with 1 after each entry that has a place.

    Raises:
        PairError: A list of the set cannot be read.
        MissingPackageError: A video has to be read, and PyAV is not installed.
    """
    done = Assembled()
    kept: list[tuple[Entry, int]] = []
    for number, source in enumerate(sources):
        for entry in source:
            if isinstance(entry, LeftOut):
                done.left_out.append(entry)
                continue
            place = entry.place or (places.place(entry.labels) if places is not None else None)
            if place is None and places is not None:
                done.without_place[entry.labels[0] if entry.labels else ""] += 1
                continue
            try:
                kept.append((_with_files(replace(entry, place=place), folder=folder, media=media), number))
            except MediaError as error:
                done.left_out.append(LeftOut(entry.name, str(error).removesuffix(".")))
            if progress is not None:
                progress(1)
    entries = [entry for entry, _ in kept]
    keys = _keys(entries)
    assigned: dict[int, Split] = {}
    for number in range(len(sources)):
        own = [i for i, (_, owner) in enumerate(kept) if owner == number]
        dealt = _deal([entries[i] for i in own], [keys[i] for i in own], splits)
        assigned |= dict(zip(own, dealt, strict=True))
    parted = _parted(entries, keys, assigned)
    for i, entry in enumerate(entries):
        row = Row(
            entry.photo,
            entry.sound,
            entry.place,
            assigned[i],
            line=len(done.rows) + 2,
            licence=entry.licence.strip(),
            author=entry.author.strip(),
            source=entry.source.strip(),
        )
        if faults := [parted[i]] if i in parted else row_faults(row):
            done.left_out.append(LeftOut(entry.name, "; ".join(faults)))
        else:
            done.rows.append(row)
    return done


def _with_files(entry: Entry, *, folder: Path, media: Path) -> Entry:
    """The entry with its photo and its sound, absolute; a video gives what is missing of them."""
    for kind, path in (("photo", entry.photo), ("sound", entry.sound), ("video", entry.video)):
        # `Path.is_file` raises for a name that is too long.
        if path is not None and not (os.path.isfile(path) and os.access(path, os.R_OK)):  # noqa: PTH113
            raise MediaError(f"{kind} '{path}' does not exist, or may not be read")
    photo, sound = entry.photo, entry.sound
    if entry.video is not None and (photo is None or sound is None):
        # A list may name anything; nothing is written outside of `media`.
        if ".." in entry.video.parts or not entry.video.is_relative_to(folder):
            raise MediaError(f"video '{entry.video}' does not lie in {folder}")
        target = media / entry.video.parent.relative_to(folder)
        target.mkdir(parents=True, exist_ok=True)
        if sound is None:
            frame, sound = extract(entry.video, entry.start_s, entry.duration_s, target)
            photo = photo or frame
        else:
            photo = target / f"{entry.video.stem}.jpg"
            if not photo.exists():
                extract_frame(entry.video, entry.start_s + entry.duration_s / 2, photo)
    return replace(entry, photo=photo and photo.absolute(), sound=sound and sound.absolute())


def _keys(entries: Sequence[Entry]) -> list[frozenset[str]]:
    """What no two splits may share: the keys of each entry, and the contents of its files."""
    found = [set(entry.keys) for entry in entries]
    for kind in ("photo", "sound"):
        paths = [getattr(entry, kind) for entry in entries]
        content = content_keys(path for path in paths if path is not None)
        for keys, path in zip(found, paths, strict=True):
            if path is not None:
                keys.add(f"{kind} {content[path]}")
    return [frozenset(keys) for keys in found]


def _deal(entries: Sequence[Entry], keys: Sequence[frozenset[str]], splits: SplitSettings) -> list[Split]:
    """The split of each entry of one source."""
    there = {entry.split for entry in entries}
    shares = SplitSettings(
        seed=splits.seed,
        val=0.0 if "val" in there else splits.val,
        test=0.0 if "test" in there else splits.test,
    )
    open_ = [i for i, entry in enumerate(entries) if entry.split in (None, "train")]
    items = [
        Item(
            name=entries[i].name,
            kind="photo" if entries[i].photo else "sound",
            scene=entries[i].place,
            keys=keys[i],
            take=entries[i].take,
        )
        for i in open_
    ]
    dealt = dict(zip(open_, assign_splits(items, shares), strict=True))
    return [dealt.get(i) or entry.split or "train" for i, entry in enumerate(entries)]


def _parted(
    entries: Sequence[Entry], keys: Sequence[frozenset[str]], splits: dict[int, Split]
) -> dict[int, str]:
    """Entries that share a key with an entry of another split that goes first: what to say of each."""
    found: dict[int, str] = {}
    owner: dict[str, int] = {}
    for split in _KEPT_FIRST:
        for i in (i for i in range(len(entries)) if splits[i] == split):
            shared = sorted(key for key in keys[i] if key in owner and splits[owner[key]] != split)
            if not shared:
                owner |= dict.fromkeys(keys[i], i)
                continue
            key, other = shared[0], entries[owner[shared[0]]].name
            what = f"shares {key} with" if key in entries[i].keys else f"has the {key.split()[0]} of"
            found[i] = f"{what} '{other}', which stands in split {splits[owner[key]]}"
    return found
