"""The logistic distribution's intervals and fit."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from photowave.audio.logistic import fit_logistic_scale, logistic_log_mass


def tensor(value: float) -> torch.Tensor:
    return torch.tensor(value, dtype=torch.float64)


@settings(deadline=None)
@given(lower=st.floats(-5, 5), width=st.floats(0.1, 5), scale=st.floats(0.3, 3))
def test_agrees_with_the_difference_of_sigmoids(lower: float, width: float, scale: float) -> None:
    mass = logistic_log_mass(tensor(lower), tensor(lower + width), scale=tensor(scale)).exp()
    expected = torch.sigmoid(tensor((lower + width) / scale)) - torch.sigmoid(tensor(lower / scale))
    # The reference itself is only good to the rounding of numbers near 1.
    assert torch.allclose(mass, expected, rtol=1e-9, atol=1e-15)


@settings(deadline=None)
@given(cuts=st.lists(st.floats(-50, 50), unique=True, min_size=1, max_size=20), scale=st.floats(1e-3, 10))
def test_masses_of_a_partition_sum_to_one(cuts: list[float], scale: float) -> None:
    bounds = torch.tensor([-math.inf, *sorted(cuts), math.inf], dtype=torch.float64)
    mass = logistic_log_mass(bounds[:-1], bounds[1:], scale=tensor(scale)).exp()
    assert math.isclose(float(mass.sum()), 1, rel_tol=1e-9)


def test_far_tail_and_narrow_interval_keep_their_precision() -> None:
    # Density far out is exp(-x); both sigmoids round to 1 there.
    far = logistic_log_mass(tensor(800.0), tensor(800.0 + 2.0**-20), scale=tensor(1.0))
    assert float(far) == pytest.approx(-800 - 20 * math.log(2), abs=1e-5)


@pytest.mark.parametrize("scale", [1e-4, 0.02, 3.0])
def test_fit_finds_the_scale(scale: float) -> None:
    uniform = (torch.arange(100_000, dtype=torch.float64) + 0.5) / 100_000
    assert fit_logistic_scale(scale * torch.logit(uniform), lowest=1e-9) == pytest.approx(scale, rel=1e-3)


def test_fit_is_where_the_likelihood_is_greatest() -> None:
    errors = torch.randn(1000, generator=torch.Generator().manual_seed(0), dtype=torch.float64) ** 3

    def likelihood(scale: float) -> float:
        z = errors / scale
        return float((-z - 2 * torch.nn.functional.softplus(-z) - math.log(scale)).sum())

    best = fit_logistic_scale(errors, lowest=1e-9)
    assert likelihood(best) > max(likelihood(best * 1.01), likelihood(best / 1.01))


def test_fit_stops_at_the_lowest() -> None:
    assert fit_logistic_scale(torch.zeros(10, dtype=torch.float64), lowest=0.01) == 0.01
    assert fit_logistic_scale(torch.full((10,), 1e-300, dtype=torch.float64), lowest=0.01) == 0.01
