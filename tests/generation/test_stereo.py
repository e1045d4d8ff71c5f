"""Two channels: their mean is the one channel, and they differ as much as the width says."""

import pytest
import torch

from photowave.audio import WIDTH_BANDS
from photowave.generation.stereo import SideNoise
from photowave.settings import AudioConfig

AUDIO = AudioConfig(sample_rate=16_000, bands=64, taps_per_band=2, channels=2)


def side(width: float, *, seeds: tuple[int, ...] = (1,)) -> SideNoise:
    return SideNoise(torch.full((len(seeds), WIDTH_BANDS), width), seeds=seeds, audio=AUDIO)


@pytest.mark.parametrize("width", [0.0, 0.5, 0.8, 1.5])
def test_the_side_is_as_strong_as_the_width_says(width: float) -> None:
    spreads = torch.rand(1, 2_000, 64, generator=torch.Generator().manual_seed(0))
    drawn = side(width).draw(spreads)
    ratio = (drawn.square().mean((0, 1)) / spreads.square().mean((0, 1))).sqrt()
    torch.testing.assert_close(ratio, torch.full((64,), min(width, 0.75)), atol=0.07, rtol=0)


def test_it_does_not_depend_on_chunks_or_company() -> None:
    spreads = torch.rand(2, 30, 64, generator=torch.Generator().manual_seed(0))
    together = side(0.5, seeds=(1, 2)).draw(spreads)
    alone = side(0.5, seeds=(2,))
    parts = [alone.draw(part[1:]) for part in torch.split(spreads, 7, 1)]
    assert torch.equal(together[1:], torch.cat(parts, 1))
