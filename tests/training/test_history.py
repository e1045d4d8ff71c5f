"""Noise on the past: as loud as asked, a quarter of the clips clean, never out of range."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from photowave.training.history import CLEAN_SHARE, RANGE, noisy_history, shifted_history
from photowave.wavenet import MixtureOutput, SoftmaxOutput, SpectralOutput


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


def gained(gain: float, *, clips: int = 4_000, loudest: float = 0.0) -> torch.Tensor:
    """Noisy frames over frames, [clips, time, bands]; the frames are one everywhere."""
    output = MixtureOutput(bands=4, mixtures=2)
    frames = torch.ones(clips, 3, 4)
    return noisy_history(frames, output, loudest=loudest, gain=gain, generator=generator())


def test_gains_are_constant_over_a_clip_and_spread_as_asked() -> None:
    found = gained(0.4)
    assert torch.equal(found, found[:, :1].expand_as(found))
    nepers = found[:, 0].log()
    changed = (nepers != 0).all(1)
    assert torch.equal(changed, (nepers != 0).any(1))
    assert (~changed).float().mean() == pytest.approx(CLEAN_SHARE, abs=0.03)
    nepers = nepers[changed]
    # One gain for the clip and one for each band, both of spread 0.4: what two bands share is the clip's.
    covariance = torch.cov(nepers.t())
    expected = 0.4**2 * (torch.ones(4, 4) + torch.eye(4))
    torch.testing.assert_close(covariance, expected, atol=0.03, rtol=0)
    assert float(nepers.mean(0).abs().max()) < 0.04


def test_gains_leave_clean_clips_clean_and_the_noise_as_loud_as_without() -> None:
    plain, both = gained(0.0, loudest=0.5), gained(0.4, loudest=0.5)
    clean = (plain == 1).all(2).all(1)
    assert 0 < int(clean.sum()) < len(clean)
    assert torch.equal((both == 1).all(2).all(1), clean)
    level = both - plain + 1  # the noise itself is not amplified
    torch.testing.assert_close(level, level[:, :1].expand_as(level), atol=1e-5, rtol=0)


@settings(deadline=None, max_examples=40)
@given(gain=st.floats(0.01, 2.0), loudest=st.sampled_from([0.0, 0.3]), seed=st.integers(0, 99))
def test_levels_have_no_gain(gain: float, loudest: float, seed: int) -> None:
    frames = torch.randint(64, (5, 30), generator=generator(seed))
    output = SoftmaxOutput(levels=64)
    plain = noisy_history(frames, output, loudest=loudest, generator=generator(seed))
    found = noisy_history(frames, output, loudest=loudest, gain=gain, generator=generator(seed))
    assert torch.equal(found, plain)
    if loudest == 0:
        assert torch.equal(found, frames)


def test_shifts_move_whole_clips_and_leave_a_quarter_alone() -> None:
    output = MixtureOutput(bands=3, mixtures=2)
    output.scale.copy_(torch.tensor([1.0, 0.1, 10.0]))
    frames = torch.randn(4000, 5, 3, generator=torch.Generator().manual_seed(1))
    shifted = shifted_history(frames, output, spread=2.0, generator=torch.Generator().manual_seed(0))
    moved = shifted - frames
    # One shift for a clip and band: how a band moves is left as it was.
    torch.testing.assert_close(moved, moved[:, :1].expand(-1, 5, -1), atol=1e-4, rtol=0)
    still = (moved[:, 0] == 0).all(1).float().mean()
    assert float(still) == pytest.approx(0.25, abs=0.03)
    # Sizes are uniform up to the spread: their mean square is a third of its square.
    spread = (moved[:, 0] / output.scale).square().mean(0) / 0.75
    torch.testing.assert_close(spread, torch.full((3,), 4.0 / 3), atol=0.2, rtol=0)
    again = shifted_history(frames, output, spread=2.0, generator=torch.Generator().manual_seed(0))
    assert torch.equal(shifted, again)
    assert torch.equal(
        shifted_history(frames, output, spread=0.0, generator=torch.Generator().manual_seed(0)), frames
    )


def test_gains_of_narrow_bands_run_in_lines_from_knot_to_knot() -> None:
    output = SpectralOutput(bands=64, own=45, groups=3, mixtures=2)
    found = noisy_history(torch.ones(500, 2, 64), output, loudest=0.0, gain=0.4, generator=generator())
    assert torch.equal(found[:, 0], found[:, 1])
    nepers = found[:, 0].log()
    usual, wild = nepers.mean(1).abs().quantile(torch.tensor([0.6, 0.98]))
    assert 0.2 < float(usual) < 0.6
    assert float(wild) > 2.0
    bends = nepers.diff(n=2, dim=1).abs() > 1e-4
    # Twelve knots below, six above: between their two lines there is a step.
    assert int(bends.any(0).sum()) <= 2 * (10 + 4) + 2
    steps = nepers.diff(dim=1).abs().mean(0)
    assert float(steps[:44].max()) < 0.2 < float(steps[44])
