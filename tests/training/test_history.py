"""Noise on the past: as loud as asked, a quarter of the clips clean, never out of range."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from photowave.training.history import CLEAN_SHARE, RANGE, noisy_history
from photowave.wavenet import MixtureOutput, SoftmaxOutput


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_sizes_are_spread_evenly_over_the_octaves() -> None:
    output = MixtureOutput(bands=4, mixtures=2)
    output.scale.copy_(torch.tensor([0.1, 0.2, 0.01, 1.0]))
    frames = torch.zeros(4_000, 200, 4)
    noisy = noisy_history(frames, output, loudest=0.5, generator=generator())
    sizes = (noisy / output.scale).std((1, 2))
    clean = sizes == 0
    assert clean.float().mean() == pytest.approx(CLEAN_SHARE, abs=0.03)
    shares = (0.5 / sizes[~clean]).log() / torch.tensor(RANGE).log()
    for quarter in (0.25, 0.5, 0.75):
        assert (shares < quarter).float().mean() == pytest.approx(quarter, abs=0.03)
    assert float(shares.min()) > -0.05
    assert float(shares.max()) < 1.05


@settings(deadline=None, max_examples=40)
@given(loudest=st.floats(0.01, 50.0), seed=st.integers(0, 99), levels=st.sampled_from([16, 256]))
def test_levels_stay_levels(loudest: float, seed: int, levels: int) -> None:
    frames = torch.randint(levels, (5, 30), generator=generator(seed))
    noisy = noisy_history(frames, SoftmaxOutput(levels=levels), loudest=loudest, generator=generator(seed))
    assert noisy.dtype == torch.int64
    assert noisy.shape == frames.shape
    assert 0 <= int(noisy.min()) <= int(noisy.max()) < levels


def test_levels_move_by_quarters_of_the_range() -> None:
    frames = torch.full((2_000, 50), 128)
    noisy = noisy_history(frames, SoftmaxOutput(levels=256), loudest=0.1, generator=generator())
    sizes = (noisy - 128).float().std(1)
    assert float(sizes.max()) == pytest.approx(0.1 * 64, rel=0.4)


def test_none_is_none() -> None:
    frames = torch.randn(3, 8, 2)
    output = MixtureOutput(bands=2, mixtures=1)
    assert torch.equal(noisy_history(frames, output, loudest=0.0, generator=generator()), frames)
