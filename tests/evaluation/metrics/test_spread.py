"""Spread between photos: known spreads come out."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photowave.evaluation.metrics.spread import count_deals, measure_spread, spread_ratio


def drawn(photo_spread: float, seed_spread: float, *, photos: int = 60, seeds: int = 3, seed: int = 0):
    """Vectors of photos whose spread is known, [photos, seeds, 50], and a scene for each."""
    random = np.random.default_rng(seed)
    centres = photo_spread * random.standard_normal((photos, 1, 50))
    vectors = centres + seed_spread * random.standard_normal((photos, seeds, 50))
    return vectors, np.array([f"scene {photo % 5}" for photo in range(photos)])


@pytest.mark.parametrize("expected", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("seeds", [2, 5])
def test_the_ratio_is_that_of_the_spreads(expected: float, seeds: int) -> None:
    assert spread_ratio(*drawn(expected, 1.0, seeds=seeds)) == pytest.approx(expected, rel=0.1)


def test_no_influence_of_the_photo_is_near_nothing() -> None:
    spread = measure_spread(*drawn(0.0, 1.0), seed=0)
    assert spread.ratio < 0.15
    assert spread.ratio <= spread.at_random_high < 0.25


def test_influence_stands_out_from_random_deals() -> None:
    spread = measure_spread(*drawn(1.0, 1.0), seed=0)
    assert spread.low < spread.ratio < spread.high
    assert spread.low > 0.8
    assert spread.at_random < spread.at_random_high < 0.3


def test_equal_sounds_have_no_spread_and_one_per_photo_a_finite_one() -> None:
    vectors, scenes = drawn(1.0, 0.0)
    assert 5.0 < spread_ratio(vectors, scenes) < 20.0
    assert spread_ratio(np.zeros_like(vectors), scenes) == 0.0
    assert np.isnan(spread_ratio(vectors[:, :1], scenes))
    assert np.isnan(spread_ratio(vectors, np.full_like(scenes, "same")))


def test_same_seed_same_spread() -> None:
    data = drawn(1.0, 1.0, photos=12)
    assert measure_spread(*data, seed=5) == measure_spread(*data, seed=5)
    assert measure_spread(*data, seed=5) != measure_spread(*data, seed=6)


@given(st.integers(0, 10**6), st.floats(0.1, 10.0))
@settings(deadline=None, max_examples=20)
def test_the_ratio_does_not_depend_on_the_unit(seed: int, factor: float) -> None:
    vectors, scenes = drawn(2.0, 2.0, photos=10, seed=seed)
    scaled = spread_ratio(factor * vectors + 3.0, scenes)
    assert scaled == pytest.approx(spread_ratio(vectors, scenes), rel=1e-6)


@pytest.mark.parametrize("scenes", [["a", "b"], ["a", "a", "b"], ["a", "b", "c"], ["a", "b", "b", "a"]])
@pytest.mark.parametrize("seeds", [1, 2])
def test_deals_are_counted_as_one_counts_them(scenes: list[str], seeds: int) -> None:
    """All orders of the sounds, told apart by what decides the ratio: who shares a photo, who a scene."""
    sounds = len(scenes) * seeds

    def told(order: tuple[int, ...]) -> frozenset[frozenset[frozenset[int]]]:
        photos = [frozenset(order[k : k + seeds]) for k in range(0, sounds, seeds)]
        return frozenset(
            frozenset(p for p, own in zip(photos, scenes, strict=True) if own == scene)
            for scene in set(scenes)
        )

    if sounds <= 6:
        distinct = {told(order) for order in itertools.permutations(range(sounds))}
        assert count_deals(np.array(scenes), seeds=seeds) == len(distinct)
    else:
        assert count_deals(np.array(scenes), seeds=seeds) == 315
