"""Recordings in memory, at one rate and level, with the texture around every place in them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from photowave.audio import TextureStatistics, normalise, read_sound
from photowave.config import AudioConfig
from photowave.errors import PairError
from photowave.pairs.pairing import Excerpt


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
        MediaError: A recording cannot be read or is silent.
        PairError: Recordings are shorter than a clip; all of them are named.
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
        short: list[str] = []
        for excerpt in excerpts:
            path, start_s = excerpt.path, excerpt.start_s
            samples, _ = read_sound(path, sample_rate=audio.sample_rate)
            samples = normalise(samples, rms_dbfs=audio.rms_dbfs)
            if start_s is not None:
                first = round(start_s * audio.sample_rate)
                samples = samples[first : first + round(window_s * audio.sample_rate)]
            if len(samples) < round(clip_s * audio.sample_rate):
                short.append(f"{path.name} ({len(samples) / audio.sample_rate:.2f} s)")
                continue
            self.recordings.append(Recording(path, samples, self._textures(samples, statistics)))
            if progress is not None:
                progress(1)
        if short:
            raise PairError(
                f"{len(short)} recording(s) are shorter than a clip of {clip_s:g} s: "
                f"{', '.join(short[:10])}. "
                "Remove them, move start_s forward, or lower data.clip_s."
            )

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

    @torch.no_grad()
    def _textures(self, samples: Tensor, statistics: TextureStatistics) -> Tensor:
        length = round(self.window_s * self.audio.sample_rate)
        hop = round(self.HOP_S * self.audio.sample_rate)
        if len(samples) <= length:
            return statistics(samples[None])
        windows = samples.unfold(0, length, hop)
        return torch.cat([statistics(window[None]) for window in windows])
