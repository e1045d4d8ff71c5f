"""Vectors: distances are exact, and real excerpts are the standard."""

import numpy as np
import pytest

from photowave.evaluation.metrics.vectors import Standard, distances


def test_equal_vectors_are_no_distance_apart() -> None:
    vectors = np.random.default_rng(0).standard_normal((5, 9)) * 1e6
    apart = distances(vectors, vectors)
    assert (np.diag(apart) == 0).all()
    expected = np.sqrt(np.mean((vectors[0] - vectors[1]) ** 2))
    assert apart[0, 1] == pytest.approx(expected)


def test_standardised_excerpts_have_unit_spread_and_constants_stay() -> None:
    vectors = np.random.default_rng(0).normal(7.0, 3.0, (40, 4))
    vectors[:, 3] = -11.5
    standard = Standard.of(vectors)
    scaled = standard(vectors)
    assert scaled.mean(0) == pytest.approx(np.zeros(4), abs=1e-12)
    assert scaled.std(0) == pytest.approx([1, 1, 1, 0])
    assert standard(vectors + np.array([0, 0, 0, 2.0]))[:, 3] == pytest.approx(np.full(40, 2.0))
