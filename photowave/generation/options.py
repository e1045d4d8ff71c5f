"""What a user may set for drawing, checked before anything heavy is imported: no torch here."""

import math

from photowave.errors import ConfigError


def check_options(*, duration_s: float, seed: int, temperature: float, guidance: float) -> None:
    """Check what a user may set for drawing.

    Args:
        duration_s: Length in seconds: above 0, at most an hour.
        seed: 0 or more.
        temperature: Above 0, at most 10.
        guidance: 0 to 20.

    Raises:
        ConfigError: A setting is out of range.
    """
    if not (math.isfinite(duration_s) and 0.0 < duration_s <= 3600.0):
        raise ConfigError(f"duration_s={duration_s:g}: must be above 0 and at most 3600 seconds. Common: 5.")
    if not (math.isfinite(temperature) and 0.0 < temperature <= 10.0):
        raise ConfigError(f"temperature={temperature:g}: must be above 0 and at most 10. 1 draws as learned.")
    if not (math.isfinite(guidance) and 0.0 <= guidance <= 20.0):
        raise ConfigError(f"guidance={guidance:g}: must lie between 0 and 20. 1 draws as learned.")
    if seed < 0:
        raise ConfigError(f"seed={seed}: must be 0 or more. Drop the minus sign.")
