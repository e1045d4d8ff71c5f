"""How the spectrum of a sound moves, slowly: its log-mel spectrogram, smoothed and read at knots."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from photowave.audio.texture import TextureStatistics

_AT_ONCE = 4096


class SpectralEnvelope(nn.Module):
    """Log-mel spectrum at knots that lie some hops of `TextureStatistics` apart.

    Knot k describes the sound around sample k * step; the first lies at its beginning. It is the mean over
    the hops from one knot before to one knot after, the middle counting most (a triangle, so that a straight
    line between two knots is a fair guess of what lies there).

    Args:
        sample_rate: In Hz.
        mels: Number of mel bands.
        hops: Hops of 16 ms from one knot to the next.

    Attributes:
        step: Samples from one knot to the next.
        shortest: Fewest samples that have an envelope.
    """

    triangle: Tensor

    def __init__(self, *, sample_rate: int, mels: int, hops: int) -> None:
        super().__init__()
        self._statistics = TextureStatistics(sample_rate=sample_rate, mels=mels)
        self._hops = hops
        self.step = hops * self._statistics.hop
        self.shortest = self._statistics.shortest
        rising = torch.arange(1, hops + 1, dtype=torch.float32) / hops**2
        triangle = torch.cat([rising, rising[:-1].flip(0)])
        self.register_buffer("triangle", triangle, persistent=False)

    @property
    def knots_per_s(self) -> float:
        """Knots in one second of sound."""
        return self._statistics.sample_rate / self.step

    def forward(self, samples: Tensor) -> Tensor:
        """Measure sounds.

        Args:
            samples: Float, [batch, time].

        Returns:
            Log-mel spectra, [batch, knots, mels]; knots = 1 + time // step.

        Raises:
            MediaError: The sound is too short for one frame of its texture.
        """
        knots = 1 + samples.shape[-1] // self.step
        # Half a transform on each side puts the middle of frame i at sample i * hop. At both ends the sound
        # is mirrored, so that it does not seem to fade.
        half = self.shortest // 2
        mirrored = (
            F.pad(samples, (half, half), mode="reflect") if samples.shape[-1] >= self.shortest else samples
        )
        frames = self._log_mel(mirrored).transpose(1, 2)
        reach = self._hops - 1
        padded = F.pad(frames, (reach, reach + self._hops), mode="replicate")
        kernel = self.triangle.to(frames.dtype).expand(frames.shape[1], 1, -1)
        smooth = F.conv1d(padded, kernel, stride=self._hops, groups=frames.shape[1])
        return smooth[..., :knots].transpose(1, 2)

    def _log_mel(self, samples: Tensor) -> Tensor:
        """Log-mel spectrogram, some frames at a time: the transforms of an hour would fill the memory."""
        hop = self._statistics.hop
        count = 1 + max(0, samples.shape[-1] - self.shortest) // hop
        parts = [
            self._statistics.log_mel(samples[..., first * hop :][..., : (_AT_ONCE - 1) * hop + self.shortest])
            for first in range(0, count, _AT_ONCE)
        ]
        return torch.cat(parts, 1)
