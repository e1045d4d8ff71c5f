"""The Frechet distance against closed forms."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from photowave.errors import MediaError
from photowave.evaluation.frechet import frechet_distance


def cloud(count: int, dimensions: int, *, seed: int) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, dimensions)) @ rng.normal(size=(dimensions, dimensions))


SIZES = st.integers(2, 12)
SEEDS = st.integers(0, 2**32 - 1)


@settings(deadline=None, max_examples=40)
@given(count=SIZES, dimensions=SIZES, seed=SEEDS)
def test_zero_on_itself(count: int, dimensions: int, seed: int) -> None:
    vectors = cloud(count, dimensions, seed=seed)
    assert frechet_distance(vectors, vectors) == pytest.approx(0.0, abs=1e-10 * np.square(vectors).sum())


@settings(deadline=None, max_examples=40)
@given(count=SIZES, other=SIZES, dimensions=SIZES, seed=SEEDS)
def test_symmetric_and_never_negative(count: int, other: int, dimensions: int, seed: int) -> None:
    a, b = cloud(count, dimensions, seed=seed), cloud(other, dimensions, seed=seed + 1)
    there, back = frechet_distance(a, b), frechet_distance(b, a)
    assert there == pytest.approx(back, rel=1e-9)
    assert there >= 0.0


@settings(deadline=None, max_examples=40)
@given(count=SIZES, dimensions=SIZES, seed=SEEDS, length=st.floats(0.1, 10.0))
def test_a_shift_counts_by_its_square(count: int, dimensions: int, seed: int, length: float) -> None:
    vectors = cloud(count, dimensions, seed=seed)
    step = np.full(dimensions, length / np.sqrt(dimensions))
    noise = 1e-10 * np.square(vectors).sum()
    assert frechet_distance(vectors, vectors + step) == pytest.approx(length**2, rel=1e-9, abs=noise)


def test_one_dimension_is_exact() -> None:
    a, b = cloud(50, 1, seed=0), 3.0 + cloud(70, 1, seed=1)
    wanted = (a.mean() - b.mean()) ** 2 + (a.std() - b.std()) ** 2
    assert frechet_distance(a, b) == pytest.approx(wanted, rel=1e-12)


def test_known_normal_distributions() -> None:
    # Covariances that do not commute: diag(9, 1) and the same turned by 45 degrees. Of M = A B the trace is
    # 50 and the determinant 81, so that the trace of its root is sqrt(50 + 2 * sqrt(81)) = sqrt(68).
    rng = np.random.default_rng(2)
    a = rng.normal(size=(200_000, 2)) * [3.0, 1.0]
    turn = np.array([[1.0, 1.0], [-1.0, 1.0]]) / np.sqrt(2)
    b = rng.normal(size=(200_000, 2)) * [3.0, 1.0] @ turn + [1.0, 2.0]
    assert frechet_distance(a, b) == pytest.approx(5.0 + 20.0 - 2 * np.sqrt(68.0), rel=0.02)


def test_fewer_vectors_than_dimensions_and_clouds_of_one_point() -> None:
    near, far = cloud(6, 40, seed=3), 50.0 + cloud(5, 40, seed=3)
    assert frechet_distance(near, near[::-1]) == pytest.approx(0.0, abs=1e-6)
    assert frechet_distance(near, far) > 40 * 40**2
    point = np.zeros((3, 4))
    assert frechet_distance(point, point) == 0.0
    assert frechet_distance(point, point + 1.0) == pytest.approx(4.0)


def test_tensors_and_arrays_are_alike() -> None:
    a, b = cloud(9, 3, seed=4), cloud(8, 3, seed=5)
    assert frechet_distance(torch.from_numpy(a), torch.from_numpy(b)) == frechet_distance(a, b)


@pytest.mark.parametrize(
    ("a", "b", "words"),
    [
        (np.zeros((1, 3)), np.zeros((5, 3)), "at least 2 vectors"),
        (np.zeros((5, 3)), np.zeros((1, 3)), "at least 2 vectors"),
        (np.zeros(5), np.zeros((5, 3)), "at least 2 vectors"),
        (np.zeros((5, 2)), np.zeros((5, 3)), "2 and 3 dimensions"),
        (np.full((5, 3), np.nan), np.zeros((5, 3)), "NaN"),
    ],
)
def test_what_has_no_distance_is_refused(a: NDArray[np.float64], b: NDArray[np.float64], words: str) -> None:
    with pytest.raises(MediaError, match=words):
        frechet_distance(a, b)
