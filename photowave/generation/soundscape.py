"""What comes out: samples that know their rate, their photo and how to show themselves."""

import base64
import html
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from photowave.audio import fade, limit_peaks, resample, rms_dbfs, to_loudness, write_sound
from photowave.audio.spectrogram import spectrogram_image
from photowave.generation.hearing import likeliest

_TOLD = ("seed", "temperature", "guidance")


@dataclass(frozen=True, eq=False)
class Soundscape:
    """A generated sound.

    Attributes:
        samples: In -1 to 1, float32 [time], or [2, time] in stereo.
        sample_rate: In Hz.
        photo: The photo it was drawn for, upright RGB, or None.
        info: How it was made: seed, temperature and so on; plain values. The notebook's caption shows
            `photo` (its name), `places`, `seed`, `temperature` and `guidance` where they are known.
    """

    samples: NDArray[np.float32]
    sample_rate: int
    photo: Image.Image | None = None
    info: dict[str, Any] = field(default_factory=dict)

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return int(self.samples.shape[-1]) / self.sample_rate

    @property
    def mono(self) -> NDArray[np.float32]:
        """The mean of the channels, float32 [time]."""
        return self.samples if self.samples.ndim == 1 else self.samples.mean(0)

    @property
    def heard(self) -> str:
        """The likeliest places, such as `sea_waves 83 %, lake_shore 9 %`; "" where none is known."""
        return likeliest(self.info.get("places", {}))

    @property
    def rms_dbfs(self) -> float:
        """Level in dB relative to full scale."""
        return rms_dbfs(torch.from_numpy(self.samples).flatten())

    def save(self, path: str | Path, *, bits: int = 16) -> None:
        """Write a sound file, `.wav`, `.flac`, `.ogg` or `.mp3` by the suffix.

        Args:
            path: In a folder that exists.
            bits: 16, 24 (WAV and FLAC) or 32 (WAV: floating point).

        Raises:
            MediaError: Another suffix or number of bits, or the folder cannot be written.
        """
        write_sound(path, torch.from_numpy(self.samples), self.sample_rate, bits=bits)

    def finished(
        self,
        *,
        sample_rate: int | None = None,
        channels: int | None = None,
        loudness_lufs: float | None = None,
        fade_s: float = 0.0,
    ) -> "Soundscape":
        """Give the sound as a project needs it; each step is left out unless it is asked for.

        Args:
            sample_rate: Samples per second, in Hz; see `photowave.audio.resample` for the filter.
            channels: 1 mixes two channels down, 2 repeats one.
            loudness_lufs: Loudness by ITU-R BS.1770-4, by one gain; peaks beyond full scale are bent.
            fade_s: Length of a fade at either end, in seconds.

        Returns:
            A new sound, whose `info` tells what was done.

        Raises:
            MediaError: It is too short or too soft to have a loudness.
        """
        samples, rate, info = torch.from_numpy(self.samples), self.sample_rate, dict(self.info)
        if channels is not None and channels != (1 if samples.dim() == 1 else 2):
            samples = samples.mean(0) if channels == 1 else samples.expand(2, -1)
            info["channels"] = channels
        if sample_rate is not None and sample_rate != rate:
            # A filter that rings can pass full scale by a little.
            samples = limit_peaks(resample(samples, old_rate=rate, new_rate=sample_rate))
            info["sample_rate"] = rate = sample_rate
        if loudness_lufs is not None:
            samples = to_loudness(samples, sample_rate=rate, lufs=loudness_lufs)
            info["loudness_lufs"] = loudness_lufs
        if fade_s > 0:
            samples = fade(samples, sample_rate=rate, seconds=fade_s)
            info["fade_s"] = fade_s
        return Soundscape(samples.contiguous().numpy(), rate, self.photo, info)

    def spectrogram(self, *, width: int = 600, height: int = 200) -> Image.Image:
        """Draw the log-mel spectrogram, `width` by `height` pixels."""
        return spectrogram_image(torch.from_numpy(self.mono), self.sample_rate, width=width, height=height)

    def __repr__(self) -> str:
        """One line for a terminal."""
        seed = self.info.get("seed")
        channels = "" if self.samples.ndim == 1 else ", stereo"
        return (
            f"Soundscape({self.duration_s:.2f} s at {self.sample_rate} Hz{channels}, {self.rms_dbfs:.1f} dBFS"
            f"{'' if seed is None else f', seed {seed}'})"
        )

    def _repr_html_(self) -> str:
        """Caption, photo, spectrogram and player for a notebook; everything inline."""
        parts = []
        if self.photo is not None:
            small = self.photo.copy()
            small.thumbnail((300, 200))
            parts.append(f'<img height="200" alt="photo" src="{_data_url(small)}">')
        # A palette keeps what the colour map can show and takes a third of the bytes.
        picture = self.spectrogram().quantize(128)
        parts.append(f'<img height="200" alt="spectrogram" src="{_data_url(picture)}">')
        sound = base64.b64encode(self._flac_bytes()).decode()
        player = f'<audio controls src="data:audio/flac;base64,{sound}"></audio>'
        return f"<div>{html.escape(self._caption())}<br>{' '.join(parts)}<br>{player}</div>"

    def _caption(self) -> str:
        """Such as `lake.jpg: lake_shore 91 %, seed 0, temperature 1, guidance 1, 5.00 s`."""
        known = ((name, self.info[name]) for name in _TOLD if name in self.info)
        told = [
            f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}" for name, value in known
        ]
        facts = ", ".join([*filter(None, [self.heard]), *told, f"{self.duration_s:.2f} s"])
        return f"{self.info['photo']}: {facts}" if "photo" in self.info else facts

    def _flac_bytes(self) -> bytes:
        import soundfile

        # Rounded as in the file that `save` writes: the writer itself would cut off.
        steps = np.clip(np.round(self.samples.astype(np.float64) * 32_768), -32_768, 32_767)
        buffer = io.BytesIO()
        soundfile.write(buffer, steps.astype(np.int16).T, self.sample_rate, format="FLAC", subtype="PCM_16")
        return buffer.getvalue()


def _data_url(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
