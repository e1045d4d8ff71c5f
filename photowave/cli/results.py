"""Sounds of an earlier run: which are there, and whether they are what would be drawn again."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from photowave.errors import ConfigError

DRAWN = ("seed", "variation", "temperature", "guidance", "duration_s")
"""Those of the settings that a sound follows from."""
FINISHED = ("sample_rate", "channels", "loudness_lufs", "fade_s")
"""What was done to it afterwards."""
STEERED = ("place", "exclude", "blend", "like", "like_sha256")
"""What was said beside the photo, or instead of one."""
COMPARED = ("photo_sha256", *DRAWN, *FINISHED, *STEERED, "loop", "model_sha256")
"""What a sound follows from, as its description tells it."""


def is_there(target: Path, asked: Mapping[str, Any]) -> bool:
    """Whether a sound is there that was drawn from the same.

    Args:
        target: The sound file; its description lies beside it.
        asked: What would be drawn, by names of `COMPARED`, as its description would tell it.

    Raises:
        ConfigError: There is a sound, or a description of one in another format, that was drawn from
            something else, or nothing tells from what.
    """
    description = target.with_suffix(".json")
    if not (target.is_file() or description.is_file()):
        return False
    try:
        told = json.loads(description.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        told = None
    if not isinstance(told, dict):
        raise ConfigError(
            f"{target} is there, and no description beside it tells how it was drawn. Give --overwrite to "
            "replace it, or another --out."
        )
    for name in COMPARED:
        if told.get(name) != asked.get(name):
            raise ConfigError(
                f"{target.with_suffix('')} was drawn with {name}={told.get(name)}, and {name}="
                f"{asked.get(name)} is asked for. Give --overwrite to replace it, or another --out."
            )
    return target.is_file()
