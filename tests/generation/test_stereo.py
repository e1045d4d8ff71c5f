"""Two channels: their mean is the one channel, and they differ as much as the width says."""

import pytest
import torch
from torch import Tensor

from photowave.audio import WIDTH_BANDS, width_band
from photowave.generation.stereo import SideNoise
from photowave.settings import AudioConfig

AUDIO = AudioConfig(sample_rate=16_000, bands=64, taps_per_band=2, channels=2)


def side(width: float, *, seeds: tuple[int, ...] = (1,)) -> SideNoise:
    return SideNoise(torch.full((len(seeds), WIDTH_BANDS), width), seeds=seeds, audio=AUDIO)


def middle(spreads: Tensor) -> Tensor:
    """Frames that are drawn with some spreads."""
    return spreads * torch.randn(spreads.shape, generator=torch.Generator().manual_seed(9))


@pytest.mark.parametrize("width", [0.0, 0.5, 0.8, 1.5])
def test_the_side_is_as_strong_as_the_width_says(width: float) -> None:
    spreads = torch.rand(1, 2_000, 64, generator=torch.Generator().manual_seed(0))
    drawn = side(width).draw(middle(spreads), spreads)
    ratio = (drawn.square().mean((0, 1)) / spreads.square().mean((0, 1))).sqrt()
    torch.testing.assert_close(ratio, torch.full((64,), min(width, 0.75)), atol=0.07, rtol=0)


def test_it_does_not_depend_on_chunks_or_company() -> None:
    spreads = torch.rand(2, 30, 64, generator=torch.Generator().manual_seed(0))
    together = side(0.5, seeds=(1, 2)).draw(middle(spreads), spreads)
    alone = side(0.5, seeds=(2,))
    frames = zip(*(torch.split(part, 7, 1) for part in (middle(spreads), spreads)), strict=True)
    parts = [alone.draw(drawn[1:], spread[1:]) for drawn, spread in frames]
    assert torch.equal(together[1:], torch.cat(parts, 1))


def test_both_channels_are_about_equally_loud_in_every_band() -> None:
    swell = 0.2 + torch.sin(torch.arange(400) / 40).square()[None, :, None]  # waves that come and go
    spreads = swell.expand(1, 400, 64).contiguous()
    frames = middle(spreads)
    beside = side(0.7).draw(frames, spreads)
    noise = side(0.7).draw(torch.zeros_like(frames), spreads)  # with no middle to tell them, signs are chance
    even, uneven = (
        10 * ((frames + other).square().sum(1) / (frames - other).square().sum(1)).log10()
        for other in (beside, noise)
    )
    assert float(even.abs().max()) < 0.3
    assert float(even.square().mean()) < 0.05 * float(uneven.square().mean())


def test_after_a_clap_no_channel_is_the_louder_one_for_long() -> None:
    spreads = torch.full((1, 400, 64), 0.01)
    spreads[:, 10] = 5.0
    frames = middle(spreads)
    beside = side(0.7).draw(frames, spreads)
    left, right = ((frames + sign * beside)[:, 172:].square().sum(1) for sign in (1, -1))
    assert float((10 * (left / right).log10()).abs().max()) < 0.6


def test_a_call_that_sweeps_through_the_bands_is_about_equally_loud_in_both() -> None:
    """Each band hears it once and has nothing to even it out with; its neighbours have."""
    seeds = tuple(range(50))
    spreads = torch.eye(64).repeat(len(seeds), 1, 1)
    louder = side(0.7, seeds=seeds).draw(spreads, spreads).diagonal(dim1=1, dim2=2)
    group = width_band((torch.arange(64) + 0.5) * 125.0, sample_rate=16_000)
    for own in (group == number for number in group[32:].unique()):  # the highest octave
        by_chance = louder[:, own].square().sum(1).mean()
        assert louder[:, own].sum(1).square().mean() < 0.4 * by_chance
