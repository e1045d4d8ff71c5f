"""What a request asks for: its query becomes the settings that the command line has, too."""

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

from photowave.errors import ConfigError
from photowave.generation.reading import SeenPhoto
from photowave.settings import DrawSettings, SteerSettings
from photowave.settings.checks import require
from photowave.settings.drawing import LONGEST_S
from photowave.web.sound import FORMATS, Wish

MOST_BLENDED = 4
"""Places that are mixed at the most: each costs as much as a sound."""
_NUMBERS: Mapping[str, tuple[Callable[[str], Any], str]] = {
    "seed": (int, "a whole number"),
    "variation": (int, "a whole number"),
    "temperature": (float, "a number"),
    "guidance": (float, "a number"),
    "duration_s": (float, "a number"),
}
_KNOWN = (*_NUMBERS, "photo", "place", "blend", "exclude", "channels", "format")


def wish_of(
    query: Mapping[str, str],
    photo: SeenPhoto | None,
    *,
    channels: int,
    longest_s: float = LONGEST_S,
    may_be_endless: bool = False,
) -> Wish:
    """Make of a query what is drawn.

    Args:
        query: Its parameters.
        photo: The photo that its `photo` names.
        channels: Those of the model.
        longest_s: The longest sound that can be had.
        may_be_endless: Whether a sound without a duration goes on until it is stopped.

    Raises:
        ConfigError: A parameter is unknown or out of its range, or there is neither photo nor place.
    """
    for name in query:
        if name not in _KNOWN:
            near = get_close_matches(name, _KNOWN, n=1)
            meant = f"Did you mean {near[0]}? " if near else ""
            raise ConfigError(f"{name[:40]!r} cannot be set. {meant}Choose from {', '.join(_KNOWN)}.")
    numbers: dict[str, Any] = {name: _number(name, query[name]) for name in _NUMBERS if query.get(name)}
    draw = DrawSettings(threads=1, **numbers)
    require(
        draw.duration_s <= longest_s,
        f"duration_s={draw.duration_s:g}: at most {longest_s:g} seconds can be had here. "
        "The command line draws more.",
    )
    said: dict[str, Any] = {name: query[name] for name in ("place", "blend", "exclude") if query.get(name)}
    steering = SteerSettings(**said)
    require(
        len(steering.shares) <= MOST_BLENDED,
        f"blend: {len(steering.shares)} places; at most {MOST_BLENDED} are mixed here. Leave some out.",
    )
    require(
        photo is not None or steering.without_photo,
        "there is no photo. Give one, or name a place or a blend.",
    )
    asked = query.get("channels") or str(channels)
    require(asked in ("1", "2"), f"channels={asked[:40]!r}: must be 1 or 2.")
    endless = may_be_endless and not query.get("duration_s")
    return Wish(photo=photo, draw=draw, steering=steering, channels=int(asked), endless=endless)


def format_of(query: Mapping[str, str]) -> str:
    """Take the format of a file from a query.

    Raises:
        ConfigError: It is another.
    """
    asked = query.get("format") or "wav"
    require(asked in FORMATS, f"format={asked[:40]!r}: must be {' or '.join(FORMATS)}.")
    return asked


def _number(name: str, text: str) -> Any:
    convert, kind = _NUMBERS[name]
    try:
        return convert(text)
    except ValueError as error:
        raise ConfigError(f"{name}={text[:40]!r}: must be {kind}.") from error
