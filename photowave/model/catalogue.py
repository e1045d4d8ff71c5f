"""Where the textures of a model come from: places with names, and recordings with their authors."""

import dataclasses
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from photowave.errors import CheckpointError
from photowave.names import composed


@dataclass(frozen=True, kw_only=True)
class Origin:
    """A recording that a model learned from."""

    name: str
    """The name of its file, without folders."""
    place: str
    """The scene it stands under; without one, its name."""
    seconds: float
    """How much of it was learned from."""
    licence: str = ""
    """Such as CC-BY-4.0; "" if nobody said it, as below."""
    author: str = ""
    """Who made it."""
    source: str = ""
    """Where it comes from, such as an address."""

    @property
    def attribution(self) -> str:
        """One line to paste, such as `"gulls.wav" by Ann, CC-BY-4.0, https://...`."""
        by = f" by {self.author}" if self.author else ""
        return ", ".join(
            [f'"{self.name}"{by}', *filter(None, (self.licence or "licence unknown", self.source))]
        )


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """What stands behind the textures of a codebook."""

    recordings: tuple[Origin, ...]
    """All that were learned from, those that no photo asks for among them."""
    owners: tuple[int, ...]
    """For each texture the recording it was heard in."""

    def origin(self, texture: int) -> Origin:
        """The recording that a texture was heard in."""
        return self.recordings[self.owners[texture]]

    def place(self, textures: Iterable[int]) -> str:
        """Name what some textures have in common: their place, or places with "or" between them.

        Args:
            textures: Such as those of a group; at least one.
        """
        return " or ".join(sorted({self.recordings[self.owners[texture]].place for texture in textures}))

    def to_json(self) -> str:
        """Write it as JSON."""
        return json.dumps(dataclasses.asdict(self), sort_keys=True, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str, *, textures: int) -> Self:
        """Read it back.

        Args:
            text: What `to_json` wrote; it may come from anywhere.
            textures: Length of the codebook.

        Raises:
            CheckpointError: It is something else, or belongs to another codebook.
        """
        try:
            tree = json.loads(text)
            recordings = tuple(_origin(part) for part in tree["recordings"])
            owners = tuple(tree["owners"])
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise CheckpointError(f"the list of recordings cannot be read ({error}).") from error
        known = all(type(owner) is int and 0 <= owner < len(recordings) for owner in owners)
        if len(owners) != textures or not known:
            raise CheckpointError(f"the list of recordings does not fit {textures} textures.")
        return cls(recordings=recordings, owners=owners)


def _origin(part: dict[str, Any]) -> Origin:
    origin = Origin(**{**part, "place": composed(part["place"])})
    texts = (origin.name, origin.place, origin.licence, origin.author, origin.source)
    if not all(isinstance(text, str) for text in texts) or not isinstance(origin.seconds, int | float):
        raise TypeError(f"{origin.name!r} is described by something else than text and seconds")
    return origin
