"""Recordings in memory, at one rate and level, with the texture around every place in them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from photowave.audio import TextureStatistics, normalise, read_sound, rms_dbfs
from photowave.config import AudioConfig
from photowave.errors import ConfigError, MediaError, PairError
from photowave.pairs.pairing import Excerpt

_SILENCE_DBFS = -80.0


@dataclass(frozen=True)
class Recording:
    """One excerpt to cut clips from.

    Attributes:
        path: The file.
        samples: At the model's rate and level, float32 [time].
        textures: Texture of the window that starts at each hop, [windows, texture].
    """

    path: Path
    samples: Tensor
    textures: Tensor


class SoundBank:
    """All recordings of a split.

    Args:
        excerpts: The recordings, and where in them the sound starts.
        audio: Rate, level, texture settings.
        clip_s: Shortest excerpt that can be used, in seconds.
        window_s: Length of sound that a texture describes, in seconds.
        progress: Called with 1 after each recording.

    Raises:
        ConfigError: `window_s` is too short for a texture.
        PairError: Recordings are unreadable, silent or shorter than a clip; they are named together.
    """

    HOP_S = 1.0
    """Distance between two texture windows, in seconds."""

    def __init__(
        self,
        excerpts: Sequence[Excerpt],
        *,
        audio: AudioConfig,
        clip_s: float,
        window_s: float,
        progress: Callable[[int], None] | None = None,
    ):
        self.audio = audio
        self.window_s = window_s
        self.recordings: list[Recording] = []
        statistics = TextureStatistics(sample_rate=audio.sample_rate, mels=audio.texture_mels)
        if round(window_s * audio.sample_rate) < statistics.shortest:
            raise ConfigError(
                f"data.window_s={window_s:g}: a texture at {audio.sample_rate} Hz needs at least "
                f"{statistics.shortest / audio.sample_rate:.3g} s. The default is 5."
            )
        # Several excerpts of one recording mostly follow each other: it is read once.
        read = lru_cache(maxsize=1)(self._read)
        bad: list[str] = []
        for excerpt in excerpts:
            try:
                samples = self._cut(read(excerpt.path), excerpt, shortest=clip_s, statistics=statistics)
                textures = self._textures(samples, statistics)
                self.recordings.append(Recording(excerpt.path, samples, textures))
            except MediaError as error:
                bad.append(str(error))
            if progress is not None:
                progress(1)
        refuse_if_any(bad, what="recordings", total=len(excerpts))

    @property
    def duration_s(self) -> float:
        """Seconds of sound in all."""
        return sum(len(r.samples) for r in self.recordings) / self.audio.sample_rate

    def clip(self, index: int, start: int, length: int) -> tuple[Tensor, Tensor]:
        """Cut a clip.

        Args:
            index: Which recording.
            start: First sample.
            length: Number of samples.

        Returns:
            Samples [length] and the texture of the window around them, [texture].
        """
        recording = self.recordings[index]
        middle = (start + length / 2 - self.window_s * self.audio.sample_rate / 2) / self.audio.sample_rate
        window = min(max(round(middle / self.HOP_S), 0), len(recording.textures) - 1)
        return recording.samples[start : start + length], recording.textures[window]

    def _read(self, path: Path) -> Tensor:
        samples, _ = read_sound(path, sample_rate=self.audio.sample_rate)
        return normalise(samples, rms_dbfs=self.audio.rms_dbfs)

    def _cut(
        self, samples: Tensor, excerpt: Excerpt, *, shortest: float, statistics: TextureStatistics
    ) -> Tensor:
        """The samples of an excerpt, checked; `shortest` in seconds."""
        rate, name = self.audio.sample_rate, str(excerpt.path)
        if excerpt.start_s is not None:
            first = round(excerpt.start_s * rate)
            # A copy, so that the rest of a long recording does not stay in memory.
            samples = samples[first : first + round(max(self.window_s, shortest) * rate)].clone()
            name += f" from start_s {excerpt.start_s:g}"
        needed = max(round(shortest * rate), statistics.shortest)
        if len(samples) < needed:
            raise MediaError(
                f"{name} lasts {len(samples) / rate:.3g} s; training needs {needed / rate:.3g} s. "
                "Remove it, move start_s forward, or lower data.clip_s and data.val_clip_s."
            )
        if rms_dbfs(samples) < _SILENCE_DBFS:
            raise MediaError(
                f"{name} is silent: its level stays below {_SILENCE_DBFS:g} dBFS. Remove it or move start_s."
            )
        return samples

    @torch.no_grad()
    def _textures(self, samples: Tensor, statistics: TextureStatistics) -> Tensor:
        length = round(self.window_s * self.audio.sample_rate)
        hop = round(self.HOP_S * self.audio.sample_rate)
        windows = samples.unfold(0, min(length, len(samples)), hop)
        return torch.cat([statistics(window[None]) for window in windows])


def refuse_if_any(bad: Sequence[str], *, what: str, total: int) -> None:
    """Report all files that cannot be used together.

    Args:
        bad: What is wrong with each of them.
        what: What they are, in the plural.
        total: How many were looked at.

    Raises:
        PairError: There is at least one.
    """
    if bad:
        listed = "; ".join(text.removesuffix(".") for text in bad)
        raise PairError(f"{len(bad)} of {total} {what} cannot be used: {listed}.")
