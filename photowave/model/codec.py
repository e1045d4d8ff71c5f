"""Samples to frames and back: mu-law levels for the softmax output, filter-bank frames for the mixture."""

from torch import Tensor, nn

from photowave.audio import mulaw
from photowave.audio.filterbank import FilterBank, SynthesisState
from photowave.settings import AudioConfig, WaveNetConfig


class FrameCodec(nn.Module):
    """What stands between waveforms and the decoder.

    Args:
        audio: Bands and sample rate.
        wavenet: Kind of output, number of levels.
    """

    def __init__(self, *, audio: AudioConfig, wavenet: WaveNetConfig):
        super().__init__()
        self.bands = audio.bands
        self.levels = wavenet.quantization_levels if wavenet.output == "softmax" else None
        self.bank = FilterBank(bands=audio.bands, taps_per_band=audio.taps_per_band)

    @property
    def delay(self) -> int:
        """Samples by which decoded sound lags behind what was encoded."""
        return self.bank.delay

    def encode(self, samples: Tensor) -> Tensor:
        """Turn sound into frames.

        Args:
            samples: In -1 to 1, [batch, time]; time is a multiple of `bands`.

        Returns:
            Levels [batch, time] (int64), or band frames [batch, time / bands, bands].
        """
        if self.levels is not None:
            return mulaw.encode(samples, levels=self.levels)
        return self.bank.analysis(samples)

    def decode(
        self, frames: Tensor, state: SynthesisState | None = None
    ) -> tuple[Tensor, SynthesisState | None]:
        """Turn frames into sound, chunk by chunk.

        Args:
            frames: Levels [batch, time] or band frames [batch, time, bands].
            state: What the chunk before left; None at the start.

        Returns:
            Samples [batch, time * bands] and the state for the next chunk.
        """
        if self.levels is not None:
            return mulaw.decode(frames, levels=self.levels), None
        return self.bank.synthesis(frames, state)
