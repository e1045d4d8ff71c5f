"""The model: settings in, modules out."""

from photowave.model.catalogue import Catalogue, Origin
from photowave.model.codec import FrameCodec
from photowave.model.conditioning import (
    Conditioner,
    PhotoConditioner,
    PositionConditioner,
    TextureConditioner,
)
from photowave.model.envelope import (
    Envelope,
    EnvelopeClip,
    EnvelopeStack,
    KeptEnvelopes,
    build_envelope,
)
from photowave.model.model import PhotowaveModel, build_output, build_spectra, build_wavenet

__all__ = [
    "Catalogue",
    "Conditioner",
    "Envelope",
    "EnvelopeClip",
    "EnvelopeStack",
    "FrameCodec",
    "KeptEnvelopes",
    "Origin",
    "PhotoConditioner",
    "PhotowaveModel",
    "PositionConditioner",
    "TextureConditioner",
    "build_envelope",
    "build_output",
    "build_spectra",
    "build_wavenet",
]
