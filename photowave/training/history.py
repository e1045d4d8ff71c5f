"""Noise on the past that the decoder sees, so that it learns to come back when its own past is not perfect.

A decoder that was only ever shown true pasts has never seen the small errors of its own free run (exposure
bias). Each clip is given noise of its own level, from hardly any to as loud as the sound; a quarter stays
clean. Targets always do.
"""

import torch
from torch import Tensor

from photowave.wavenet import MixtureOutput, OutputDistribution

CLEAN_SHARE = 0.25
"""Share of the clips whose past stays as it is."""
RANGE = 100.0
"""Loudest over softest noise; in between, every octave is as likely."""


def noisy_history(
    frames: Tensor, output: OutputDistribution, *, loudest: float, generator: torch.Generator
) -> Tensor:
    """Add noise to frames.

    Args:
        frames: Levels [batch, time] or band frames [batch, time, bands].
        output: What says how loud the frames are: the scale of each band, or for mu-law levels a quarter of
            their number.
        loudest: Standard deviation of the loudest noise, in those units.
        generator: On the device of the frames.

    Returns:
        The same shape and type; levels stay within their range.
    """
    chance = torch.rand(2, len(frames), generator=generator, device=frames.device)
    sizes = loudest * RANGE ** -chance[0] * (chance[1] >= CLEAN_SHARE)
    noise = torch.randn(frames.shape, generator=generator, device=frames.device)
    noise = noise * sizes.view(-1, *[1] * (frames.dim() - 1))
    if isinstance(output, MixtureOutput):
        return frames + noise * output.scale
    return (frames + (noise * (output.channels / 4)).round().long()).clamp(0, output.channels - 1)
