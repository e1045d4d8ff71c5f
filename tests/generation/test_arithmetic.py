"""The compiled exponential is as exact as float32 allows; products add up in one order."""

import math

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photowave.generation.kernel import FLAGS, add_product, exponential


@numba.njit(fastmath=FLAGS)
def compiled(values, bits, fractions):
    exponential(values, bits, fractions)


def exp(values: np.ndarray) -> np.ndarray:
    result = values.copy()
    compiled(result, np.empty(len(values), np.int32), np.empty_like(values))
    return result


def test_float32_is_within_one_unit_of_the_last_place() -> None:
    arguments = np.linspace(-87, 88, 200_001).astype(np.float32)
    exact = np.exp(arguments.astype(np.float64))
    assert np.abs(exp(arguments) / exact - 1).max() < np.finfo(np.float32).eps


@settings(deadline=None, max_examples=200)
@given(st.lists(st.floats(-87, 88, width=32), min_size=1, max_size=40))
def test_float32_agrees_with_the_exact_one_anywhere(arguments: list[float]) -> None:
    for x, y in zip(arguments, exp(np.array(arguments, np.float32)), strict=True):
        assert y == pytest.approx(math.exp(x), rel=float(np.finfo(np.float32).eps))


@settings(deadline=None, max_examples=100)
@given(st.lists(st.floats(-87, 88, width=32), min_size=1, max_size=40), st.integers(0, 39))
def test_float32_does_not_depend_on_the_place_in_the_row(arguments: list[float], place: int) -> None:
    row = np.array(arguments, np.float32)
    index = place % len(row)
    assert exp(row)[index] == exp(row[index : index + 1])[0]


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_extremes_give_neither_infinity_nor_nan(kind: type) -> None:
    finfo = np.finfo(kind)
    arguments = np.array([-np.inf, finfo.min, -1e4, -100, -0.0, 0.0, 100, 1e4, finfo.max, np.inf], kind)
    result = exp(arguments)
    assert np.isfinite(result).all()
    assert (np.diff(result) >= 0).all()
    assert result[4] == result[5] == 1.0
    assert result[0] < 1e-30
    assert result[-1] > 1e30


def test_float64_is_exact() -> None:
    arguments = np.linspace(-700, 709, 1_001)
    assert exp(arguments).tolist() == [math.exp(x) for x in arguments]


@settings(deadline=None, max_examples=60)
@given(
    lanes=st.integers(1, 5), inputs=st.integers(1, 20), outputs=st.integers(1, 40), seed=st.integers(0, 99)
)
def test_a_product_is_right_and_the_same_in_any_company(
    lanes: int, inputs: int, outputs: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    x, w, start = (
        random.normal(size=shape) for shape in ((lanes, inputs), (inputs, outputs), (lanes, outputs))
    )
    exact = start.copy()
    add_product(x, w, exact)
    np.testing.assert_allclose(exact, start + x @ w, rtol=1e-12, atol=1e-12)
    x, w, start = x.astype(np.float32), w.astype(np.float32), start.astype(np.float32)
    together = start.copy()
    add_product(x, w, together)
    for lane in range(lanes):
        alone = start[lane : lane + 1].copy()
        add_product(x[lane : lane + 1], w, alone)
        assert np.array_equal(alone[0], together[lane])
