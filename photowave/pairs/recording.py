"""One recording to cut clips from: read, brought to rate and level, checked and measured."""

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from photowave.audio import (
    SpectralEnvelope,
    TextureStatistics,
    declared_s,
    extend_bandwidth,
    gain_to,
    gain_to_loudness,
    measure_width,
    read_channels,
    repeat_to,
    rms_dbfs,
    without_fades,
)
from photowave.errors import ConfigError, MediaError
from photowave.pairs.long_recording import LONG_S, long_envelope, read_long, scaled
from photowave.pairs.pairing import Excerpt
from photowave.settings import AudioConfig

HOP_S = 1.0
"""Distance between two texture windows, in seconds."""
_SILENCE_DBFS = -80.0


@dataclass(frozen=True)
class Recording:
    """One excerpt to cut clips from."""

    path: Path
    samples: Tensor
    """At the model's rate and level, float32 [time]."""
    textures: Tensor
    """Texture of the window that starts at each hop, [windows, texture]."""
    levels: Tensor
    """Level of each of these windows beside that of the whole recording, in dB, [windows]."""
    spectra: Tensor
    """Log-mel spectrum at each knot of the envelope, [knots, mels]; no knots where none is asked."""
    width: Tensor | None = None
    """How strong its side is beside its middle, see `measure_width`; None where it has one channel or the
    model draws one."""


