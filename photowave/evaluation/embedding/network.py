"""What an embedding is: a pretrained network that turns each sound into one or several vectors."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from photowave.audio.resampling import resample
from photowave.evaluation.metrics.vectors import Vectors

_TOGETHER = 8  # sounds embedded at once


@dataclass(frozen=True)
class Embedding:
    """A network, ready to embed sounds."""

    name: str
    """What it is, and what its vectors stand for, as papers say it."""
    sample_rate: int
    """What it listens at, in Hz; sounds of other rates are resampled."""
    embed: Callable[[Tensor], Tensor]
    """From sounds at that rate, float32 [sounds, time], to vectors [sounds, windows, channels]."""

    def __call__(self, samples: Tensor, sample_rate: int) -> Vectors:
        """Embed sounds [sounds, time] at `sample_rate` Hz: [sounds, windows, channels]."""
        with torch.no_grad():
            parts = [
                self.embed(resample(part, old_rate=sample_rate, new_rate=self.sample_rate))
                for part in torch.split(samples, _TOGETHER)
            ]
        vectors: Vectors = torch.cat(parts).double().numpy()
        return vectors
