"""What the report shows and plays: photos, spectrograms and sounds, small and inside URLs."""

import base64
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import soundfile
import torch
from PIL import Image
from torch import Tensor

from photowave.audio.spectrogram import spectrogram_image
from photowave.evaluation.layout import TITLES, spread_over

if TYPE_CHECKING:
    from photowave.evaluation.result import EvaluationResult

PHOTOS = 12
"""Photos shown with their sounds, at the most."""
SOUND_S = 10.0
"""Seconds of each sound that can be played; longer ones are cut."""
MEDIA_BYTES = 18_000_000
"""Most that photos, spectrograms and sounds may take in the file together, in characters of base64."""

_PLAYED = (("model", 0), ("model", 1), ("real", 0), ("nearest", 0), ("filtered_noise", 0), ("sonify", 0))
"""Systems that can be heard, with the number of the seed."""
_PHOTO_SIDE = 320  # pixels
_SPECTROGRAM_SIZE = (300, 110)  # pixels


@dataclass(frozen=True)
class Player:
    """One sound in the report."""

    label: str
    """Whose sound it is."""
    sound: str
    """A FLAC file as a URL."""
    spectrogram: str
    """A picture as a URL."""


@dataclass(frozen=True)
class Exhibit:
    """A photo in the report, and what the systems made of it."""

    file: str
    """Name of the photo's file, without its folder."""
    scene: str
    """Its scene."""
    photo: str
    """A picture as a URL."""
    players: tuple[Player, ...]
    """Its sounds."""

    @property
    def size(self) -> int:
        """Characters that its media take."""
        return len(self.photo) + sum(len(p.sound) + len(p.spectrogram) for p in self.players)


def exhibits(result: "EvaluationResult") -> list[Exhibit]:
    """Choose photos, spread over the scenes, and show each with what the systems made of it.

    Args:
        result: Where photos and sounds come from.

    Returns:
        At most `PHOTOS`, and as many as `MEDIA_BYTES` has room for.
    """
    shown, left = [], MEDIA_BYTES
    for index in spread_over([str(scene) for scene in result.photos.scenes], limit=PHOTOS):
        exhibit = _exhibit(result, index)
        left -= exhibit.size
        if left < 0:
            break
        shown.append(exhibit)
    return shown


def _exhibit(result: "EvaluationResult", index: int) -> Exhibit:
    photo = result.photos.images[index].copy()
    photo.thumbnail((_PHOTO_SIDE, _PHOTO_SIDE))
    systems = {sounds.name: sounds.samples for sounds in result.sounds}
    players = []
    for system, seed in _PLAYED:
        if system not in systems or seed >= systems[system].shape[1]:
            continue
        samples = systems[system][index, seed, : round(SOUND_S * result.sample_rate)]
        again = (system, 1) in _PLAYED and systems[system].shape[1] > 1
        label = TITLES[system] + (f", take {seed + 1}" if again else "")
        players.append(_player(label, samples, result.sample_rate))
    return Exhibit(
        file=result.photos.paths[index].name,
        scene=str(result.photos.scenes[index]),
        photo=_image_url(photo, "JPEG", quality=82, optimize=True),
        players=tuple(players),
    )


def _player(label: str, samples: Tensor, sample_rate: int) -> Player:
    width, height = _SPECTROGRAM_SIZE
    # A palette keeps what the colour map can show and takes a third of the bytes.
    picture = spectrogram_image(samples, sample_rate, width=width, height=height).quantize(128)
    return Player(label, _sound_url(samples, sample_rate), _image_url(picture, "PNG", optimize=True))


def _sound_url(samples: Tensor, sample_rate: int) -> str:
    """A sound as a FLAC file of 16 bits inside a URL."""
    steps = (samples.double() * 32_768).round().clamp(-32_768, 32_767).to(torch.int16)
    buffer = io.BytesIO()
    soundfile.write(buffer, steps.numpy(), sample_rate, format="FLAC", subtype="PCM_16")
    return _data_url("audio/flac", buffer.getvalue())


def _image_url(image: Image.Image, kind: str, **options: Any) -> str:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return _data_url(f"image/{kind.lower()}", buffer.getvalue())


def _data_url(media_type: str, content: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"
