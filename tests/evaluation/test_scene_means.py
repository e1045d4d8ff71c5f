"""Means over scenes: every scene counts alike, and the interval is as wide as it has to be."""

import numpy as np
import pytest

from photowave.evaluation.scene_means import mean_over_scenes


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
