"""What a network must beat: simple models of sound, scored alike.

Bits per sample are -log2 P(16-bit step), where the step is the interval of width 1/32768 around the sample.
A model over mu-law levels spreads a level's probability evenly over its width: -log2 P(level) + log2(width
in steps). Scores are means over all samples of all recordings; recordings are waveforms, float, each [time],
within +-1.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Self

import torch
from torch import Tensor

from photowave.audio.logistic import fit_logistic_scale, logistic_log_mass
from photowave.audio.mulaw import decode, encode, level_bounds, level_log2_widths
from photowave.errors import ConfigError, MediaError

_STEP = 1 / 32_768


class HistogramBaseline:
    """How often each mu-law level comes, whatever came before; every count starts at one.

    Args:
        levels: Number of mu-law levels.

    Raises:
        ConfigError: `levels` is out of range.
    """

    def __init__(self, *, levels: int = 256) -> None:
        self.levels = levels
        self._widths = level_log2_widths(levels=levels, dtype=torch.float64)
        self._counts = torch.ones(levels, dtype=torch.float64)

    def fit(self, recordings: Sequence[Tensor]) -> Self:
        """Count the levels of the training recordings anew.

        Raises:
            MediaError: There are no samples.
        """
        self._counts = 1.0 + _count_levels(recordings, self.levels)
        return self

    def score(self, recordings: Sequence[Tensor]) -> float:
        """Bits per sample.

        Raises:
            MediaError: There are no samples.
        """
        counts = _count_levels(recordings, self.levels)
        information = -torch.log2(self._counts / self._counts.sum())
        return float(counts @ (information + self._widths) / counts.sum())


class UniformBaseline:
    """Every mu-law level equally likely: log2(levels) plus the mean log2 width of the levels that come.

    Args:
        levels: Number of mu-law levels.

    Raises:
        ConfigError: `levels` is out of range.
    """

    def __init__(self, *, levels: int = 256) -> None:
        self.levels = levels
        self._widths = level_log2_widths(levels=levels, dtype=torch.float64)

    def fit(self, recordings: Sequence[Tensor]) -> Self:
        """Learn nothing; here so that all baselines are used alike."""
        return self

    def score(self, recordings: Sequence[Tensor]) -> float:
        """Bits per sample.

        Raises:
            MediaError: There are no samples.
        """
        counts = _count_levels(recordings, self.levels)
        return math.log2(self.levels) + float(counts @ self._widths / counts.sum())


class LinearPredictorBaseline:
    """Each sample predicted by a weighted sum of those before, with a logistic error.

    The weights minimise the squared error over all training recordings (autocorrelation method: J.
    Makhoul, "Linear prediction: a tutorial review", Proceedings of the IEEE 63(4), 1975); the error's scale
    is its maximum likelihood. Before a recording there is silence.

    Args:
        order: Number of samples looked back.
        levels: None scores the probability of the 16-bit step. A number scores that of the sample's mu-law
            level, and lets the predictor see the past only as mu-law levels, so that it knows and answers
            just what a softmax over levels does; the outermost levels reach to infinity.
        ridge: Added to the autocorrelation at lag 0, as a share of it.

    Raises:
        ConfigError: `order` is below 1.
    """

    def __init__(self, *, order: int = 32, levels: int | None = None, ridge: float = 1e-9) -> None:
        if order < 1:
            raise ConfigError(f"order={order}: must be at least 1. The default is 32.")
        self.order = order
        self.levels = levels
        self.ridge = ridge
        self.weights: Tensor | None = None
        """Weights of the samples before, the last one first, float64 [order]; None before `fit`."""
        self.scale = math.nan
        """Scale of the logistic error; full scale is 1."""

    def fit(self, recordings: Sequence[Tensor]) -> Self:
        """Find weights and scale.

        Raises:
            MediaError: There are no samples.
        """
        own = torch.zeros(self.order + 1, dtype=torch.float64)
        with_target = torch.zeros(self.order + 1, dtype=torch.float64)
        for samples in _checked(recordings):
            past = self._as_seen(samples)
            for lag in range(min(self.order + 1, len(samples))):
                earlier = past[: len(past) - lag]
                own[lag] += past[lag:] @ earlier
                with_target[lag] += samples[lag:] @ earlier
        lags = torch.arange(self.order)
        matrix = own[(lags[:, None] - lags).abs()]
        # The smallest number keeps digital silence solvable; its weights are zero.
        matrix.diagonal().add_(self.ridge * own[0] + torch.finfo(torch.float64).tiny)
        self.weights = torch.linalg.solve(matrix, with_target[1:])
        errors = [samples - self._predict(samples) for samples in _checked(recordings)]
        # At a tenth of a step nearly all the probability already lies within one step.
        self.scale = fit_logistic_scale(torch.cat(errors), lowest=_STEP / 10)
        return self

    def score(self, recordings: Sequence[Tensor]) -> float:
        """Bits per sample.

        Raises:
            ConfigError: `fit` was not called.
            MediaError: There are no samples.
        """
        scale = torch.tensor(self.scale, dtype=torch.float64)
        bits, count = 0.0, 0
        for samples in _checked(recordings):
            prediction = self._predict(samples)
            lower, upper, widths = self._answer(samples)
            log_mass = logistic_log_mass(lower - prediction, upper - prediction, scale=scale)
            bits += float((widths - log_mass / math.log(2)).sum())
            count += len(samples)
        return bits / count

    def _answer(self, samples: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Bounds of the interval that is scored for each sample, and log2 of its width in 16-bit steps."""
        if self.levels is None:
            return samples - _STEP / 2, samples + _STEP / 2, torch.zeros_like(samples)
        level = encode(samples.float(), levels=self.levels)
        bounds = level_bounds(levels=self.levels)
        bounds[0], bounds[-1] = -math.inf, math.inf
        widths = level_log2_widths(levels=self.levels, dtype=torch.float64)
        return bounds[level], bounds[level + 1], widths[level]

    def _as_seen(self, samples: Tensor) -> Tensor:
        if self.levels is None:
            return samples
        return decode(encode(samples.float(), levels=self.levels), levels=self.levels).double()

    def _predict(self, samples: Tensor) -> Tensor:
        if self.weights is None:
            raise ConfigError("the linear predictor knows no weights yet. Call fit(recordings) before score.")
        past = torch.nn.functional.pad(self._as_seen(samples)[:-1], (self.order, 0))
        return torch.nn.functional.conv1d(past[None], self.weights.flip(0)[None, None])[0]


def _checked(recordings: Sequence[Tensor]) -> Iterator[Tensor]:
    """Give the recordings that hold samples, as float64."""
    if not any(len(samples) for samples in recordings):
        raise MediaError(
            f"{len(recordings)} recordings hold no samples; a baseline needs some. Check the split."
        )
    return (samples.double() for samples in recordings if len(samples))


def _count_levels(recordings: Sequence[Tensor], levels: int) -> Tensor:
    counts = torch.zeros(levels, dtype=torch.float64)
    for samples in _checked(recordings):
        counts += torch.bincount(encode(samples.float(), levels=levels), minlength=levels)
    return counts
