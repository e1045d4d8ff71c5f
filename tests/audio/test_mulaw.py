"""Laws of the mu-law levels."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from photowave.audio.mulaw import decode, encode, level_bounds, level_log2_widths
from photowave.errors import ConfigError

LEVELS = st.integers(2, 65_536)


@pytest.mark.parametrize("levels", [2, 3, 11, 16, 255, 256, 1024, 10_000, 65_536])
def test_decode_then_encode_is_exact_for_every_level(levels: int) -> None:
    every = torch.arange(levels)
    assert torch.equal(encode(decode(every, levels=levels), levels=levels), every)


@settings(deadline=None, max_examples=50)
@given(levels=LEVELS)
def test_round_trip_range_and_order_for_any_number_of_levels(levels: int) -> None:
    every = torch.arange(levels)
    samples = decode(every, levels=levels)
    assert samples.dtype == torch.float32
    assert samples.abs().max() <= 1
    assert bool((samples.diff() > 0).all())
    assert torch.equal(encode(samples, levels=levels), every)


@settings(deadline=None)
@given(levels=LEVELS, samples=st.lists(st.floats(-3, 3, width=32), min_size=2, max_size=50))
def test_encode_never_falls_and_clamps(levels: int, samples: list[float]) -> None:
    encoded = encode(torch.tensor(sorted(samples)), levels=levels)
    assert encoded.dtype == torch.int64
    assert bool((encoded.diff() >= 0).all())
    assert encoded.min() >= 0
    assert encoded.max() < levels


def test_beyond_full_scale_is_the_outermost_level() -> None:
    assert encode(torch.tensor([-7.0, -1.0, 1.0, 7.0]), levels=256).tolist() == [0, 0, 255, 255]


def test_companding_matches_the_formula() -> None:
    # f(0.1) = ln(1 + 25.5) / ln(256) = 0.5910; (0.5910 + 1) / 2 * 255 = 202.85
    assert encode(torch.tensor([0.1, -0.1, 0.0]), levels=256).tolist() == [203, 52, 128]


@settings(deadline=None, max_examples=50)
@given(levels=LEVELS)
def test_widths_sum_to_the_whole_range(levels: int) -> None:
    widths = level_log2_widths(levels=levels, dtype=torch.float64).exp2()
    assert widths.shape == (levels,)
    assert math.isclose(float(widths.sum()), 65_536, rel_tol=1e-12)
    assert torch.allclose(widths, widths.flip(0))


@settings(deadline=None)
@given(levels=st.integers(2, 4096), sample=st.floats(-1, 1))
def test_bounds_enclose_what_encode_puts_there(levels: int, sample: float) -> None:
    level = int(encode(torch.tensor(sample, dtype=torch.float64), levels=levels))
    bounds = level_bounds(levels=levels)
    assert bounds[level] - 1e-12 <= sample <= bounds[level + 1] + 1e-12


@pytest.mark.parametrize("levels", [-1, 0, 1, 65_537])
def test_number_of_levels_is_checked(levels: int) -> None:
    for call in (lambda: encode(torch.zeros(1), levels=levels), lambda: level_log2_widths(levels=levels)):
        with pytest.raises(ConfigError, match=f"levels={levels}"):
            call()
