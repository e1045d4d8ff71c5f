"""Regions are neighbouring bands, and a frame is brought to the power that each of them shall have."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from photowave.wavenet import PowerRegions


@given(count=st.integers(1, 200), bands=st.integers(2, 600), rate=st.sampled_from([2_000, 16_000, 44_100]))
def test_regions_are_neighbouring_bands_and_none_is_empty(count: int, bands: int, rate: int) -> None:
    regions = PowerRegions(count, bands=bands, sample_rate=rate)
    assert regions.index[0] == 0
    assert set(regions.index.diff().tolist()) <= {0, 1}
    assert regions.count == int(regions.index[-1]) + 1 <= min(count, bands)


def test_they_are_about_as_wide_everywhere_for_the_ear() -> None:
    regions = PowerRegions(24, bands=65_536, sample_rate=44_100)
    hz = (torch.arange(65_536) + 0.5) * 44_100 / 2 / 65_536
    erbs = 21.4 * torch.log10(1 + 0.00437 * hz)
    edges = torch.stack([erbs[regions.index == region].max() for region in range(24)])
    torch.testing.assert_close(edges.diff(), edges.diff().mean().expand(23), rtol=0.03, atol=0)


@settings(deadline=None)
@given(seed=st.integers(0, 2**31), level=st.floats(-20, 5))
def test_held_frames_have_the_power_and_held_spreads_have_it_on_average(seed: int, level: float) -> None:
    regions = PowerRegions(9, bands=40, sample_rate=16_000)
    generator = torch.Generator().manual_seed(seed)
    spreads = torch.rand(3, 40, generator=generator, dtype=torch.float64) + 0.01
    frames = spreads * torch.randn(3, 40, generator=generator, dtype=torch.float64)
    wanted = level + torch.randn(3, regions.count, generator=generator, dtype=torch.float64)
    held, told = regions.hold(frames, spreads, wanted)
    torch.testing.assert_close(regions.power(held), wanted.exp())
    torch.testing.assert_close(regions.power(told), wanted.exp())
    # Nothing else changes: signs, and how bands of a region stand to each other.
    ratio = held / frames
    for region in range(regions.count):
        inside = ratio[:, regions.index == region]
        assert bool((inside > 0).all())
        torch.testing.assert_close(inside, inside[:, :1].expand_as(inside))


def test_silence_stays_silent() -> None:
    regions = PowerRegions(4, bands=16, sample_rate=16_000)
    held, told = regions.hold(torch.zeros(2, 16), torch.ones(2, 16), torch.zeros(2, regions.count))
    assert not bool(held.any())
    assert bool(told.isfinite().all())
