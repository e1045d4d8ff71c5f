"""From a reading to bytes: 16-bit samples as they are drawn, whole files, and what is told of them."""

import io
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from photowave.batch.existing import WRITTEN_IN
from photowave.generation import SoundscapeGenerator
from photowave.generation.reading import SeenPhoto
from photowave.generation.streaming import draw_ahead
from photowave.settings import DrawSettings, SteerSettings

CHUNK_S = 0.1
"""The first piece of a sound: short, since somebody waits for it."""
_CHUNKS = (1, 2, 4)  # of the first turns; later turns are
_CHUNKS_LATER = 5
FORMATS = {"wav": "audio/wav", "flac": "audio/flac"}
"""Formats of downloads, with their media types."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Wish:
    """A sound that somebody asks for."""

    photo: SeenPhoto | None
    """The photo, if there is one."""
    draw: DrawSettings
    """How to draw; the duration is not heeded where it is endless."""
    steering: SteerSettings
    """What overrules the photo."""
    channels: int
    """1 or 2."""
    endless: bool
    """Whether it goes on until it is stopped."""

    @property
    def cost(self) -> int:
        """What drawing it costs beside a plain sound: each place of a blend is a sound, guidance doubles."""
        return max(1, len(self.steering.shares)) * (1 if self.draw.guidance == 1.0 else 2)


class Turns(Iterator[bytes]):
    """Draws a sound turn by turn: together the samples that `generate` writes as 16 bits.

    Each turn gives interleaved 16-bit samples, little-endian; the first ones are short.
    """

    def __init__(self, generator: SoundscapeGenerator, wish: Wish):
        reading = generator.read(wish.photo, wish.draw, wish.steering)
        self.stream = generator.stream_read(reading, wish.draw, chunk_s=CHUNK_S, endless=wish.endless)
        self._channels = wish.channels
        self._chunks = chain(_CHUNKS, repeat(_CHUNKS_LATER))
        self.chunks = next(self._chunks)

    def __next__(self) -> bytes:
        part = self.stream.take(self.chunks)
        if part is None:
            raise StopIteration
        self.chunks = next(self._chunks)
        return pcm16(part, channels=self._channels)


def draw_turns_ahead(turns: Sequence[Iterator[bytes]]) -> None:
    """Draw what the next turns of several sounds need, those of one length in step."""
    asked = [turn for turn in turns if isinstance(turn, Turns)]
    for chunks in {turn.chunks for turn in asked}:
        draw_ahead([turn.stream for turn in asked if turn.chunks == chunks], chunks)


def pcm16(samples: NDArray[np.float32], *, channels: int) -> bytes:
    """Round samples [time] or [2, time] to 16 bits, interleaved, as `Soundscape.finished` and `save` do."""
    if samples.ndim == 2 and channels == 1:
        samples = samples.mean(0)
    elif samples.ndim == 1 and channels == 2:
        samples = np.stack([samples, samples])
    return np.clip(np.rint(samples * 32_768), -32_768, 32_767).astype("<i2").T.tobytes()


def sound_file(samples: bytes, *, file_format: str, sample_rate: int, channels: int) -> bytes:
    """Make a sound file of 16-bit samples.

    Args:
        samples: Interleaved, little-endian.
        file_format: One of `FORMATS`.
        sample_rate: In Hz.
        channels: 1 or 2.
    """
    rows = np.frombuffer(samples, "<i2").reshape(-1, channels)
    file = io.BytesIO()
    soundfile.write(file, rows, sample_rate, format=file_format.upper(), subtype="PCM_16")
    return file.getvalue()


def description(
    generator: SoundscapeGenerator, wish: Wish, *, model: str, file_format: str
) -> dict[str, Any]:
    """Tell what the command line writes beside the same sound, and the command that draws it again.

    Args:
        generator: What draws.
        wish: The sound.
        model: `default`, or the name of the model file.
        file_format: One of `FORMATS`.
    """
    reading = generator.read(wish.photo, wish.draw, wish.steering)
    told = {**reading.info(), **wish.draw.told(), **generator.told(), "channels": wish.channels}
    told[WRITTEN_IN] = [file_format]
    return {**told, "command": _command(generator, wish, model=model, file_format=file_format)}


def _command(generator: SoundscapeGenerator, wish: Wish, *, model: str, file_format: str) -> str:
    """The command line that draws a sound again; only what differs from its defaults is said."""
    usual, words = DrawSettings().told(), ["photowave", "generate"]
    if wish.photo is not None:
        words.append("YOUR_PHOTO")
    for name, value in wish.draw.told().items():
        if value != usual.get(name):
            words += [f"--{name}", f"{value:.17g}" if isinstance(value, float) else str(value)]
    steering = wish.steering
    if steering.place:
        words += ["--place", steering.place]
    if steering.blend:
        words += ["--blend", ",".join(f"{place}:{share:.17g}" for place, share in steering.shares.items())]
    if steering.excluded:
        words += ["--exclude", ",".join(steering.excluded)]
    if wish.channels != generator.channels:
        words += ["--channels", str(wish.channels)]
    if file_format != "wav":
        words += ["--format", file_format]
    if model != "default":
        words += ["--model", model]
    return shlex.join(words)
