"""Width: from equal channels to channels with nothing in common, band by band."""

import pytest
import torch

from photowave.audio import WIDTH_BANDS, measure_width, resample, width_band

RATE = 16_000


def noise(seed: int, rate: int = RATE) -> torch.Tensor:
    return torch.randn(4 * rate, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("side", [0.0, 0.3, 1.0])
def test_width_is_side_over_middle(side: float) -> None:
    middle, beside = noise(0), side * noise(1)
    width = measure_width(torch.stack([middle + beside, middle - beside]), sample_rate=RATE)
    # A low band holds few bins, and so chance.
    torch.testing.assert_close(width[3:], torch.full((WIDTH_BANDS - 3,), side), atol=0.03, rtol=0.08)


def test_each_band_is_measured_by_itself() -> None:
    middle, low = noise(0), resample(noise(1, 1_000), old_rate=1_000, new_rate=RATE)
    width = measure_width(torch.stack([middle + low, middle - low]), sample_rate=RATE)
    edges = width_band(torch.tensor([300.0, 1_500.0]), sample_rate=RATE)
    assert width[int(edges[0])] > 0.9
    assert width[int(edges[1]) :].max() < 0.05


def test_opposite_channels_stay_below_the_limit() -> None:
    sound = noise(0)
    assert measure_width(torch.stack([sound, -sound]), sample_rate=RATE).max() <= 1.5


def test_bands_rise_with_frequency_and_are_all_used() -> None:
    found = width_band(torch.linspace(0, RATE / 2, 2_000), sample_rate=RATE)
    assert found.tolist() == sorted(found.tolist())
    assert set(found.tolist()) == set(range(WIDTH_BANDS))