class RecordingReader:
    """Reads excerpts as a training needs them; see `SoundBank` for what the settings mean.

    Raises:
        ConfigError: `window_s` is too short for a texture.
    """

    def __init__(
        self,
        *,
        audio: AudioConfig,
        clip_s: float,
        window_s: float,
        envelope: SpectralEnvelope | None,
        fade_s: float,
        level: str,
    ):
        self._audio, self._clip_s, self._window_s = audio, clip_s, window_s
        self._envelope, self._fade_s, self._level = envelope, fade_s, level
        self._statistics = TextureStatistics(sample_rate=audio.sample_rate, mels=audio.texture_mels)
        if round(window_s * audio.sample_rate) < self._statistics.shortest:
            raise ConfigError(
                f"window_s={window_s:g}: a texture at {audio.sample_rate} Hz needs at least "
                f"{self._statistics.shortest / audio.sample_rate:.3g} s. The default is 5."
            )
        # Several excerpts of one recording mostly follow each other: it is read once.
        self._read = lru_cache(maxsize=1)(self._read_file)

    @property
    def told(self) -> tuple[object, ...]:
        """All settings that a recording hangs on, for the key of a cache."""
        step = None if self._envelope is None else self._envelope.step
        audio = self._audio
        return (
            *(audio.sample_rate, audio.rms_dbfs, audio.channels, audio.texture_mels),
            *(self._clip_s, self._window_s, step, self._fade_s, self._level),
        )

    def read(self, excerpt: Excerpt, bandwidth_hz: float | None) -> Recording:
        """Read one.

        Args:
            excerpt: Which, and where in it.
            bandwidth_hz: The highest frequency at which it has content, in Hz; None: what its file can hold.

        Raises:
            MediaError: It cannot serve.
        """
        return self.measure(excerpt.path, *self.cut(excerpt, bandwidth_hz))

    def cut(self, excerpt: Excerpt, bandwidth_hz: float | None) -> tuple[Tensor, Tensor | None]:
        """The samples of an excerpt at rate and level, float32 [time], and its width; see `read`."""
        try:
            samples, gain, width = self._read(excerpt.path, bandwidth_hz)
        except MediaError as error:
            # What measures a level does not know whose it is.
            known = str(excerpt.path) in str(error)
            raise MediaError(str(error) if known else f"{excerpt.path}: {error}") from error
        return self._cut(samples, gain, excerpt), width

    def measure(self, path: Path, samples: Tensor, width: Tensor | None) -> Recording:
        """Measure textures, levels and envelope of samples [time] that were cut."""
        rate = self._audio.sample_rate
        hop, window = round(HOP_S * rate), round(self._window_s * rate)
        windows = samples.unfold(0, min(window, len(samples)), hop)
        textures = torch.cat([self._statistics(part[None]) for part in windows])
        levels = torch.tensor([rms_dbfs(part) for part in windows]) - rms_dbfs(samples)
        return Recording(path, samples, textures, levels, self._spectra(samples), width)

    def _read_file(self, path: Path, bandwidth_hz: float | None) -> tuple[Tensor, float, Tensor | None]:
        """The middle of a recording, the gain that brings it to the level as a whole, and its width."""
        rate = self._audio.sample_rate
        stereo = self._audio.channels == 2
        if declared_s(path) > LONG_S:
            samples, width = read_long(path, sample_rate=rate, stereo=stereo, bandwidth_hz=bandwidth_hz)
            return samples, self._gain(samples), width
        channels, file_rate = read_channels(path, sample_rate=rate)
        samples = channels.mean(0)
        width = measure_width(channels, sample_rate=rate) if stereo and len(channels) == 2 else None
        highest = min(file_rate / 2, math.inf if bandwidth_hz is None else bandwidth_hz)
        samples = extend_bandwidth(samples, sample_rate=rate, bandwidth_hz=highest)
        return samples, self._gain(samples), width

    def _gain(self, samples: Tensor) -> float:
        target, rate = self._audio.rms_dbfs, self._audio.sample_rate
        if self._level == "loudness":
            return gain_to_loudness(samples, sample_rate=rate, lufs=target)
        return gain_to(samples, rms_dbfs=target)

    def _cut(self, samples: Tensor, gain: float, excerpt: Excerpt) -> Tensor:
        """The samples of an excerpt of what was read, at their level and checked."""
        rate, name = self._audio.sample_rate, str(excerpt.path)
        needed = max(round(self._clip_s * rate), self._statistics.shortest)
        if excerpt.start_s is not None:
            first = round(excerpt.start_s * rate)
            # A product is a copy, so that the rest of a long recording does not stay in memory.
            samples = samples[first : first + round(max(self._window_s, self._clip_s) * rate)] * gain
            name += f" from start_s {excerpt.start_s:g}"
        else:
            samples = self._without_fades(samples, gain, needed=needed)
            if 2 * len(samples) >= needed:
                samples = repeat_to(samples, needed)
        if len(samples) < needed:
            raise MediaError(
                f"{name} lasts {len(samples) / rate:.3g} s; training needs {needed / rate:.3g} s. "
                "Remove it, move start_s forward, or lower clip_s and val_clip_s."
            )
        if rms_dbfs(samples) < _SILENCE_DBFS:
            raise MediaError(
                f"{name} is silent: its level stays below {_SILENCE_DBFS:g} dBFS. Remove it or move start_s."
            )
        return samples

    def _without_fades(self, samples: Tensor, gain: float, *, needed: int) -> Tensor:
        """A whole recording at its level; fades are cut off before, since they do not count for it."""
        if self._fade_s > 0:
            kept = without_fades(samples, sample_rate=self._audio.sample_rate, longest_s=self._fade_s)
            # What is cut off must not make a recording too short to be used.
            if needed <= len(kept) < len(samples):
                samples, gain = kept, self._gain(kept)
        return scaled(samples, gain) if self._is_long(samples) else samples * gain

    def _is_long(self, samples: Tensor) -> bool:
        return len(samples) > LONG_S * self._audio.sample_rate

    @torch.no_grad()
    def _spectra(self, samples: Tensor) -> Tensor:
        if self._envelope is None:
            return samples.new_zeros(0, self._audio.texture_mels)
        if self._is_long(samples):
            return long_envelope(self._envelope, samples)
        # A copy: the rest of a padded tensor would stay in memory.
        spectra: Tensor = self._envelope(samples[None])
        return spectra[0].clone()
