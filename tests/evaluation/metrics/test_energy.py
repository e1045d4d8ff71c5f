"""Energy distance: nothing between equal distributions, something between others, by hand where it can be."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photowave.evaluation.metrics.energy import ScenePairs, energy_distance, mean_energy, scene_pairs
from photowave.evaluation.metrics.vectors import euclidean


def pairs_of(
    sounds: np.ndarray, excerpts: np.ndarray, *, seeds: int = 1, **changes: np.ndarray
) -> ScenePairs:
    """Pairs of sounds, `seeds` of them per photo, and excerpts, each a recording of its own."""
    nowhere = np.full(len(sounds), -1)
    usual = {
        "photos": np.arange(len(sounds)) // seeds, "sources": nowhere, "hidden": nowhere,
        "recordings": np.arange(len(excerpts)),
    }  # fmt: skip
    return scene_pairs(
        euclidean(sounds, excerpts), euclidean(sounds, sounds), euclidean(excerpts, excerpts),
        **{**usual, **changes},
    )  # fmt: skip


def column(*values: float) -> np.ndarray:
    return np.array(values)[:, None]


def test_it_is_what_one_computes_by_hand() -> None:
    (found,) = energy_distance(pairs_of(column(0, 1), column(3, 5)))
    assert found == pytest.approx(2 * (3 + 5 + 2 + 4) / 4 - 1 - 2)


def test_each_recording_counts_alike_and_excerpts_of_one_are_not_compared() -> None:
    excerpts = column(3, 3, 3, 5)
    (found,) = energy_distance(pairs_of(column(0, 1), excerpts, recordings=np.array([7, 7, 7, 9])))
    assert found == pytest.approx(energy_distance(pairs_of(column(0, 1), column(3, 5)))[0])


def test_the_own_recording_is_left_out() -> None:
    pairs = pairs_of(column(3, 5), column(3, 5), sources=np.array([0, 1]))
    assert pairs.across.tolist() == [2.0, 2.0]
    alone = pairs_of(column(3, 5), column(3, 3), sources=np.array([0, -1]), recordings=np.array([0, 0]))
    assert np.isnan(alone.across[0])
    assert alone.across[1] == 2.0
    assert np.isnan(energy_distance(alone)).all()


def test_sounds_of_one_photo_or_hidden_source_are_not_compared() -> None:
    sounds = column(0, 10, 1, 12)
    pairs = pairs_of(sounds, column(3, 5), seeds=2)
    assert pairs.pairs.tolist() == [[0, 4], [4, 0]]
    assert pairs.within[0, 1] == 1 + 12 + 9 + 2
    hidden = pairs_of(sounds, column(3, 5), seeds=2, hidden=np.array([4, -1, 4, -1]))
    assert hidden.pairs.tolist() == [[0, 3], [3, 0]]
    assert hidden.within[0, 1] == 12 + 9 + 2


def test_a_photo_that_counts_twice_is_not_compared_with_itself() -> None:
    pairs = pairs_of(column(0, 1, 7), column(3, 5))
    weights = np.array([[2.0, 1.0, 0.0], [3.0, 0.0, 0.0]])
    twice, thrice = energy_distance(pairs, weights)
    assert twice == pytest.approx(2 * (3 + 5 + 3 + 5 + 2 + 4) / 6 - 1 - 2)
    assert thrice == pytest.approx(2 * 4 - (1 + 7 + 6) / 3 - 2)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6), st.floats(0.1, 10.0))
def test_neither_place_nor_unit_matters(seed: int, factor: float) -> None:
    random = np.random.default_rng(seed)
    sounds, excerpts = random.normal(0, 1, (6, 3)), random.normal(1, 2, (5, 3))
    (found,) = energy_distance(pairs_of(sounds, excerpts))
    (moved,) = energy_distance(pairs_of(factor * sounds + 7, factor * excerpts + 7))
    assert moved == pytest.approx(factor * found, rel=1e-6, abs=1e-9)


def test_it_is_without_bias_and_catches_averages_and_repetition() -> None:
    random = np.random.default_rng(0)

    def mean_of(make: object, times: int = 300) -> tuple[float, float]:
        found = [
            energy_distance(pairs_of(make(), random.normal(0, 1, (6, 4))))[0]  # type: ignore[operator]
            for _ in range(times)
        ]
        return float(np.mean(found)), float(np.std(found) / np.sqrt(times))

    value, error = mean_of(lambda: random.normal(0, 1, (8, 4)))
    assert abs(value) < 4 * error < 0.1
    for bad in (
        lambda: random.normal(0, 0.1, (8, 4)),  # all of them average
        lambda: np.repeat(random.normal(0, 1, (1, 4)), 8, 0),  # a good one, again and again
        lambda: random.normal(1.5, 1, (8, 4)),  # of another kind
        lambda: random.normal(0, 3, (8, 4)),  # too wild
    ):
        value, error = mean_of(bad)
        assert value > 0.3
        assert value > 10 * error


def test_mean_over_scenes_and_its_interval() -> None:
    random = np.random.default_rng(1)
    near, far = (
        pairs_of(random.normal(at, 1, (12, 4)), random.normal(0, 1, (9, 4)), seeds=2) for at in (0.0, 4.0)
    )
    one = pairs_of(random.normal(0, 1, (2, 4)), random.normal(0, 1, (9, 4)), seeds=2)
    value, low, high, photos = mean_energy([near, far, one], seed=0)
    assert photos == 12  # a scene of one photo has no pairs of photos
    assert value == pytest.approx((energy_distance(near)[0] + energy_distance(far)[0]) / 2)
    assert low < value < high
    assert mean_energy([near, far, one], seed=0) == (value, low, high, photos)
    nothing = mean_energy([one], seed=0)
    assert nothing[3] == 0
    assert np.isnan(nothing[:3]).all()


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(2)
    excerpts = np.random.default_rng(3).normal(0, 1, (400, 2))
    within = 0
    for _ in range(100):
        pairs = pairs_of(random.normal(0, 1, (30, 2)), excerpts)
        _, low, high, _ = mean_energy([pairs], seed=0)
        within += low <= 0.0 <= high
    assert within >= 85
