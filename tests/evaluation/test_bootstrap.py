"""The bootstrap interval: how often it covers, and that groups stay together."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photowave.errors import ConfigError, MediaError
from photowave.evaluation.bootstrap import mean_with_interval

VALUES = st.lists(st.floats(-100.0, 100.0), min_size=2, max_size=30)


@settings(deadline=None, max_examples=40)
@given(values=VALUES, seed=st.integers(0, 2**32 - 1))
def test_same_seed_same_interval(values: list[float], seed: int) -> None:
    first = mean_with_interval(values, seed=seed, resamples=100)
    assert mean_with_interval(values, seed=seed, resamples=100) == first
    assert mean_with_interval(values, seed=np.random.default_rng(seed), resamples=100) == first


@settings(deadline=None, max_examples=40)
@given(values=VALUES, shift=st.floats(-10.0, 10.0), gain=st.floats(0.1, 10.0))
def test_interval_moves_with_the_values(values: list[float], shift: float, gain: float) -> None:
    before = np.array(mean_with_interval(values, seed=0, resamples=100))
    after = mean_with_interval(np.array(values) * gain + shift, seed=0, resamples=100)
    assert np.allclose(after, before * gain + shift, atol=1e-9)
    assert min(values) - 1e-9 <= before[1] <= before[2] <= max(values) + 1e-9


def test_interval_covers_the_true_mean() -> None:
    rng = np.random.default_rng(0)
    intervals = [mean_with_interval(rng.normal(3.0, 2.0, size=50), seed=rng) for _ in range(300)]
    covered = np.mean([low <= 3.0 <= high for _, low, high in intervals])
    # 95 % is the aim; with 50 values the percentile interval is slightly narrow, and 300 trials vary by 1.3
    # %.
    assert 0.90 <= covered <= 0.98
    width = np.mean([high - low for _, low, high in intervals])
    assert width == pytest.approx(2 * 1.96 * 2.0 / math.sqrt(50), rel=0.05)


def test_copies_of_a_value_add_nothing() -> None:
    values = np.random.default_rng(1).normal(size=20)
    photos = np.array([f"photo {k:02}" for k in range(20)])
    alone = mean_with_interval(values, groups=photos, seed=2)
    tripled = mean_with_interval(np.repeat(values, 3), groups=np.repeat(photos, 3), seed=2)
    assert tripled == pytest.approx(alone)
    assert alone == pytest.approx(mean_with_interval(values, seed=2))
    _, low, high = mean_with_interval(np.repeat(values, 3), seed=2)
    assert high - low < 0.8 * (alone[2] - alone[1])


def test_large_groups_weigh_more() -> None:
    mean, low, high = mean_with_interval([0.0, 0.0, 0.0, 1.0], groups=["a", "a", "a", "b"], seed=0)
    assert (mean, low, high) == (0.25, 0.0, 1.0)


def test_one_group_has_a_mean_and_no_interval() -> None:
    for mean, low, high in (
        mean_with_interval([4.0], seed=0),
        mean_with_interval([3.0, 5.0], groups=["a", "a"], seed=0),
    ):
        assert mean == 4.0
        assert math.isnan(low)
        assert math.isnan(high)


def test_what_has_no_mean_is_refused() -> None:
    with pytest.raises(MediaError, match="at least one value"):
        mean_with_interval([], seed=0)
    with pytest.raises(MediaError, match="3 values have 2 groups"):
        mean_with_interval([1.0, 2.0, 3.0], groups=[0, 1], seed=0)
    with pytest.raises(ConfigError, match="resamples=0"):
        mean_with_interval([1.0, 2.0], seed=0, resamples=0)
