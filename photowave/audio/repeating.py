"""A sound that is too short, played again and again without a seam that is heard."""

import torch
from torch import Tensor

_FADE_SHARE = 0.1


def repeat_to(samples: Tensor, length: int) -> Tensor:
    r"""Repeat a sound until it lasts long enough; its end and the next beginning fade into each other.

    ::

        ______            the fades last a tenth of the sound, and their powers add up to one
              \/______
              /\        \/____
                         /\

    Args:
        samples: Float, [time], of at least 10 samples.
        length: Samples that are wanted.

    Returns:
        The sound, [length]; where it is long enough, as it is and as long as it is.
    """
    if len(samples) >= length:
        return samples
    fade = max(1, round(_FADE_SHARE * len(samples)))
    rising = torch.linspace(0, torch.pi / 2, fade, dtype=samples.dtype).sin()
    step = len(samples) - fade
    count = -(-length // step)
    out = samples.new_zeros(count * step + fade)
    for number in range(count):
        part = samples.clone()
        if number:
            part[:fade] *= rising
        part[step:] *= rising.flip(0)
        out[number * step :][: len(samples)] += part
    return out[:length]
