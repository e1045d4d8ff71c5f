"""Baselines against what theory says of signals whose entropy is known."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from photowave.audio.baselines import HistogramBaseline, LinearPredictorBaseline, UniformBaseline
from photowave.errors import ConfigError, MediaError

SCALE = 0.01
# Differential entropy of a logistic variable is ln(scale) + 2 nats.
THEORY = math.log2(SCALE * 32_768) + 2 / math.log(2)


def logistic(seed: int, count: int = 40_000, scale: float = SCALE) -> Tensor:
    uniform = torch.rand(count, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return scale * torch.logit(uniform.clamp(1e-12, 1 - 1e-12))


def autoregressive(seed: int) -> Tensor:
    """x[t] = 1.6 x[t-1] - 0.8 x[t-2] + logistic noise."""
    samples = [0.0, 0.0]
    for innovation in logistic(seed, scale=SCALE).tolist():
        samples.append(1.6 * samples[-1] - 0.8 * samples[-2] + innovation)
    return torch.tensor(samples[2:])


def test_white_noise_costs_its_entropy() -> None:
    predictor = LinearPredictorBaseline(order=4).fit([logistic(0).float(), logistic(1).float()])
    assert predictor.scale == pytest.approx(SCALE, rel=0.02)
    assert predictor.score([logistic(2).float()]) == pytest.approx(THEORY, abs=0.02)


@pytest.mark.parametrize("order", [2, 32])
def test_autoregression_costs_the_entropy_of_its_innovation(order: int) -> None:
    predictor = LinearPredictorBaseline(order=order).fit([autoregressive(0), autoregressive(1)])
    assert predictor.weights is not None
    assert predictor.weights[:2].tolist() == pytest.approx([1.6, -0.8], abs=0.03)
    assert predictor.score([autoregressive(2)]) == pytest.approx(THEORY, abs=0.05)


def test_mu_law_scores_approach_the_16_bit_one_as_levels_grow() -> None:
    train, test = [autoregressive(0)], [autoregressive(2)]
    fine = LinearPredictorBaseline(levels=65_536).fit(train).score(test)
    coarse = LinearPredictorBaseline(levels=256).fit(train).score(test)
    assert fine == pytest.approx(THEORY, abs=0.05)
    assert fine < coarse < fine + 0.1


def test_linear_predictor_beats_histogram_beats_uniform() -> None:
    train, test = [0.3 * autoregressive(0)], [0.3 * autoregressive(2)]
    uniform = UniformBaseline().fit(train).score(test)
    histogram = HistogramBaseline().fit(train).score(test)
    linear = LinearPredictorBaseline(levels=256).fit(train).score(test)
    assert linear < histogram - 1
    assert histogram < uniform - 0.3


def test_histogram_of_white_noise_costs_its_entropy() -> None:
    histogram = HistogramBaseline(levels=1024).fit([logistic(0).float(), logistic(1).float()])
    assert histogram.score([logistic(2).float()]) == pytest.approx(THEORY, abs=0.03)


def test_histogram_adds_one_to_every_level() -> None:
    # One sample seen among four levels: the counts are 1, 1, 1 and 2. The top level is (1 - b) / 2 of the
    # range, b its lower bound: companded 2/3, so (4 ** (2/3) - 1) / 3.
    top = math.log2((1 - (4 ** (2 / 3) - 1) / 3) * 32_768)
    histogram = HistogramBaseline(levels=4).fit([torch.ones(1)])
    assert histogram.score([torch.ones(3)]) == pytest.approx(-math.log2(2 / 5) + top, abs=1e-9)
    assert UniformBaseline(levels=4).score([torch.ones(3)]) == pytest.approx(2 + top, abs=1e-9)


def test_uniform_noise_costs_sixteen_bits() -> None:
    # Uniform over the range is not uniform over levels, but a histogram of them finds it.
    noise = torch.rand(200_000, generator=torch.Generator().manual_seed(0)) * 2 - 1
    assert HistogramBaseline(levels=64).fit([noise]).score([noise]) == pytest.approx(16, abs=0.01)


def test_recordings_count_by_their_samples() -> None:
    predictor = LinearPredictorBaseline(order=1).fit([logistic(0).float()])
    long, short = logistic(1, 3000).float(), 3 * logistic(2, 1000).float()
    parts = 0.75 * predictor.score([long]) + 0.25 * predictor.score([short])
    assert predictor.score([long, short, torch.zeros(0)]) == pytest.approx(parts, abs=1e-9)


def test_digital_silence_costs_almost_nothing() -> None:
    assert 0 <= LinearPredictorBaseline().fit([torch.zeros(500)]).score([torch.zeros(500)]) < 0.05


def test_a_recording_shorter_than_the_order_is_no_trouble() -> None:
    assert math.isfinite(
        LinearPredictorBaseline().fit([logistic(0, 5).float()]).score([logistic(1, 3).float()])
    )


@pytest.mark.parametrize("make", [UniformBaseline, HistogramBaseline, LinearPredictorBaseline])
def test_no_samples_no_score(make: Callable[[], UniformBaseline]) -> None:
    for recordings in ([], [torch.zeros(0)]):
        with pytest.raises(MediaError, match="no samples"):
            make().fit([torch.ones(5)]).score(recordings)


def test_wrong_use_is_named() -> None:
    with pytest.raises(ConfigError, match="Call fit"):
        LinearPredictorBaseline().score([torch.ones(5)])
    with pytest.raises(ConfigError, match="order=0"):
        LinearPredictorBaseline(order=0)
    with pytest.raises(ConfigError, match="levels=1"):
        HistogramBaseline(levels=1)
