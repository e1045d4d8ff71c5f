"""The model: settings in, modules out."""

from photowave.model.codec import FrameCodec
from photowave.model.conditioning import (
    Conditioner,
    PhotoConditioner,
    PositionConditioner,
    TextureConditioner,
)
from photowave.model.model import PhotowaveModel, build_conditioner, build_output, build_wavenet

__all__ = [
    "Conditioner",
    "FrameCodec",
    "PhotoConditioner",
    "PhotowaveModel",
    "PositionConditioner",
    "TextureConditioner",
    "build_conditioner",
    "build_output",
    "build_wavenet",
]
