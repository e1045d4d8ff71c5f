"""What a recording sounds like, in few numbers: its texture, and a print that copies of it share."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import avg_pool1d

from photowave.audio import TextureStatistics
from photowave.checking.sounds import HEARD_RATE as RATE

LISTENED_S = 60.0
_MELS = 40
_BANDS = slice(2, 27)
"""Bands from 110 Hz to 3 kHz: copies at a low rate have them, too."""
_SMOOTH, _STEP, _LATER = 8, 4, 2
"""Spectra of 128 ms, one each 64 ms, beside those two later."""
_SILENT = -11.0
"""Logarithm of the power in every band of what counts as silence; the floor is at -11.5."""
STEP_S = 0.064
_LEAST_OVERLAP_S = 3.0


@dataclass(frozen=True)
class SoundPrint:
    """What is kept of a recording; under 4 kB."""

    texture: NDArray[np.float32]
    """Mean and spread over time of its log-mel spectrum at -20 dBFS, [80]."""
    signs: NDArray[np.uint8]
    """Whether the step from band to band grows from moment to moment, [moments, 3], eight to a byte."""

    @property
    def low(self) -> NDArray[np.float32]:
        """The part of the texture that hardly depends on level and rate, [50]."""
        mean, spread = self.texture.reshape(2, _MELS)[:, _BANDS]
        return np.concatenate([mean - mean.mean(), spread])


def sound_print(heard: Tensor) -> SoundPrint | None:
    """Make the print of a recording.

    The signs are those of Haitsma and Kalker, "A highly robust audio fingerprinting system", ISMIR 2002, on
    mel bands.

    Args:
        heard: Samples at 16 kHz, [time]; the first minute counts.

    Returns:
        The print; None if the recording is shorter than half a second.
    """
    heard = heard[: round(LISTENED_S * RATE)]
    if len(heard) < RATE // 2:
        return None
    level = 0.1 * heard / heard.square().mean().sqrt().clamp_min(1e-9)
    log_mel = _statistics().log_mel(level[None])[0]
    texture = torch.cat([log_mel.mean(0), log_mel.std(0, correction=0)])
    slow = avg_pool1d(log_mel.T[None, _BANDS], _SMOOTH, _STEP)[0].T  # [moments, bands]
    steps = slow[:, 1:] - slow[:, :-1]
    signs = (steps[_LATER:] > steps[:-_LATER]).numpy()
    # Digital silence is the same everywhere: signs by chance agree with nothing.
    silent = (slow.amax(1) < _SILENT)[_LATER:].numpy()
    chance = np.random.default_rng(np.frombuffer(texture.numpy().tobytes(), np.uint8))
    signs[silent] = chance.integers(0, 2, (int(silent.sum()), signs.shape[1])) > 0
    return SoundPrint(texture.numpy(), np.packbits(signs, axis=1))


def agreement(one: SoundPrint, other: SoundPrint) -> tuple[float, float]:
    """Say how well two prints agree where they fit best: near 0 for different recordings, up to 1 for copies.

    At least three seconds, and half of the shorter one, lie side by side there.

    Returns:
        The share of equal signs beyond chance, and how much later the other one begins, in seconds.
    """
    a, b = (np.unpackbits(each.signs, axis=1).astype(np.float32) * 2 - 1 for each in (one, other))
    shorter = min(len(a), len(b))
    least = min(shorter, max(round(_LEAST_OVERLAP_S / STEP_S), shorter // 2))
    if least == 0:
        return 0.0, 0.0
    length = 1 << (len(a) + len(b) - 1).bit_length()
    products = np.fft.irfft(
        (np.fft.rfft(a, length, axis=0) * np.fft.rfft(b, length, axis=0).conj()).sum(1), length
    )
    lags = np.arange(least - len(b), len(a) - least + 1)
    overlap = np.minimum(len(a), lags + len(b)) - np.maximum(0, lags)
    found = products[lags] / (overlap * a.shape[1])
    best = int(found.argmax())
    return float(found[best]), float(lags[best]) * STEP_S


@cache
def _statistics() -> TextureStatistics:
    return TextureStatistics(sample_rate=RATE, mels=_MELS)
