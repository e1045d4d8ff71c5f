"""From a conditioning vector to sound: packed weights, compiled sampling, soundscapes.

The names are loaded when they are first used, so that importing the room alone does not import torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from photowave import compiling as compiling  # which chooses where compiled code is kept

if TYPE_CHECKING:
    from photowave.generation.generator import SoundscapeGenerator
    from photowave.generation.loading import load
    from photowave.generation.soundscape import Soundscape

__all__ = ["Soundscape", "SoundscapeGenerator", "load"]

_HOMES = {"Soundscape": "soundscape", "load": "loading"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'generator')}"), name)
