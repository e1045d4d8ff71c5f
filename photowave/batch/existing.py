"""Sounds of an earlier run: which are there, and whether they are what would be drawn again."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from photowave.batch.jobs import Job
from photowave.errors import ConfigError, MediaError
from photowave.settings import OutputSettings
from photowave.settings.drawing import SOUND_FORMATS

if TYPE_CHECKING:
    from photowave.generation import SoundscapeGenerator

DRAWN = ("seed", "variation", "temperature", "guidance", "duration_s")
"""Those of the settings that a sound follows from."""
FINISHED = ("sample_rate", "channels", "loudness_lufs", "fade_s")
"""What was done to it afterwards."""
STEERED = ("place", "exclude", "blend", "like", "like_sha256")
"""What was said beside the photo, or instead of one."""
COMPARED = ("photo_sha256", *DRAWN, *FINISHED, *STEERED, "loop", "model_sha256")
"""What a sound follows from, as its description tells it."""
WRITTEN_IN = "formats"
"""What a description calls the formats in which the sound was written; older ones do not tell."""


@dataclass(frozen=True, kw_only=True)
class Existing:
    """What happens to sounds that are there already."""

    overwrite: bool = False
    """Replace them."""
    skip: bool = False
    """Leave them, and draw only what is missing."""


def asked(job: Job, take: int, output: OutputSettings, model: "SoundscapeGenerator") -> dict[str, Any]:
    """Say what a sound will follow from, by names of `COMPARED`, as its description will tell it."""
    from photowave.image import photo_sha256

    draw = job.take(take)
    told: dict[str, Any] = {name: getattr(draw, name) for name in DRAWN}
    if draw.loop:
        told["loop"] = True
    if job.target.photo is not None:
        with suppress(MediaError):  # told when it is read
            told["photo_sha256"] = photo_sha256(job.target.photo)
    if job.steering.like is not None:
        with suppress(MediaError):
            told["like_sha256"] = photo_sha256(job.steering.like)
    done = {
        "sample_rate": output.sample_rate or model.sample_rate,
        "channels": output.channels or model.channels,
        "loudness_lufs": output.loudness_lufs,
        "fade_s": output.fade_s or None,
    }
    return {**told, **done, **job.steering.told(), "model_sha256": model.loaded.sha256}


def is_there(target: Path, asked: Callable[[], Mapping[str, Any]]) -> bool:
    """Whether a sound is there that was drawn from the same.

    Args:
        target: The sound file; its description lies beside it.
        asked: Gives what would be drawn; see `asked`. It is called only where something is there.

    Raises:
        ConfigError: There is a sound, or a description of one in another format, that was drawn from
            something else, or nothing tells from what.
    """
    description = target.with_suffix(".json")
    if not (target.is_file() or description.is_file()):
        return False
    told, own = read_description(description), target.suffix[1:]
    if told is None or (target.is_file() and own not in _written_in(told, [own])):
        raise ConfigError(
            f"{target} is there, and no description beside it tells how it was drawn. Give --overwrite to "
            "replace it, or another --out."
        )
    compare(str(target.with_suffix("")), told, asked())
    return target.is_file()


def read_description(path: Path) -> dict[str, Any] | None:
    """Read what stands beside a sound; None if there is nothing, or no description."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return told if isinstance(told, dict) else None


def formats_of_same(path: Path, told: Mapping[str, Any]) -> set[str]:
    """Formats of which a description tells, and in which the sound still stands beside it.

    Args:
        path: The description.
        told: How a sound is drawn; none are given if the description tells of another one.
    """
    before = read_description(path)
    if before is None or any(before.get(key) != told.get(key) for key in COMPARED):
        return set()
    return {name for name in _written_in(before, []) if path.with_suffix(f".{name}").is_file()}


def _written_in(told: Mapping[str, Any], untold: list[str]) -> list[str]:
    """Formats of which a description tells; it may come from anywhere."""
    names = told.get(WRITTEN_IN, untold)
    return [name for name in names if name in SOUND_FORMATS] if isinstance(names, list) else []


def compare(name: str, told: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    """See that a sound was drawn from what is asked for.

    Args:
        name: What messages call it.
        told: Its description.
        asked: See `asked`.

    Raises:
        ConfigError: It was drawn from something else.
    """
    for key in COMPARED:
        if told.get(key) != asked.get(key):
            raise ConfigError(
                f"{name} was drawn with {key}={told.get(key)}, and {key}={asked.get(key)} is asked for. Give "
                "--overwrite to replace it, or another --out."
            )
