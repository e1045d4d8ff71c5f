"""Bootstrap intervals: how often they cover, that groups stay together and scenes count alike."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photowave.evaluation.metrics.intervals import mean_over_scenes, mean_with_interval

VALUES = st.lists(st.floats(-100.0, 100.0), min_size=2, max_size=30)


@settings(deadline=None, max_examples=40)
@given(values=VALUES, seed=st.integers(0, 2**32 - 1))
def test_same_seed_same_interval(values: list[float], seed: int) -> None:
    first = mean_with_interval(values, seed=seed)
    assert mean_with_interval(values, seed=seed) == first


@settings(deadline=None, max_examples=40)
@given(values=VALUES, shift=st.floats(-10.0, 10.0), gain=st.floats(0.1, 10.0))
def test_interval_moves_with_the_values(values: list[float], shift: float, gain: float) -> None:
    before = np.array(mean_with_interval(values, seed=0))
    after = mean_with_interval(np.array(values) * gain + shift, seed=0)
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


def test_the_largest_scene_is_worth_no_more() -> None:
    """Eight photos of the sea: to answer all ten with the sea is right for most of them, and in one scene."""
    scenes = np.array(["sea"] * 8 + ["city", "forest"])
    for answer in ("sea", "city", "forest"):
        value, low, high, count = mean_over_scenes(scenes == answer, np.arange(10), scenes, seed=0)
        assert value == pytest.approx(1 / 3)
        assert low <= value <= high
        assert count == 10


def test_groups_count_alike_and_gaps_are_left_out() -> None:
    scenes = np.array(["a", "a", "a", "a", "b", "b", "c"])
    values = [1.0, 1.0, 1.0, 3.0, 4.0, np.nan, np.nan]
    value, _, _, count = mean_over_scenes(values, np.array([0, 0, 0, 1, 2, 2, 3]), scenes, seed=0)
    assert value == pytest.approx((2 + 4) / 2)
    assert count == 5


def test_too_little_for_an_interval() -> None:
    one = np.array(["a", "a"])
    value, low, high, count = mean_over_scenes([1.0, 2.0], np.zeros(2, int), one, seed=0)
    assert (value, count) == (1.5, 2)
    assert np.isnan([low, high]).all()
    *nothing, count = mean_over_scenes([np.nan, np.nan], np.arange(2), one, seed=0)
    assert np.isnan(nothing).all()
    assert count == 0


def test_scenes_of_one_photo_are_drawn_anew_themselves() -> None:
    scenes = np.array(["a", "b", "c", "d"])
    _, low, high, _ = mean_over_scenes([0.0, 0.0, 1.0, 1.0], np.arange(4), scenes, seed=0)
    assert (low, high) == (0.0, 1.0)


@pytest.mark.parametrize("photos", [2, 4])
def test_the_interval_is_as_wide_as_the_mean_scatters(photos: int) -> None:
    random = np.random.default_rng(1)
    scenes, groups = np.repeat(np.arange(20).astype(str), photos), np.arange(20 * photos)
    widths, means = [], []
    for seed in range(60):
        value, low, high, _ = mean_over_scenes(random.standard_normal(20 * photos), groups, scenes, seed=seed)
        widths.append(high - low)
        means.append(value)
    # 95 % of a normal distribution lie within 1.96 standard deviations; 60 means tell theirs to 9 %.
    assert np.mean(widths) == pytest.approx(2 * 1.96 / np.sqrt(20 * photos), rel=0.05)
    assert np.std(means) == pytest.approx(1 / np.sqrt(20 * photos), rel=0.25)


def test_names_and_order_do_not_matter() -> None:
    random = np.random.default_rng(0)
    values, scenes, groups = random.random(12), np.repeat(["a", "b"], 6), np.repeat(np.arange(6), 2)
    swapped = np.array([4, 5, 0, 1, 2, 3, 8, 9, 10, 11, 6, 7])
    once = mean_over_scenes(values, groups, scenes, seed=3)
    assert mean_over_scenes(values[swapped], groups, scenes, seed=3) == once
    many = random.random(100), np.arange(100), np.repeat(["a", "b"], 50)
    assert mean_over_scenes(*many, seed=3) != mean_over_scenes(*many, seed=4)
