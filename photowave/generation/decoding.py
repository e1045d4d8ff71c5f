"""From frames to samples, piece by piece."""

import math
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from photowave.audio import limit_peaks
from photowave.audio.filterbank import SynthesisState
from photowave.errors import ConfigError
from photowave.generation.holding import LevelHolder
from photowave.generation.sampler import CachedSampler
from photowave.generation.samplers import Sampler
from photowave.generation.stereo import SideNoise
from photowave.model import FrameCodec, PhotowaveModel


class Pieces(Iterator[Tensor]):
    """Draws samples in pieces, the codec's delay cut off.

    A piece is [sounds, time], or with a side [sounds, 2, time], float32 on the CPU.

    Args:
        codec: Turns frames into samples.
        sampler: Draws the frames.
        count: Samples in all; None goes on without end.
        frames: Frames of a piece.
        side: Makes two channels of one; None draws one.
        device: Of the codec.
        holder: Keeps them from getting too loud; None lets them.
    """

    def __init__(
        self,
        codec: FrameCodec,
        sampler: Sampler,
        count: int | None,
        *,
        frames: int,
        side: SideNoise | None,
        device: torch.device,
        holder: LevelHolder | None = None,
    ):
        self._codec, self._sampler, self._left, self._frames = codec, sampler, count, frames
        self._side, self._device, self._holder = side, device, holder
        self._state: SynthesisState | None = None
        self._late = codec.delay

    def __next__(self) -> Tensor:
        part = self.take(1)
        if part is None:
            raise StopIteration
        return part

    def take(self, pieces: int) -> Tensor | None:
        """Draw the next pieces as one, which changes no sample; None if there are no more."""
        while self._left is None or self._left > 0:
            frames = pieces * self._frames
            if self._left is not None:
                frames = min(frames, math.ceil((self._left + self._late) / self._codec.bands))
            part = self._draw(frames)
            cut = min(self._late, part.shape[-1])
            self._late -= cut
            part = part[..., cut:] if self._left is None else part[..., cut : cut + self._left]
            if self._left is not None:
                self._left -= part.shape[-1]
            if part.shape[-1]:
                part = part.float().cpu()
                return limit_peaks(part if self._holder is None else self._holder.hold(part))
        return None

    def _draw(self, frames: int) -> Tensor:
        if self._side is None:
            part, self._state = self._codec.decode(self._sampler.draw(frames).to(self._device), self._state)
            return part
        assert not isinstance(self._sampler, CachedSampler)  # ModelConfig sees to it
        drawn, spreads = self._sampler.draw_spread(frames)
        both = torch.cat([drawn, self._side.draw(drawn, spreads)])
        part, self._state = self._codec.decode(both.to(self._device), self._state)
        middle, beside = part.chunk(2)
        return torch.stack([middle + beside, middle - beside], 1)


def mix(drawn: Tensor, shares: Sequence[Sequence[float]]) -> Tensor:
    """Mix sounds that were drawn each by itself, so that their powers add up as their shares say.

    Args:
        drawn: [sounds, ...].
        shares: For each mixture the shares of its sounds, in their order; together 1.

    Returns:
        [mixtures, ...], within -1 to 1; a sound that stands alone is left as it is.
    """
    mixed, first = [], 0
    for parts in shares:
        sounds = drawn[first : first + len(parts)]
        first += len(parts)
        if len(parts) == 1:
            mixed.append(sounds[0])
        else:
            gains = torch.tensor(parts, dtype=drawn.dtype).sqrt()
            mixed.append(limit_peaks(torch.tensordot(gains, sounds, 1)))
    return torch.stack(mixed)


def scaled(progress: Callable[[float], None] | None, share: float) -> Callable[[float], None] | None:
    """Tell a share of the seconds that are drawn: the sounds of a blend are several, and become one."""
    if progress is None:
        return None
    return lambda seconds: progress(share * seconds)


def samples_in(duration_s: float, model: PhotowaveModel) -> int:
    """Samples in a duration; at least one, and no more than the conditioning lasts.

    Raises:
        ConfigError: It is too short or too long for the model.
    """
    longest_s = model.conditioner.longest_s
    if longest_s is not None and duration_s > longest_s:
        raise ConfigError(
            f"duration_s={duration_s:g}: this model plays one clip of {longest_s:g} s. Ask for no more."
        )
    count = round(duration_s * model.sample_rate)
    if count < 1:
        raise ConfigError(
            f"duration_s={duration_s:g}: is shorter than one sample at {model.sample_rate} Hz. Common: 5."
        )
    return count
