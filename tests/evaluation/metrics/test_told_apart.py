"""Told apart: half where sounds could be recordings, one where they never could; nothing is heard twice."""

import numpy as np
import pytest

from photowave.evaluation.metrics.told_apart import told_apart

NO_SOURCE = np.full((20, 2), -1)
RECORDINGS = np.repeat(np.arange(20), 3)


def statistics(count: int, seed: int, shift: float = 0.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, 8)) + shift


def test_what_is_alike_cannot_be_told_apart() -> None:
    value, *_, count = told_apart(statistics(40, 0), NO_SOURCE, statistics(60, 1), RECORDINGS, seed=0)
    assert value == pytest.approx(0.5, abs=0.15)
    assert count == 40


def test_what_differs_can() -> None:
    far, *_ = told_apart(statistics(40, 0, shift=3), NO_SOURCE, statistics(60, 1), RECORDINGS, seed=0)
    near, *_ = told_apart(statistics(40, 0, shift=0.7), NO_SOURCE, statistics(60, 1), RECORDINGS, seed=0)
    assert far > 0.99
    assert 0.6 < near < far


def test_a_recording_is_not_told_from_its_own_excerpts_by_heart() -> None:
    """Each recording lies somewhere of its own: whoever has heard it knows which side its excerpts are on."""
    places = statistics(20, 2) * 10
    real = places[RECORDINGS] + 0.01 * statistics(60, 3)
    taken = places[np.repeat(np.arange(20), 2)] + 0.01 * statistics(40, 4)
    value, *_ = told_apart(taken, np.repeat(np.arange(20), 2).reshape(20, 2), real, RECORDINGS, seed=0)
    assert value < 0.7


def test_sounds_for_one_photo_stay_together() -> None:
    """Otherwise the trees would know a photo's second sound by its first."""
    places = statistics(20, 2) * 10
    sounds = places.repeat(2, 0) + 0.01 * statistics(40, 4)
    real = (statistics(20, 5) * 10)[RECORDINGS] + 0.01 * statistics(60, 3)
    value, *_ = told_apart(sounds, NO_SOURCE, real, RECORDINGS, seed=0)
    assert value < 0.8


def test_sounds_drawn_from_one_recording_stay_together_whatever_photo_they_are_for() -> None:
    """Forty photos are given sounds of five recordings, each known by heart and not told apart."""
    own = np.repeat(np.arange(5), 8)
    places = statistics(25, 2) * 10
    sounds = places[20 + own] + 0.01 * statistics(40, 4)
    real = places[RECORDINGS] + 0.01 * statistics(60, 3)
    by_heart, *_ = told_apart(sounds, np.full((40, 1), -1), real, RECORDINGS, seed=0)
    value, *_ = told_apart(sounds, 20 + own[:, None], real, RECORDINGS, seed=0)
    assert by_heart > 0.99
    assert value < 0.8


def test_one_photo_or_one_recording_is_too_few() -> None:
    one = np.full((1, 2), -1)
    assert np.isnan(told_apart(statistics(2, 0), one, statistics(60, 1), RECORDINGS, seed=0)[0])
    alone = np.zeros(60, np.int64)
    assert np.isnan(told_apart(statistics(40, 0), NO_SOURCE, statistics(60, 1), alone, seed=0)[0])
