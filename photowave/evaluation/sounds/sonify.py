"""The machine of the first day, kept as a baseline: corners of a photo become sine oscillators.

    photo --> corners --> colour around each --> 20 to 500 Hz --> slowly wandering sines --> their sum

It listens to a few hundred small patches and to nothing else, so all its sounds are of one kind; how much
alike they are is what the evaluation measures.
"""

import math

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from PIL import Image
from skimage.feature import corner_peaks, corner_shi_tomasi

from photowave.audio import normalise
from photowave.errors import ConfigError
from photowave.generation.reading import small
from photowave.settings import DrawSettings

LOWEST_HZ = 20.0
"""Frequency of a black patch, and the lowest to which a sine may wander."""
HIGHEST_HZ = 500.0
"""Frequency of a white patch, and the highest to which a sine may wander."""

_RADIUS = 4  # pixels; a patch is 9 by 9
_BORDER = 8  # pixels; beyond the reach of the corner detector's own edge effects
_FLAT = 1e-3  # corner response above that of noise of three 8-bit levels; a corner of ten reaches 5e-3
_STEP_S = 0.5
_STEP_OCTAVES = 1 / 48  # a quarter of a semitone


def corner_frequencies(image: Image.Image, *, corners: int = 200) -> NDArray[np.float64]:
    """Find the corners of a photo and the frequency of each.

    Corners are the strongest peaks of the smaller eigenvalue of the structure tensor (J. Shi and C. Tomasi,
    "Good features to track", CVPR 1994). The mean over red, green and blue of the 9 by 9 pixels around a
    corner is mapped linearly: black to 20 Hz, white to 500 Hz. A photo larger than 512 pixels is scaled down
    first.

    Args:
        image: Upright RGB photo.
        corners: The most that are taken, strongest first.

    Returns:
        Frequencies in Hz, float64 [found], strongest corner first. A photo without corners, such as one of a
        single colour with no more than faint noise, counts as one patch: its mean makes the only frequency.

    Raises:
        ConfigError: `corners` is below 1.
    """
    if corners < 1:
        raise ConfigError(f"corners={corners}: must be 1 or more. The default is 200.")
    pixels = np.asarray(small(image.convert("RGB")), dtype=np.float64)
    # Beyond its edge a photo goes on as it ends there, else the edge itself would look like corners.
    level = np.pad(pixels.mean(axis=2) / 255.0, _BORDER, mode="edge")
    response = corner_shi_tomasi(level)  # type: ignore[no-untyped-call]
    found = corner_peaks(  # type: ignore[no-untyped-call]
        response, min_distance=_RADIUS, threshold_abs=_FLAT, exclude_border=_BORDER
    )[:corners]
    patches = [
        level[row - _RADIUS : row + _RADIUS + 1, column - _RADIUS : column + _RADIUS + 1]
        for row, column in found
    ]
    means = np.array([patch.mean() for patch in patches or [pixels / 255.0]])
    # A mean of many equal numbers may be off by the last bit.
    means = means.clip(0.0, 1.0)
    return np.asarray(LOWEST_HZ + (HIGHEST_HZ - LOWEST_HZ) * means, dtype=np.float64)


def oscillate(
    frequencies: ArrayLike,
    *,
    sample_rate: int,
    duration_s: float = 5.0,
    seed: int = 0,
    rms_dbfs: float = -20.0,
) -> NDArray[np.float32]:
    """Sum one sine for each frequency, each with a phase of its own and slowly wandering.

    The logarithm of a frequency does a random walk with a step every half second, a quarter of a semitone on
    average (root mean square). From step to step the frequency glides along a cubic without a kink, which
    stays between the two, so it never leaves 20 to 500 Hz.

    Args:
        frequencies: In Hz, within 20 to 500, [sines].
        sample_rate: In Hz.
        duration_s: Length in seconds.
        seed: Decides phases and walks.
        rms_dbfs: Level of the sum, in dB relative to full scale.

    Returns:
        Samples within -1 to 1, float32 [time].

    Raises:
        ConfigError: There is no frequency or one is out of range, or another setting is.
    """
    starts = np.asarray(frequencies, dtype=np.float64)
    DrawSettings(duration_s=duration_s, seed=seed)  # which checks them
    if sample_rate < 2 * HIGHEST_HZ:
        raise ConfigError(
            f"sample_rate={sample_rate}: must be at least {2 * HIGHEST_HZ:g} Hz to hold the sines. "
            "Common: 16000."
        )
    if starts.ndim != 1 or not len(starts) or not ((starts >= LOWEST_HZ) & (starts <= HIGHEST_HZ)).all():
        raise ConfigError(
            f"frequencies of the shape {list(starts.shape)} are given: at least one is needed, all within "
            f"{LOWEST_HZ:g} to {HIGHEST_HZ:g} Hz. See corner_frequencies."
        )
    count = round(duration_s * sample_rate)
    if count < 1:
        raise ConfigError(
            f"duration_s={duration_s:g}: is shorter than one sample at {sample_rate} Hz. Common: 5."
        )
    rng = np.random.default_rng(seed)
    cycles = rng.random(len(starts))
    per_step = _STEP_S * sample_rate
    now, parts = starts, []
    for step in range(math.ceil(count / per_step)):
        octaves = _STEP_OCTAVES * rng.standard_normal(len(starts))
        then = np.clip(now * np.exp2(octaves), LOWEST_HZ, HIGHEST_HZ)
        places = np.arange(math.ceil(step * per_step), min(count, math.ceil((step + 1) * per_step)))
        parts.append(_glide(now, then, cycles, places / per_step - step))
        cycles = (cycles + _STEP_S * (now + then) / 2) % 1.0
        now = then
    samples = torch.from_numpy(np.concatenate(parts))
    return normalise(samples, rms_dbfs=rms_dbfs).float().numpy()


def _glide(
    now: NDArray[np.float64],
    then: NDArray[np.float64],
    cycles: NDArray[np.float64],
    places: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Sum the sines over a step, at `places` u in [0, 1), [time]; each starts at a phase of its `cycles`.

    The frequency is now + (then - now)(3 u^2 - 2 u^3); its integral is the phase, so that no rounding adds up
    from sample to sample.
    """
    straight = np.outer(now, places)
    bent = np.outer(then - now, places**3 - places**4 / 2)
    phases = (cycles[:, None] + _STEP_S * (straight + bent)) % 1.0
    # Within one cycle single precision errs by a tenth of a millionth, and its sine is far quicker.
    waves: NDArray[np.float64] = np.sin(2 * np.pi * phases, dtype=np.float32, casting="same_kind").sum(
        axis=0, dtype=np.float64
    )
    return waves
