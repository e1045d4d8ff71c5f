"""From frames to samples, piece by piece."""

import math
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from photowave.audio import limit_peaks
from photowave.errors import ConfigError
from photowave.generation.holding import LevelHolder
from photowave.generation.sampler import CachedSampler
from photowave.generation.samplers import Sampler
from photowave.generation.stereo import SideNoise
from photowave.model import FrameCodec, PhotowaveModel


def pieces(
    codec: FrameCodec,
    sampler: Sampler,
    count: int | None,
    *,
    frames: int,
    side: SideNoise | None,
    device: torch.device,
    holder: LevelHolder | None = None,
) -> Iterator[Tensor]:
    """Draw samples in pieces, the codec's delay cut off.

    Args:
        codec: Turns frames into samples.
        sampler: Draws the frames.
        count: Samples in all; None goes on without end.
        frames: Frames drawn at once.
        side: Makes two channels of one; None draws one.
        device: Of the codec.
        holder: Keeps them from getting too loud; None lets them.

    Yields:
        [sounds, time], or with a side [sounds, 2, time], float32 on the CPU.
    """
    state, late, given = None, codec.delay, 0
    while count is None or given < count:
        left = frames if count is None else math.ceil((count + late - given) / codec.bands)
        if side is None:
            drawn = sampler.draw(min(frames, left))
            part, state = codec.decode(drawn.to(device), state)
        else:
            assert not isinstance(sampler, CachedSampler)  # ModelConfig sees to it
            drawn, spreads = sampler.draw_spread(min(frames, left))
            both = torch.cat([drawn, side.draw(drawn, spreads)])
            part, state = codec.decode(both.to(device), state)
            middle, beside = part.chunk(2)
            part = torch.stack([middle + beside, middle - beside], 1)
        cut = min(late, part.shape[-1])
        late, part = late - cut, part[..., cut:]
        part = part if count is None else part[..., : count - given]
        given += part.shape[-1]
        if part.shape[-1]:
            part = part.float().cpu()
            yield limit_peaks(part if holder is None else holder.hold(part))


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
