"""How sounds are drawn, and where they go."""

import math
import numbers
from dataclasses import dataclass
from typing import Literal

from photowave.settings.checks import require

LONGEST_S = 3600.0
MOST_TAKES = 1000


@dataclass(frozen=True, kw_only=True)
class DrawSettings:
    """How sounds are drawn."""

    duration_s: float = 5.0
    """Length of each sound in seconds."""
    seed: int = 0
    """The same photo, model and settings give the same samples, bit for bit; another seed, another take."""
    variation: int = 0
    """Another number lets the photo choose anew among the textures that fit it."""
    temperature: float = 1.0
    """1 draws as learned; below 1 calmer, above 1 wilder."""
    guidance: float = 1.0
    """1 draws as learned; above 1 lays more weight on the photo and takes twice the time."""
    threads: int | None = None
    """Threads to draw with; null: one per core."""

    def __post_init__(self) -> None:
        """Check kinds and ranges."""
        for name in ("duration_s", "temperature", "guidance"):
            value = getattr(self, name)
            require(_is(value, numbers.Real), f"{name}={value!r}: must be a number. Drop the quotes.")
        for name in ("seed", "variation"):
            value = getattr(self, name)
            require(_is(value, numbers.Integral), f"{name}={value!r}: must be a whole number. Common: 0.")
            require(value >= 0, f"{name}={value}: must be 0 or more. Drop the minus sign.")
        require(
            self.threads is None or self.threads >= 1,
            f"threads={self.threads}: must be 1 or more, or None for one per core.",
        )
        require(
            math.isfinite(self.duration_s) and 0.0 < self.duration_s <= LONGEST_S,
            f"duration_s={self.duration_s:g}: must be above 0 and at most {LONGEST_S:g} seconds. Common: 5.",
        )
        require(
            math.isfinite(self.temperature) and 0.0 < self.temperature <= 10.0,
            f"temperature={self.temperature:g}: must be above 0 and at most 10. 1 draws as learned.",
        )
        require(
            math.isfinite(self.guidance) and 0.0 <= self.guidance <= 20.0,
            f"guidance={self.guidance:g}: must lie between 0 and 20. 1 draws as learned.",
        )


@dataclass(frozen=True, kw_only=True)
class OutputSettings:
    """Where sounds go."""

    out: str = "soundscapes"
    """Folder for the sounds; made if it is not there."""
    format: Literal["wav", "flac"] = "wav"
    """Kind of sound file."""
    takes: int = 1
    """So many sounds for each photo, each with the next seed; their names end in -1, -2 and so on."""

    def __post_init__(self) -> None:
        """Check the range."""
        require(
            1 <= self.takes <= MOST_TAKES, f"takes={self.takes}: must lie in 1 to {MOST_TAKES}. Common: 3."
        )


def _is(value: object, kind: type) -> bool:
    """Tell whether a value is a number of a kind; NumPy's are, truth values are not."""
    return isinstance(value, kind) and not isinstance(value, bool)
