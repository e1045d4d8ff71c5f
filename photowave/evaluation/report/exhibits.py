"""What the report shows and plays: photos, spectrograms and sounds, small and inside URLs."""

import base64
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import soundfile
import torch
from PIL import Image
from torch import Tensor

from photowave.audio.spectrogram import spectrogram_image
from photowave.evaluation.report.tables import TITLES
from photowave.evaluation.sounds.types import EvaluatedPhotos, SystemSounds

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
    """One sound in the report: whose it is, and a FLAC file and a picture as URLs."""

    label: str
    sound: str
    spectrogram: str


@dataclass(frozen=True)
class Exhibit:
    """A photo in the report: name of its file, scene, picture as a URL, and what the systems made of it."""

    file: str
    scene: str
    photo: str
    players: tuple[Player, ...]
    places: tuple[tuple[str, float], ...] = ()
    """Each place with its probability, the likeliest first; () where the model names none."""
    is_known: bool = True
    """Whether the photo shows a place that the model knows."""
    attribution: str = ""
    """Whose recording the sound of the model follows."""

    @property
    def size(self) -> int:
        """Characters that its media take."""
        return len(self.photo) + sum(len(p.sound) + len(p.spectrogram) for p in self.players)


def exhibits(photos: EvaluatedPhotos, sounds: Sequence[SystemSounds], sample_rate: int) -> list[Exhibit]:
    """Show some photos, spread over the scenes, each with what the systems made of it.

    They are at most `PHOTOS`, and as many as `MEDIA_BYTES` has room for.
    """
    shown, left = [], MEDIA_BYTES
    for index in spread_over(photos.scenes.tolist(), limit=PHOTOS):
        exhibit = _exhibit(photos, sounds, sample_rate, index)
        left -= exhibit.size
        if left < 0:
            break
        shown.append(exhibit)
    return shown


def spread_over(kinds: Sequence[str], *, limit: int) -> list[int]:
    """Choose `limit` items at most so that every kind has its turn before one comes twice; kind by kind."""
    seen: Counter[str] = Counter()
    turns = []
    for index, kind in enumerate(kinds):
        turns.append((seen[kind], kind, index))
        seen[kind] += 1
    chosen = sorted(turns)[:limit]
    return [index for _, _, index in sorted(chosen, key=lambda turn: (turn[1], turn[2]))]


def _exhibit(
    photos: EvaluatedPhotos, sounds: Sequence[SystemSounds], sample_rate: int, index: int
) -> Exhibit:
    photo = photos.images[index].copy()
    photo.thumbnail((_PHOTO_SIDE, _PHOTO_SIDE))
    systems = {made.name: made.samples for made in sounds}
    told = next((made.told[index] for made in sounds if made.name == "model" and made.told), {})
    players = []
    for system, seed in _PLAYED:
        if system not in systems or seed >= systems[system].shape[1]:
            continue
        samples = systems[system][index, seed, : round(SOUND_S * sample_rate)]
        again = (system, 1) in _PLAYED and systems[system].shape[1] > 1
        label = TITLES[system] + (f", take {seed + 1}" if again else "")
        players.append(_player(label, samples, sample_rate))
    return Exhibit(
        file=photos.paths[index].name,
        scene=str(photos.scenes[index]),
        photo=_image_url(photo, "JPEG", quality=82, optimize=True),
        players=tuple(players),
        places=tuple(told.get("places", {}).items()),
        is_known=told.get("known_place", True),
        attribution=told.get("attribution", ""),
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
