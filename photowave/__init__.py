"""Turns a photo into the sound of the place: an image-conditioned WaveNet for an ordinary computer.

    import photowave
    model = photowave.load()
    soundscape = model.generate("photo.jpg", duration_s=5, seed=1)
    soundscape.save("photo.wav")

The names are loaded when they are first used, so that importing the package takes no time.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from photowave._version import __version__

if TYPE_CHECKING:
    from photowave.errors import PhotowaveError
    from photowave.generation import Soundscape, SoundscapeGenerator, load
    from photowave.settings import DrawSettings

__all__ = ["DrawSettings", "PhotowaveError", "Soundscape", "SoundscapeGenerator", "__version__", "load"]

_HOMES = {"DrawSettings": "photowave.settings", "PhotowaveError": "photowave.errors"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES.get(name, "photowave.generation")), name)
