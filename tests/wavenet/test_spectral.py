"""Narrow bands: densities add up to one, drawing follows them, and the past is told right."""

import math
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from photowave.wavenet import PCM_STEP, SpectralOutput
from photowave.wavenet.spectral import FEATURES, LEAST_POWER


def spectral(
    bands: int = 12, own: int = 6, groups: int = 3, mixtures: int = 3
) -> tuple[SpectralOutput, Tensor]:
    """An output in float64 with scales of its own, and random parameters for it."""
    output = SpectralOutput(bands=bands, own=own, groups=groups, mixtures=mixtures).double()
    generator = torch.Generator().manual_seed(bands)
    output.scale.copy_(0.05 + 0.1 * torch.rand(bands, generator=generator))
    raw = 0.4 * torch.randn(output.raw_channels, generator=generator, dtype=torch.float64)
    before = 0.4 * torch.randn(output.cells, FEATURES, generator=generator, dtype=torch.float64)
    return output, output.complete(raw, before)


def noise(output: SpectralOutput, *shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, output.bands, generator=generator, dtype=torch.float64) * output.scale


def test_density_integrates_to_one() -> None:
    output, parameters = spectral(bands=3, own=2, groups=1)
    _, spreads, _, burst = output.split(parameters)
    x = torch.linspace(-8, 8, 161, dtype=torch.float64) * float((spreads.max() + burst.max()).exp())
    frames = torch.cartesian_prod(x, x, x) * output.scale
    density = (output.log2_prob(parameters, frames) - 3 * math.log2(PCM_STEP)).exp2()
    whole = density.sum() * (x[1] - x[0]) ** 3 * output.scale.prod()
    assert float(whole) == pytest.approx(1.0, abs=2e-3)


def test_drawn_power_is_that_of_the_density() -> None:
    output, parameters = spectral()
    uniforms = torch.rand(
        200_000, output.uniforms, generator=torch.Generator().manual_seed(1), dtype=torch.float64
    )
    drawn = output.sample(parameters.expand(len(uniforms), -1), output.chance(uniforms), temperature=1.0)
    logits, spreads, often, burst = output.split(parameters)
    share = torch.sigmoid(often)
    power = torch.softmax(logits, -1)[:, None] * (2 * spreads).exp()
    wanted = power.sum(0) * (1 - share + share * (2 * burst).exp())
    told = wanted[output.group] * output.scale.square()
    torch.testing.assert_close(drawn.square().mean(0), told, rtol=0.05, atol=0)


def test_temperature_scales_what_is_drawn() -> None:
    output, parameters = spectral(mixtures=1)
    chance = output.chance(torch.full((1, output.uniforms), 0.3, dtype=torch.float64))
    usual, calm = (output.sample(parameters[None], chance, temperature=t) for t in (1.0, 0.5))
    torch.testing.assert_close(calm, usual / 2)


@settings(deadline=None, max_examples=30)
@given(cuts=st.lists(st.integers(1, 19), max_size=4, unique=True), seed=st.integers(0, 99))
def test_recalling_in_chunks_is_recalling_the_whole(cuts: list[int], seed: int) -> None:
    output, _ = spectral()
    frames = noise(output, 20, 2, seed=seed)
    whole, last = output.recall(frames)
    parts, memory = [], None
    for part in torch.tensor_split(frames, sorted(cuts)):
        told, memory = output.recall(part, memory=memory)
        parts.append(told)
    torch.testing.assert_close(torch.cat(parts), whole)
    assert memory is not None
    torch.testing.assert_close(memory.means, last.means)


def test_what_is_recalled_comes_from_frames_before() -> None:
    output, _ = spectral()
    frames = noise(output, 9, 1)
    other = frames.clone()
    other[4:] *= 3
    told, of_other = output.recall(frames)[0], output.recall(other)[0]
    torch.testing.assert_close(told[:5], of_other[:5], rtol=0, atol=0)
    assert (told[5] - of_other[5]).abs().min() > 0.05


def test_features_tell_the_cell_its_neighbours_and_the_running_mean() -> None:
    output, _ = spectral(bands=6, own=6, groups=1)
    frames = noise(output, 2, 1)
    told = output.recall(frames)[0][1, 0]
    power = (frames[0, 0] / output.scale).square()
    near = torch.stack([power[max(0, c - 1) : c + 2].mean() for c in range(6)])
    torch.testing.assert_close(told[:, 0], (power + LEAST_POWER).log())
    for column in (1, 4, 5):  # after one frame, every mean is that frame
        torch.testing.assert_close(told[:, column], (near + LEAST_POWER).log())
    torch.testing.assert_close(told[:5, 2], told[1:, 1])
    torch.testing.assert_close(told[1:, 3], told[:5, 1])


