"""What a user says beside a photo, or instead of one: which places, or which recording."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from photowave.errors import ConfigError
from photowave.names import legible
from photowave.settings.checks import require


@dataclass(frozen=True, kw_only=True)
class SteerSettings:
    """Overrules what is heard in a photo; at most one of place, exclude, blend and like can be given."""

    place: str | None = None
    """Draw this place, whatever the photo shows, such as sea_waves; `photowave info` lists the places."""
    exclude: str | Sequence[str] = ()
    """Never draw these places, such as thunderstorm,rain."""
    blend: str | Mapping[str, float] | None = None
    """Draw several places and mix them by their shares of the power, such as sea_waves:0.7,rain:0.3."""
    like: str | Path | None = None
    """Draw what sounds like this recording, without any photo."""
    strict: bool = False
    """Refuse a photo of no place that the model knows, instead of drawing the nearest one."""

    def __post_init__(self) -> None:
        """Check what can be checked without a model."""
        if self.place is not None:
            object.__setattr__(self, "place", legible(self.place))
        given = [name for name in ("place", "exclude", "blend", "like") if getattr(self, name)]
        require(
            len(given) <= 1,
            f"{' and '.join(given)} are given: at most one of them can be. Leave out the others.",
        )
        if self.blend is not None:
            _ = self.shares

    @property
    def excluded(self) -> tuple[str, ...]:
        """Names of places that are not drawn."""
        names = self.exclude.split(",") if isinstance(self.exclude, str) else self.exclude
        return tuple(legible(name.strip()) for name in names if name.strip())

    @property
    def shares(self) -> dict[str, float]:
        """Share of the power of each place of a blend, or 1 of the place; empty where the photo decides.

        Raises:
            ConfigError: The blend cannot be understood.
        """
        if self.blend is None:
            return {} if self.place is None else {self.place: 1.0}
        shares = _parse(self.blend) if isinstance(self.blend, str) else dict(self.blend)
        for place, share in shares.items():
            if not (math.isfinite(share) and share > 0):
                raise ConfigError(
                    f"blend: the share of {place!r} is {share:g}; it must be above 0. Leave the place out."
                )
        if len(shares) < 2:
            raise ConfigError(f"blend={self.blend!r}: must name at least two places. For one, use place.")
        whole = sum(shares.values())
        return {legible(place): share / whole for place, share in shares.items()}

    def told(self) -> dict[str, Any]:
        """Plain values for descriptions; only what is given."""
        told = {
            "place": self.place,
            "exclude": sorted(self.excluded),
            "blend": {place: round(share, 6) for place, share in self.shares.items()} if self.blend else None,
            "like": None if self.like is None else Path(self.like).name,
        }
        return {name: value for name, value in told.items() if value}

    @property
    def without_photo(self) -> bool:
        """Whether what is drawn is said without a photo."""
        return bool(self.shares) or self.like is not None


def _parse(text: str) -> dict[str, float]:
    """Take `sea_waves:0.7,rain:0.3` apart."""
    found: dict[str, float] = {}
    for part in text.split(","):
        place, _, share = (piece.strip() for piece in part.partition(":"))
        try:
            value = float(share)
        except ValueError:
            value = math.nan
        if not place or math.isnan(value) or place in found:
            raise ConfigError(
                f"blend={text!r}: {part.strip()!r} must be a place with a share, and each place must come "
                "once. Write it like sea_waves:0.7,rain:0.3."
            )
        found[place] = value
    return found
