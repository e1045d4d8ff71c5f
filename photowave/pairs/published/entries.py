"""What a reader of a published set hands over: an entry for each clip that the set lists, or its fault."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from photowave.pairs.splits import Split


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One clip as its set lists it. Whether its files exist is looked at later, in one place."""

    name: str
    """As the set names it."""
    labels: tuple[str, ...] = ()
    """What the set says of it; the map turns one of them into a place."""
    place: str | None = None
    """Where no map is asked: the place itself."""
    photo: Path | None = None
    """A photo, or a frame that somebody took from the video."""
    sound: Path | None = None
    """A recording."""
    video: Path | None = None
    """Gives what is missing of photo and sound."""
    start_s: float = 0.0
    """Where in the video the excerpt starts, in seconds."""
    duration_s: float = 10.0
    """How much of the video counts, in seconds."""
    split: Split | None = None
    """As published; None where the set does not say it."""
    keys: frozenset[str] = frozenset()
    """What it must not share with another split, such as its source recording."""
    take: str | None = None
    """What it had better not share with another split, see `photowave.pairs.splits.Item`."""
    licence: str = ""
    """Of the recording, or of the photo if there is none, as the next two; "" where the set does not say."""
    author: str = ""
    """Who made it."""
    source: str = ""
    """Where it comes from."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One entry that cannot serve."""

    name: str
    """The entry, or the line of the list that should name one."""
    reason: str
    """What is wrong with it, as a sentence without a full stop."""


Found = Iterator[Entry | LeftOut]
"""What a reader yields: each entry of the set once, whether it can serve or not."""
Reader = Callable[[Path], Found]
"""Reads the set in a folder."""
