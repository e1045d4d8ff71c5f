"""What is done to a finished sound: loudness, fades, and an end that meets its beginning."""

import math

import torch
from torch import Tensor

from photowave.audio.level import limit_peaks
from photowave.audio.loudness import BLOCK_S, integrated_lufs
from photowave.errors import MediaError


def to_loudness(samples: Tensor, *, sample_rate: int, lufs: float) -> Tensor:
    """Bring a sound to a loudness by one gain; peaks that would rise beyond full scale are bent.

    Loudness is that of ITU-R BS.1770-4, integrated over the sound.

    Args:
        samples: Float, [time] or [channels, time], full scale is +-1.
        sample_rate: In Hz.
        lufs: Loudness to reach, in loudness units relative to full scale.

    Returns:
        The sound, of the same shape, within +-1.

    Raises:
        MediaError: The sound is shorter than 0.4 s, or so soft that it has no loudness.
    """
    if samples.shape[-1] < BLOCK_S * sample_rate:
        raise MediaError(
            f"a sound of {samples.shape[-1] / sample_rate:.3g} s has no loudness; at least {BLOCK_S:g} s "
            "are needed. Draw a longer one."
        )
    now = integrated_lufs(samples, sample_rate=sample_rate)
    if not math.isfinite(now):
        raise MediaError(
            "a sound that soft has no loudness (all of it lies below -70 LUFS). Leave it as it is."
        )
    return limit_peaks(samples * 10 ** ((lufs - now) / 20))


def fade(samples: Tensor, *, sample_rate: int, seconds: float) -> Tensor:
    """Fade a sound in and out, each over `seconds`, or over half of it if it is shorter.

    Args:
        samples: Float, [..., time].
        sample_rate: In Hz.
        seconds: Of each fade; the gain follows a quarter of a sine.
    """
    count = min(round(seconds * sample_rate), samples.shape[-1] // 2)
    if count == 0:
        return samples
    ramp = _quarter(count, samples)
    faded = samples.clone()
    faded[..., :count] *= ramp
    faded[..., -count:] *= ramp.flip(0)
    return faded


def join(samples: Tensor, *, overlap: int) -> Tensor:
    """Make a sound whose end meets its beginning: what follows the end fades out over the beginning.

    ::

        drawn    |beginning ........................ end|what follows|
        given    |what follows, going + beginning, coming ....... end|

    The powers of the two add up to one, as sounds need that have nothing in common.

    Args:
        samples: Float, [..., time], drawn `overlap` longer than asked.
        overlap: Samples; at most half of them all.

    Returns:
        [..., time - overlap], within +-1.
    """
    count = samples.shape[-1] - overlap
    ramp = _quarter(overlap, samples)
    joined = samples[..., :count].clone()
    over = samples[..., :overlap] * ramp + samples[..., count:] * ramp.flip(0)
    joined[..., :overlap] = limit_peaks(over)
    return joined


def _quarter(count: int, like: Tensor) -> Tensor:
    """A quarter of a sine from 0 to 1, [count]; with itself reversed its squares add up to 1."""
    steps = torch.arange(count, dtype=like.dtype, device=like.device) + 0.5
    return torch.sin(math.pi / 2 * steps / count)