def test_what_was_loud_goes_on_before_anything_is_learned() -> None:
    output, _ = spectral(bands=32, own=32, groups=1)
    quiet, loud = noise(output, 8, 1), noise(output, 8, 1)
    loud[..., 10] *= 30
    raw = torch.zeros(1, output.raw_channels, dtype=torch.float64)
    spreads = [
        output.split(output.complete(raw, output.recall(frames)[1].features[0]))[1][0, 0]
        for frames in (quiet, loud)
    ]
    raised = spreads[1] - spreads[0]
    assert raised[10] > 1.5
    assert raised[torch.arange(32).sub(10).abs() > 1].abs().max() < 1e-6


@pytest.mark.parametrize(("bands", "own", "groups"), [(512, 192, 16), (12, 6, 3), (8, 8, 4), (5, 2, 9)])
def test_every_band_has_a_cell_and_cells_grow_wider(bands: int, own: int, groups: int) -> None:
    output = SpectralOutput(bands=bands, own=own, groups=groups, mixtures=2)
    assert output.group.tolist() == sorted(output.group.tolist())
    assert output.group[:own].tolist() == list(range(own))
    assert int(output.size.sum()) == bands
    assert output.cells <= own + groups
    above = output.size[own:].tolist()
    assert all(later >= earlier - 1 for earlier, later in pairwise(above))


def test_silence_has_a_finite_score() -> None:
    output, parameters = spectral()
    assert bool(output.log2_prob(parameters, torch.zeros(3, output.bands).double()).isfinite().all())


@settings(deadline=None, max_examples=30)
@given(nepers=st.floats(-1.5, 1.5), seed=st.integers(0, 99))
def test_a_sound_louder_as_usual_is_drawn_louder_and_is_no_news_to_the_network(
    nepers: float, seed: int
) -> None:
    output, _ = spectral()
    frames = noise(output, 6, 1, seed=seed).abs() + output.scale  # no power near the least that is told
    raw = 0.1 * torch.randn(
        6, 1, output.raw_channels, generator=torch.Generator().manual_seed(seed), dtype=torch.float64
    )
    usual = torch.full((1, 1, output.cells), 0.2, dtype=torch.float64)
    spreads, told = [], []
    for gain in (0.0, nepers):
        louder = frames * math.exp(gain)
        told.append(output.network_input(louder, usual + gain))
        recalled = output.recall(louder, usual + gain)[0]
        spreads.append(output.split(output.complete(raw, recalled, usual + gain))[1])
    # Not to the last digit: a least power stands under every one.
    torch.testing.assert_close(told[1], told[0], rtol=0, atol=2e-4)
    torch.testing.assert_close(spreads[1], spreads[0] + nepers, rtol=0, atol=2e-4)


def test_loudness_is_half_the_logarithm_of_the_power_around() -> None:
    output, _ = spectral()
    frames = output.scale.expand(3, -1) * math.exp(0.7)
    torch.testing.assert_close(
        output.loudness(frames), torch.full((3, output.cells), 0.7, dtype=torch.float64), rtol=0, atol=1e-4
    )


def test_what_is_loud_does_not_feed_itself() -> None:
    output, _ = spectral()
    raw = 9.0 * torch.ones(1, output.raw_channels, dtype=torch.float64)  # gains as large as they can be
    raw[:, : output.raw_channels - FEATURES * output.cells] = 0.0
    told = torch.zeros(1, output.cells, FEATURES, dtype=torch.float64)
    still, after = (output.split(output.complete(raw, told + e))[1] for e in (0.0, 2.0))
    assert float((after - still).max()) < 1.0  # two nepers of power are one of the spread


def test_contrast_lets_bands_stand_out_and_leaves_what_is_usual() -> None:
    output, parameters = spectral(bands=60, own=40, groups=3)
    usual = 0.3 * noise(output, 1)[..., : output.cells]
    learned = output.split(parameters)[1] - usual
    output.contrast = 2.0
    drawn = output.split(output.sharpened(parameters, usual[0]))[1] - usual
    for band in range(40):
        around = learned[..., max(0, band - 8) : min(40, band + 9)].mean(-1)
        rest = learned[..., band] - around
        torch.testing.assert_close(drawn[..., band], learned[..., band] + 0.7 * torch.tanh(rest / 0.7))
    torch.testing.assert_close(drawn[..., 40:], learned[..., 40:])
    output.contrast = 1.0
    assert output.sharpened(parameters, usual[0]) is parameters
