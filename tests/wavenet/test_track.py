"""A track of conditioning vectors is read along straight lines and held at its ends."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from photowave.wavenet.track import interpolate


@settings(deadline=None, max_examples=60)
@given(
    knots=st.integers(1, 6),
    places=st.lists(st.floats(-2, 8, allow_nan=False), min_size=1, max_size=9),
    seed=st.integers(0, 99),
)
def test_agrees_with_numpy(knots: int, places: list[float], seed: int) -> None:
    values = torch.randn(2, knots, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    positions = torch.tensor([places, places[::-1]], dtype=torch.float64)
    found = interpolate(values, positions)
    for batch in range(2):
        for channel in range(3):
            expected = np.interp(positions[batch], np.arange(knots), values[batch, :, channel])
            np.testing.assert_allclose(found[batch, :, channel], expected, rtol=0, atol=1e-12)


def test_gradients_go_to_the_two_knots_around() -> None:
    knots = torch.zeros(1, 4, 1, dtype=torch.float64, requires_grad=True)
    interpolate(knots, torch.tensor([[1.25]], dtype=torch.float64)).sum().backward()
    assert knots.grad is not None
    assert knots.grad.flatten().tolist() == [0.0, 0.75, 0.25, 0.0]
