"""What a user may set for drawing, checked before anything heavy is imported: no torch here."""

import math
import numbers

from photowave.errors import ConfigError


def check_options(
    *,
    duration_s: float,
    temperature: float,
    guidance: float,
    seed: int = 0,
    variation: int = 0,
    threads: int | None = None,
) -> None:
    """Check what a user may set for drawing.

    Args:
        duration_s: Length in seconds: above 0, at most an hour.
        temperature: Above 0, at most 10.
        guidance: 0 to 20.
        seed: A whole number, 0 or more.
        variation: The same.
        threads: 1 or more, or None.

    Raises:
        ConfigError: A setting is out of range.
    """
    for name, value in (("duration_s", duration_s), ("temperature", temperature), ("guidance", guidance)):
        if not _is(value, numbers.Real):
            raise ConfigError(f"{name}={value!r}: must be a number. Drop the quotes.")
    for name, number in (("seed", seed), ("variation", variation)):
        if not _is(number, numbers.Integral):
            raise ConfigError(f"{name}={number!r}: must be a whole number. Common: 0.")
        if number < 0:
            raise ConfigError(f"{name}={number}: must be 0 or more. Drop the minus sign.")
    if threads is not None and threads < 1:
        raise ConfigError(f"threads={threads}: must be 1 or more, or None for one per core.")
    if not (math.isfinite(duration_s) and 0.0 < duration_s <= 3600.0):
        raise ConfigError(f"duration_s={duration_s:g}: must be above 0 and at most 3600 seconds. Common: 5.")
    if not (math.isfinite(temperature) and 0.0 < temperature <= 10.0):
        raise ConfigError(f"temperature={temperature:g}: must be above 0 and at most 10. 1 draws as learned.")
    if not (math.isfinite(guidance) and 0.0 <= guidance <= 20.0):
        raise ConfigError(f"guidance={guidance:g}: must lie between 0 and 20. 1 draws as learned.")


def _is(value: object, kind: type) -> bool:
    """Tell whether a value is a number of a kind; NumPy's are, truth values are not."""
    return isinstance(value, kind) and not isinstance(value, bool)
