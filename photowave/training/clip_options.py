"""Options of a training on one clip; no torch here, so that `--help` stays quick."""

from dataclasses import dataclass

from photowave.errors import ConfigError

_MOST_MINUTES = 10_000


@dataclass(frozen=True, kw_only=True)
class OverfitOptions:
    """Options of `photowave overfit`."""

    minutes: float = 10.0
    """How long to train."""
    steps: int | None = None
    """Train for so many steps instead; then the same seed gives the same result."""
    out: str = "overfit"
    """Folder for sounds, picture, report and model; made if it is not there."""
    bands: int = 16
    """Bands of the filter bank, 2 to 16: one step draws so many samples."""
    seed: int = 0
    """Another seed, other weights, crops and drawing."""
    temperature: float = 0.7
    """Of the drawing: 1 draws as learned, below 1 calmer."""

    def __post_init__(self) -> None:
        """Check the ranges."""
        if not 0.0 < self.minutes <= _MOST_MINUTES:
            raise ConfigError(
                f"minutes={self.minutes:g}: must be above 0 and at most {_MOST_MINUTES}. The default is 10."
            )
        if self.steps is not None and self.steps < 1:
            raise ConfigError(f"steps={self.steps}: must be at least 1. Leave it out to train by the clock.")
        if self.bands not in (2, 4, 8, 16):
            raise ConfigError(f"bands={self.bands}: must be 2, 4, 8 or 16. The default is 16.")
        if not 0 <= self.seed < 2**32:
            raise ConfigError(f"seed={self.seed}: must lie in 0 to {2**32 - 1}. The default is 0.")
        if not 0.0 < self.temperature <= 10.0:
            raise ConfigError(
                f"temperature={self.temperature:g}: must be above 0 and at most 10. The default is 0.7."
            )
