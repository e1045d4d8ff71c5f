"""How loud a sound is, and how to make it as loud as asked."""

import math

import torch
from torch import Tensor

from photowave.errors import MediaError

_FADE_FRAME_S = 0.05
_FADE_DB = -12.0


def rms_dbfs(samples: Tensor) -> float:
    """Root mean square level in dB relative to full scale: a constant 1 has 0 dBFS, a full sine -3.01.

    Args:
        samples: Float, [time], full scale is +-1.

    Returns:
        The level; minus infinity for silence or no samples at all.
    """
    power = float(samples.double().square().mean()) if samples.numel() else 0.0
    return 10 * math.log10(power) if power > 0 else -math.inf


def normalise(samples: Tensor, *, rms_dbfs: float, peak_dbfs: float = -1.0) -> Tensor:
    """Bring a sound to a level by one gain; where its peak would rise too high, the gain is lowered.

    Nothing but the gain changes: no limiter, no shaping. A sound of rare sharp peaks therefore stays
    below the level asked for.

    Args:
        samples: Float, [time], full scale is +-1.
        rms_dbfs: Level to reach, in dB relative to full scale.
        peak_dbfs: Highest peak allowed, in dB relative to full scale.

    Returns:
        The sound, [time], of the same dtype.

    Raises:
        MediaError: The sound is silent (or empty, or not finite), so that no gain brings it to a level.
    """
    return samples * gain_to(samples, rms_dbfs=rms_dbfs, peak_dbfs=peak_dbfs)


def gain_to(samples: Tensor, *, rms_dbfs: float, peak_dbfs: float = -1.0) -> float:
    """The gain by which `normalise` multiplies; arguments and errors are the same."""
    power = float(samples.double().square().mean()) if samples.numel() else 0.0
    if not 0 < power < math.inf:
        raise MediaError(
            f"a sound of {samples.numel()} samples with mean power {power:g} cannot be brought to "
            f"{rms_dbfs:g} dBFS; the power must be positive and finite. Choose an audible excerpt."
        )
    rms_gain = 10 ** (rms_dbfs / 20) / math.sqrt(power)
    peak_gain = 10 ** (peak_dbfs / 20) / float(samples.abs().max())
    return min(rms_gain, peak_gain)


def limit_peaks(samples: Tensor) -> Tensor:
    """Bend what lies beyond 0.9 so that it stays below 1, sample by sample; the rest is left as it is.

    Args:
        samples: Float, any shape.

    Returns:
        The same shape and dtype, within +-1.
    """
    size = samples.abs()
    bent = 0.9 + 0.1 * torch.tanh((size - 0.9) / 0.1)
    return torch.where(size <= 0.9, samples, samples.sign() * bent)


def without_fades(samples: Tensor, *, sample_rate: int, longest_s: float) -> Tensor:
    """Cut off how a recording fades in and out: a place does not begin or end.

    A fade is where at either end the level lies more than 12 dB below the median over the recording.

    Args:
        samples: Float, [time].
        sample_rate: In Hz.
        longest_s: The most that is cut off at either end, in seconds.

    Returns:
        A part of the samples.
    """
    size = max(1, round(_FADE_FRAME_S * sample_rate))
    frames = samples[: len(samples) // size * size].view(-1, size)
    power = frames.square().mean(1)
    if not len(frames) or not power.median() > 0:
        return samples
    loud = (power >= power.median() * 10 ** (_FADE_DB / 10)).nonzero().flatten()
    most = longest_s * sample_rate
    first, last = int(loud[0]) * size, len(samples) - int(loud[-1] + 1) * size
    if last < size:
        last = 0
    return samples[int(min(first, most)) : len(samples) - int(min(last, most))]
