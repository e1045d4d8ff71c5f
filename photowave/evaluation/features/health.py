"""Faults that need no opinion on what the sound should be: level and clicks."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import conv1d, pad

from photowave.errors import MediaError

_LOWEST_DBFS = -120.0
_PREDICTOR_ORDER = 16
_PREDICTOR_RIDGE = 1e-9  # of the power; keeps pure tones solvable
_CLICK_GUARD_S = 0.001
_CLICK_SIDE_S = 0.005
_CLICK_FLOOR = 1e-5  # amplitude, -100 dBFS: errors below are rounding


@dataclass(frozen=True, eq=False)
class Health:
    """What a batch of sounds is like; every field is float64, [batch], and always finite."""

    rms_dbfs: NDArray[np.float64]
    """Root mean square level in dB relative to full scale; -120 stands for everything fainter."""
    click_ratio: NDArray[np.float64]
    """How far the worst sample jumps out of its surroundings: largest error of a linear prediction (order 16,
    fitted to the sound), divided by the RMS error of the louder of the 5 ms before and the 5 ms after, one
    millisecond of guard on either side. About 4.5 for noise of any colour. A drop of rain or a chirp rings on
    and so explains its own onset; a lone wrong sample does not."""


def measure_health(samples: Tensor, sample_rate: int) -> Health:
    """Measure sounds [batch, time] of at least a second, each by itself; MediaError for any other."""
    if samples.dim() != 2 or samples.shape[0] == 0 or samples.shape[1] < sample_rate:
        raise MediaError(
            f"sounds of the shape {list(samples.shape)} cannot be judged; [batch, time] with at least "
            f"{sample_rate} samples (1 s) is needed. Use longer excerpts."
        )
    if not bool(samples.isfinite().all()):
        raise MediaError("a sound holds NaN or infinite samples; all must be finite. Look for their cause.")
    samples = samples.cpu().double()
    power = samples.square().mean(dim=1).clamp_min(10 ** (_LOWEST_DBFS / 10))
    return Health((10 * torch.log10(power)).numpy(), _click_ratio(samples, sample_rate).numpy())


def _click_ratio(samples: Tensor, sample_rate: int) -> Tensor:
    error = _prediction_error(samples).square()
    guard, side = (max(1, round(s * sample_rate)) for s in (_CLICK_GUARD_S, _CLICK_SIDE_S))
    sums = pad(error.cumsum(dim=1), (1, 0))
    # Rounding may carry the difference of two sums below 0 in silence.
    means = ((sums[:, side:] - sums[:, :-side]) / side).clamp_min(0.0)
    #  |<---- side ---->|<- guard ->| t |<- guard ->|<---- side ---->|
    reach = side + guard
    count = error.shape[1] - 2 * reach
    around = torch.maximum(means[:, :count], means[:, reach + guard + 1 : reach + guard + 1 + count])
    ratio = error[:, reach : reach + count] / (around + _CLICK_FLOOR**2)
    return ratio.amax(dim=1).sqrt()


def _prediction_error(samples: Tensor) -> Tensor:
    """What a linear predictor of each sound leaves, [batch, time]; before a sound there is silence.

    Autocorrelation method: Makhoul, "Linear prediction: a tutorial review", Proceedings of the IEEE 63(4),
    1975.
    """
    time = samples.shape[1]
    power = torch.view_as_real(torch.fft.rfft(samples, n=2 * time)).square().sum(dim=-1)
    correlation = torch.fft.irfft(power, n=2 * time)[:, : _PREDICTOR_ORDER + 1]
    lags = torch.arange(_PREDICTOR_ORDER)
    matrix = correlation[:, (lags[:, None] - lags).abs()]
    # The smallest number keeps silence solvable; its weights are zero.
    ridge = _PREDICTOR_RIDGE * correlation[:, 0] + torch.finfo(samples.dtype).tiny
    matrix = matrix + ridge[:, None, None] * torch.eye(_PREDICTOR_ORDER, dtype=samples.dtype)
    weights = torch.linalg.solve(matrix, correlation[:, 1:])
    kernel = torch.cat([-weights.flip(1), torch.ones_like(weights[:, :1])], dim=1)
    padded = pad(samples, (_PREDICTOR_ORDER, 0))
    return conv1d(padded[None], kernel[:, None], groups=len(samples))[0]
