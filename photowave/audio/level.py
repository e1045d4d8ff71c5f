"""How loud a sound is, and how to make it as loud as asked."""

import math

import torch
from torch import Tensor

from photowave.audio.loudness import integrated_lufs
from photowave.errors import MediaError

_FADE_FRAME_S = 0.05
_FADE_DB = -12.0
_AT_ONCE, _PART = 1 << 22, 1 << 19  # samples: as many at once, else in parts of so many
OFFSET_SHARE = 0.1
"""Share of the spread of a sound from which on its mean counts as an offset: less changes its level by less
than 0.05 dB."""


def rms_dbfs(samples: Tensor) -> float:
    """Root mean square level in dB relative to full scale: a constant 1 has 0 dBFS, a full sine -3.01.

    Args:
        samples: Float, [time], full scale is +-1.

    Returns:
        The level; minus infinity for silence or no samples at all.
    """
    power = mean_power(samples)
    return 10 * math.log10(power) if power > 0 else -math.inf


def mean_power(samples: Tensor) -> float:
    """Mean of the squares of samples [time], in double precision; 0 for none. Hours take no more memory."""
    if samples.numel() <= _AT_ONCE:
        return float(samples.double().square().mean()) if samples.numel() else 0.0
    return math.fsum(float(part.double().square().sum()) for part in torch.split(samples, _PART)) / len(
        samples
    )


def without_offset(samples: Tensor) -> Tensor:
    """Take a constant offset out of a sound, which no one hears, but which would count for its level.

    Args:
        samples: Float, [channels, time].

    Returns:
        The same tensor where the mean of every channel is at most a tenth of its spread.
    """
    exact = samples.double()
    mean, spread = exact.mean(1, keepdim=True), exact.std(1, correction=0, keepdim=True)
    there = mean.abs() > OFFSET_SHARE * spread
    return (exact - torch.where(there, mean, 0.0)).to(samples.dtype) if bool(there.any()) else samples


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
    power = mean_power(samples)
    if not 0 < power < math.inf:
        raise MediaError(
            f"a sound of {samples.numel()} samples with mean power {power:g} cannot be brought to "
            f"{rms_dbfs:g} dBFS; the power must be positive and finite. Choose an audible excerpt."
        )
    return min(10 ** (rms_dbfs / 20) / math.sqrt(power), _peak_gain(samples, peak_dbfs))


def gain_to_loudness(samples: Tensor, *, sample_rate: int, lufs: float, peak_dbfs: float = -1.0) -> float:
    """The gain to a loudness by ITU-R BS.1770-4, or to the highest peak allowed if that is less.

    A sound shorter than a block of the standard (0.4 s), or so soft that no block counts, is measured as a
    whole.

    Args:
        samples: Float, [time], full scale is +-1.
        sample_rate: In Hz.
        lufs: Loudness to reach, in loudness units relative to full scale.
        peak_dbfs: Highest peak allowed, in dB relative to full scale.

    Raises:
        MediaError: The sound is silent (or empty, or not finite).
    """
    gain_to(samples, rms_dbfs=lufs)  # refuses what has no level
    now = integrated_lufs(samples, sample_rate=sample_rate)
    if now == -math.inf:
        now = integrated_lufs(samples, sample_rate=sample_rate, gated=False)
    return min(10 ** ((lufs - now) / 20), _peak_gain(samples, peak_dbfs))


def _peak_gain(samples: Tensor, peak_dbfs: float) -> float:
    return 10 ** (peak_dbfs / 20) / max(float(part.abs().max()) for part in torch.split(samples, _AT_ONCE))


def limit_peaks(samples: Tensor) -> Tensor:
    """Bend what lies beyond 0.9 so that it stays below 1, sample by sample; the rest is left as it is.

    Args:
        samples: Float, any shape.

    Returns:
        The same shape and dtype, within +-1; the same tensor where nothing lies beyond 0.9.
    """
    size = samples.abs()
    if bool((size <= 0.9).all()):
        return samples
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
    # Some at a time, since hours of squares would fill the memory.
    power = torch.cat([part.square().mean(1) for part in torch.split(frames, _AT_ONCE // size)])
    if not len(frames) or not power.median() > 0:
        return samples
    loud = (power >= power.median() * 10 ** (_FADE_DB / 10)).nonzero().flatten()
    most = longest_s * sample_rate
    first, last = int(loud[0]) * size, len(samples) - int(loud[-1] + 1) * size
    if last < size:
        last = 0
    return samples[int(min(first, most)) : len(samples) - int(min(last, most))]
