"""What a sound is like as a whole: mean and spread of its log-mel spectrogram over time."""

import math

import torch
import torchaudio.functional
from torch import Tensor, nn

from photowave.errors import MediaError

# White noise of -20 dBFS has a power of 0.01 in every bin, 30 dB above: quiet bands still show, while those
# that a sound leaves empty do not report rounding noise.
_FLOOR = 1e-5
_HALF_WINDOW_S = 0.016


class TextureStatistics(nn.Module):
    """Log-mel spectrogram and its statistics over time.

    Windows of 32 ms (Hann), each half overlapping the next, no padding at the ends. Power is that of a bin
    divided by the energy of the window: white noise of variance v has v in every bin, whatever the sample
    rate. Meant for sounds of about -20 dBFS.

    Args:
        sample_rate: In Hz.
        mels: Number of mel bands, from 0 Hz to half the sample rate.

    Attributes:
        sample_rate: In Hz.
        channels: Length of the texture vector: 2 * mels.
        hop: Samples from one frame to the next.
        shortest: Fewest samples that make one frame.
    """

    window: Tensor
    mel_filters: Tensor

    def __init__(self, *, sample_rate: int, mels: int) -> None:
        super().__init__()
        self.sample_rate = sample_rate
        self.channels = 2 * mels
        self.hop = max(1, round(_HALF_WINDOW_S * sample_rate))
        self.shortest = _transform_length(sample_rate, mels, at_least=2 * self.hop)
        mel_filters = torchaudio.functional.melscale_fbanks(
            self.shortest // 2 + 1, 0.0, sample_rate / 2, mels, sample_rate
        )
        self.register_buffer("window", torch.hann_window(2 * self.hop), persistent=False)
        self.register_buffer("mel_filters", mel_filters, persistent=False)

    def log_mel(self, samples: Tensor) -> Tensor:
        """Natural logarithm of the mel power, with a floor of 1e-5 added.

        Args:
            samples: Float, [batch, time].

        Returns:
            Log-mel spectrogram, [batch, frames, mels]; frames = 1 + (time - shortest) // hop.

        Raises:
            MediaError: The sound is too short for one frame.
        """
        if samples.shape[-1] < self.shortest:
            raise MediaError(
                f"a sound of {samples.shape[-1]} samples is too short for its texture; at least "
                f"{self.shortest} are needed. Use a longer excerpt."
            )
        power: Tensor = torchaudio.functional.spectrogram(
            samples,
            pad=0,
            window=self.window.to(samples.dtype),
            n_fft=self.shortest,
            hop_length=self.hop,
            win_length=2 * self.hop,
            power=2.0,
            normalized="window",
            center=False,
        )
        return torch.log(power.transpose(1, 2) @ self.mel_filters.to(samples.dtype) + _FLOOR)

    def forward(self, samples: Tensor) -> Tensor:
        """Describe sounds by mean and spread of each mel band.

        Args:
            samples: Float, [batch, time].

        Returns:
            Texture vectors, [batch, 2 * mels]: the means over time, then the standard deviations (divided
            by the number of frames, so that a single frame has 0).

        Raises:
            MediaError: The sound is too short for one frame.
        """
        log_mel = self.log_mel(samples)
        return torch.cat([log_mel.mean(dim=1), log_mel.std(dim=1, correction=0)], dim=1)


def power_db(log_mel: Tensor) -> Tensor:
    """Mean power of a sound, told from its log-mel spectrogram.

    Args:
        log_mel: As `TextureStatistics.log_mel` gives it, [..., frames, mels].

    Returns:
        In dB, [...]; silence lies far below anything heard, or has -inf. Only differences at one sample rate
        mean something: the filters of the mel bands add up to one nearly everywhere, and so their powers to
        that of all bins.
    """
    power = (log_mel.exp() - _FLOOR).clamp_min(0).sum(-1).mean(-1)
    return 10 * power.log10()


def _transform_length(sample_rate: int, mels: int, *, at_least: int) -> int:
    """Power of two so long that no mel filter falls between two bins: the lowest is the narrowest."""
    highest_mel = 2595 * math.log10(1 + sample_rate / 2 / 700)
    lowest_centre_hz = 700 * (10 ** (highest_mel / (mels + 1) / 2595) - 1)
    length = 1 << (at_least - 1).bit_length()
    while sample_rate / length > lowest_centre_hz:
        length *= 2
    return length
