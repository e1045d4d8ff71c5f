"""Faults that need no opinion on what the sound should be: level, gaps, clipping, drift, clicks."""

from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import conv1d, pad

from photowave.errors import MediaError
from photowave.evaluation.spectral import mean_mel_db, mean_power

_AT_ONCE = 16  # sounds, so that memory does not grow with the batch
_LOWEST_DBFS = -120.0
_SILENT_DBFS = -60.0
_SILENT_FRAME_S = 0.02
_CLIPPED = 0.999
_FLATNESS_WINDOW_S = 0.032
_FLATNESS_UP_TO = 0.45  # of the sample rate; above, resampling leaves nothing
_FLATNESS_FLOOR = 1e-9  # of the mean power
_LEVEL_FRAME_S = 0.1
_LEVEL_FLOOR_DBFS = -80.0  # a gap is reported as silence, not as a jump of the level
_DRIFT_PARTS = 5
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
    peak: NDArray[np.float64]
    """Largest absolute sample; full scale is 1."""
    silent_share: NDArray[np.float64]
    """Share of the 20 ms frames whose RMS level is below -60 dBFS, 0 to 1."""
    clipped_share: NDArray[np.float64]
    """Share of the samples that are at least 0.999 in absolute value, 0 to 1."""
    flatness_db: NDArray[np.float64]
    """Geometric over arithmetic mean of the power spectrum averaged over time, in dB: 0 for white noise (and
    for silence), far below for tones. Up to 0.45 times the sample rate, without 0 Hz; a bin counts as at most
    90 dB below the mean."""
    level_drift_db_per_s: NDArray[np.float64]
    """Slope of the straight line through the levels of 100 ms frames, in dB per second; a frame counts as
    -80 dBFS at least."""
    spectrum_drift_db: NDArray[np.float64]
    """Mean absolute difference between the mean mel spectra of the first and the last fifth, in dB."""
    click_ratio: NDArray[np.float64]
    """How far the worst sample jumps out of its surroundings: largest error of a linear prediction (order 16,
    fitted to the sound), divided by the RMS error of the louder of the 5 ms before and the 5 ms after, one
    millisecond of guard on either side. About 4.5 for noise of any colour. A drop of rain or a chirp rings on
    and so explains its own onset; a lone wrong sample does not."""


def measure_health(samples: Tensor, sample_rate: int) -> Health:
    """Measure sounds, each by itself.

    Args:
        samples: Float, [batch, time], full scale is +-1; at least one sound of at least a second.
        sample_rate: In Hz.

    Returns:
        One value per sound in each field.

    Raises:
        MediaError: Another shape, sounds too short, NaN or infinite samples.
    """
    if samples.dim() != 2 or samples.shape[0] == 0 or samples.shape[1] < sample_rate:
        raise MediaError(
            f"sounds of the shape {list(samples.shape)} cannot be judged; [batch, time] with at least "
            f"{sample_rate} samples (1 s) is needed. Use longer excerpts."
        )
    if not bool(samples.isfinite().all()):
        raise MediaError("a sound holds NaN or infinite samples; all must be finite. Look for their cause.")
    chunks = [_measure(chunk.cpu().double(), sample_rate) for chunk in torch.split(samples, _AT_ONCE)]
    return Health(**{f.name: torch.cat([chunk[f.name] for chunk in chunks]).numpy() for f in fields(Health)})


def _measure(samples: Tensor, sample_rate: int) -> dict[str, Tensor]:
    silent = _frame_levels(samples, round(_SILENT_FRAME_S * sample_rate), _LOWEST_DBFS) < _SILENT_DBFS
    return {
        "rms_dbfs": _frame_levels(samples, samples.shape[1], _LOWEST_DBFS)[:, 0],
        "peak": samples.abs().amax(dim=1),
        "silent_share": silent.double().mean(dim=1),
        "clipped_share": (samples.abs() >= _CLIPPED).double().mean(dim=1),
        "flatness_db": _flatness_db(samples, sample_rate),
        "level_drift_db_per_s": _level_slope(samples, sample_rate),
        "spectrum_drift_db": _spectrum_drift(samples, sample_rate),
        "click_ratio": _click_ratio(samples, sample_rate),
    }


def _frame_levels(samples: Tensor, length: int, lowest_dbfs: float) -> Tensor:
    """RMS level of frames that follow each other, in dBFS, [batch, frames]; a rest is left out."""
    power = samples.unfold(1, length, length).square().mean(dim=-1)
    return 10 * torch.log10(power.clamp_min(10 ** (lowest_dbfs / 10)))


def _flatness_db(samples: Tensor, sample_rate: int) -> Tensor:
    window = round(_FLATNESS_WINDOW_S * sample_rate)
    power = mean_power(samples, window=window, length=window)
    power = power[:, 1 : 1 + int(_FLATNESS_UP_TO * window)]
    power = power + _FLATNESS_FLOOR * power.mean(dim=1, keepdim=True) + torch.finfo(power.dtype).tiny
    return 10 * (torch.log10(power).mean(dim=1) - torch.log10(power.mean(dim=1)))


def _level_slope(samples: Tensor, sample_rate: int) -> Tensor:
    """Least squares: covariance of level and time over the variance of time."""
    length = round(_LEVEL_FRAME_S * sample_rate)
    levels = _frame_levels(samples, length, _LEVEL_FLOOR_DBFS)
    seconds = torch.arange(levels.shape[1], dtype=levels.dtype) * (length / sample_rate)
    seconds = seconds - seconds.mean()
    return levels @ seconds / seconds.square().sum()


def _spectrum_drift(samples: Tensor, sample_rate: int) -> Tensor:
    part = samples.shape[1] // _DRIFT_PARTS
    first = mean_mel_db(samples[:, :part], sample_rate)
    last = mean_mel_db(samples[:, -part:], sample_rate)
    return (first - last).abs().mean(dim=1)


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
