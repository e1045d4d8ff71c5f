"""What comes out: samples that know their rate, their photo and how to show themselves."""

import base64
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from photowave.audio import rms_dbfs, write_sound
from photowave.audio.spectrogram import spectrogram_image


@dataclass(frozen=True, eq=False)
class Soundscape:
    """A generated sound.

    Attributes:
        samples: In -1 to 1, float32 [time].
        sample_rate: In Hz.
        photo: The photo it was drawn for, upright RGB, or None.
        info: How it was made: seed, temperature and so on; plain values.
    """

    samples: NDArray[np.float32]
    sample_rate: int
    photo: Image.Image | None = None
    info: dict[str, Any] = field(default_factory=dict)

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.sample_rate

    @property
    def rms_dbfs(self) -> float:
        """Level in dB relative to full scale."""
        return rms_dbfs(torch.from_numpy(self.samples))

    def save(self, path: str | Path) -> None:
        """Write a sound file, 16 bit, `.wav` or `.flac` by the suffix.

        Raises:
            MediaError: Another suffix, or the folder cannot be written.
        """
        write_sound(path, torch.from_numpy(self.samples), self.sample_rate)

    def spectrogram(self, *, width: int = 600, height: int = 200) -> Image.Image:
        """Draw the log-mel spectrogram, `width` by `height` pixels."""
        return spectrogram_image(torch.from_numpy(self.samples), self.sample_rate, width=width, height=height)

    def __repr__(self) -> str:
        """One line for a terminal."""
        seed = self.info.get("seed")
        return (
            f"Soundscape({self.duration_s:.2f} s at {self.sample_rate} Hz, {self.rms_dbfs:.1f} dBFS"
            f"{'' if seed is None else f', seed {seed}'})"
        )

    def _repr_html_(self) -> str:
        """Photo, spectrogram and player for a notebook; everything inline."""
        parts = []
        if self.photo is not None:
            small = self.photo.copy()
            small.thumbnail((300, 200))
            parts.append(f'<img height="200" alt="photo" src="{_data_url(small)}">')
        parts.append(f'<img height="200" alt="spectrogram" src="{_data_url(self.spectrogram())}">')
        sound = base64.b64encode(self._wav_bytes()).decode()
        player = f'<audio controls src="data:audio/wav;base64,{sound}"></audio>'
        return f"<div>{' '.join(parts)}<br>{player}</div>"

    def _wav_bytes(self) -> bytes:
        import soundfile

        buffer = io.BytesIO()
        soundfile.write(buffer, self.samples, self.sample_rate, format="WAV", subtype="PCM_16")
        return buffer.getvalue()


def _data_url(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
