"""What is kept of a photo once it has been read: the voices that are drawn for it, and a picture to show."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from PIL import Image
from torch import Tensor

from photowave.generation.hearing import Hearing
from photowave.model import Origin

SHOWN = 512
"""Longest side of the picture that is kept, in pixels: photos are large, and many may be drawn together."""


@dataclass(frozen=True, eq=False)
class Voice:
    """One sound to be drawn; a blend has several, and they are mixed."""

    vector: Tensor
    """Conditioning vector [conditioning], or the knots of its track [knots, conditioning]."""
    width: Tensor
    """How wide its sound is in stereo, [WIDTH_BANDS]; see `measure_width`."""
    name: str
    """What its chance hangs on beside the seed: the hash of the photo, or what was asked for."""
    seed: int
    """What all chance in its sound follows from; see `mixed_seed`."""
    share: float = 1.0
    """Its share of the power."""
    texture: int | None = None
    """The texture of the codebook that is drawn, if it is one of those."""
    origin: Origin | None = None
    """The recording which that texture was heard in, if the model tells."""


@dataclass(frozen=True, eq=False)
class SeenPhoto:
    """What a photo is to the model, whatever is asked for afterwards; see `PhotoReader.see`."""

    features: Tensor
    """Features of the photo encoder, [1, features]."""
    hearing: Hearing
    """What was heard in it."""
    name: str
    """What its chance hangs on beside the seed: the hash of its pixels."""
    sha256: str
    """Hash of its file, or of its pixels if it came as a picture."""
    picture: Image.Image | None
    """Upright RGB, at most `SHOWN` pixels long; None if it was let go."""


@dataclass(frozen=True, eq=False)
class PhotoReading:
    """A photo, ready to be drawn for."""

    voices: tuple[Voice, ...]
    """What is drawn; together they have a share of 1."""
    turns: int | None
    """How many variations there are before they begin again; None where there is one alone."""
    hearing: Hearing
    """What was heard in it."""
    sha256: str | None
    """Hash of the photo's file, or of the picture if it came as one; None without a photo."""
    picture: Image.Image | None
    """Upright RGB, at most `SHOWN` pixels long."""
    steered: Mapping[str, Any]
    """What was said beside the photo or instead, as plain values."""
    seed: int
    """The seed that it was read with."""
    variation: int
    """The variation that it was read with."""

    def take(self, seed: int) -> "PhotoReading":
        """Give the same reading for another seed."""
        voices = tuple(replace(voice, seed=mixed_seed(voice.name, seed=seed)) for voice in self.voices)
        return replace(self, voices=voices, seed=seed)

    def info(self) -> dict[str, Any]:
        """Plain values for `Soundscape.info`."""
        told: dict[str, Any] = {} if self.sha256 is None else {"photo_sha256": self.sha256}
        if self.hearing.places:
            told["places"] = {name: round(share, 4) for name, share in self.hearing.places.items()}
            told["known_place"] = self.hearing.is_known
        told |= self.steered
        if self.turns is not None:
            told["variations"] = self.turns
        if len(self.voices) > 1:
            told["textures"] = [voice.texture for voice in self.voices]
        elif self.voices[0].texture is not None:
            told["texture"] = self.voices[0].texture
        origins = [voice.origin for voice in self.voices if voice.origin is not None]
        if origins:
            told["recording"] = "; ".join(origin.name for origin in origins)
            told["attribution"] = "; ".join(origin.attribution for origin in origins)
        return told


def mixed_seed(text: str, *, seed: int) -> int:
    """Mix a text into a seed: two photos of one kind of place shall not get the very same sound."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{text}".encode()).digest()[:16], "big")


def small(image: Image.Image) -> Image.Image:
    """Copy a picture, at most `SHOWN` pixels long."""
    share = SHOWN / max(image.size)
    if share >= 1:
        return image.copy()
    width, height = (max(1, round(side * share)) for side in image.size)
    return image.resize((width, height), reducing_gap=3.0)
