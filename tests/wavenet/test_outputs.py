"""Distributions add up to one, and drawing follows them."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from photowave.wavenet import FRAME_BOUND, PCM_STEP, MixtureOutput, SoftmaxOutput


def mixture(bands: int, mixtures: int, *, seed: int = 0) -> tuple[MixtureOutput, Tensor]:
    """A distribution in float64 and random parameters for it."""
    output = MixtureOutput(bands=bands, mixtures=mixtures).double()
    generator = torch.Generator().manual_seed(seed)
    output.scale.copy_(0.02 + 0.1 * torch.rand(bands, generator=generator))
    return output, torch.randn(output.channels, generator=generator, dtype=torch.float64)


def grid(count: int) -> Tensor:
    return (torch.arange(count, dtype=torch.float64) + 0.5) / count


@pytest.mark.parametrize("levels", [2, 16, 256, 1000])
def test_softmax_probability_over_all_16_bit_steps_is_one(levels: int) -> None:
    output = SoftmaxOutput(levels=levels).double()
    parameters = 3 * torch.randn(levels, generator=torch.Generator().manual_seed(levels), dtype=torch.float64)
    per_step = output.log2_prob(parameters.expand(levels, levels), torch.arange(levels)).exp2()
    steps = output.log2_widths.exp2()
    assert float((per_step * steps).sum()) == pytest.approx(1.0, abs=1e-6)
    assert float(steps.sum()) == pytest.approx(65_536, rel=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_mixture_density_of_one_band_integrates_to_one(seed: int) -> None:
    output, parameters = mixture(1, 4, seed=seed)
    # 40 scales hold all but e^-40 of a logistic.
    reach = 40 * float(output.split(parameters)[2].exp().max()) + 1.0
    x = torch.linspace(-reach, reach, 400_001, dtype=torch.float64)
    density = output.log2_prob(parameters.expand(len(x), -1), x[:, None]).exp2() / PCM_STEP
    assert float(torch.trapezoid(density, x)) == pytest.approx(1.0, abs=1e-9)


def test_mixture_density_of_two_bands_integrates_to_one() -> None:
    output, parameters = mixture(2, 2)
    x = torch.linspace(-6.0, 6.0, 1201, dtype=torch.float64)
    frames = torch.cartesian_prod(x, x)
    density = output.log2_prob(parameters.expand(len(frames), -1), frames).exp2() / PCM_STEP**2
    whole = torch.trapezoid(torch.trapezoid(density.view(len(x), -1), x), x)
    assert float(whole) == pytest.approx(1.0, abs=1e-6)


@settings(deadline=None, max_examples=60)
@given(
    bands=st.integers(1, 3),
    values=st.lists(st.floats(-60, 60), min_size=28, max_size=28),
    frame=st.floats(-1, 1),
)
def test_no_16_bit_step_is_ever_more_than_certain(bands: int, values: list[float], frame: float) -> None:
    output = MixtureOutput(bands=bands, mixtures=4).double()
    parameters = torch.tensor(values[: output.channels], dtype=torch.float64)
    score = output.log2_prob(parameters, torch.full((bands,), frame, dtype=torch.float64))
    assert math.isfinite(score)
    assert float(score) <= 1e-12


def test_the_score_does_not_depend_on_the_order_of_the_components() -> None:
    bands, mixtures = 3, 5
    output, parameters = mixture(bands, mixtures)
    order = torch.randperm(mixtures, generator=torch.Generator().manual_seed(1))
    logits, means, scales = parameters.split([mixtures, mixtures * bands, mixtures * bands])
    shuffled = torch.cat(
        [
            logits[order],
            means.view(mixtures, bands)[order].flatten(),
            scales.view(mixtures, -1)[order].flatten(),
        ]
    )
    frames = torch.randn(20, bands, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    one, other = (output.log2_prob(p.expand(20, -1), frames) for p in (parameters, shuffled))
    torch.testing.assert_close(one, other, rtol=0, atol=1e-12)
    assert not torch.allclose(one, output.log2_prob(parameters.flip(0).expand(20, -1), frames))


@settings(deadline=None, max_examples=60)
@given(
    logits=st.lists(st.floats(-6, 6), min_size=2, max_size=20),
    temperature=st.floats(0.2, 3.0),
)
def test_softmax_levels_come_as_often_as_predicted(logits: list[float], temperature: float) -> None:
    output = SoftmaxOutput(levels=len(logits)).double()
    parameters, count = torch.tensor(logits, dtype=torch.float64), 2_000
    drawn = output.sample(parameters.expand(count, -1), grid(count)[:, None], temperature=temperature)
    assert drawn.dtype == torch.int64
    assert bool((drawn.diff() >= 0).all())  # inverse transform: a larger number, no smaller level
    often = torch.bincount(drawn, minlength=len(logits))
    expected = count * torch.softmax(parameters / temperature, 0)
    assert float((often - expected).abs().max()) <= 1.0 + 1e-6


@pytest.mark.parametrize("levels", [4, 256])
def test_softmax_at_low_temperature_draws_the_most_likely_level(levels: int) -> None:
    output = SoftmaxOutput(levels=levels)
    parameters = torch.randn(50, levels, generator=torch.Generator().manual_seed(0))
    uniforms = torch.rand(50, 1, generator=torch.Generator().manual_seed(1))
    drawn = output.sample(parameters, output.chance(uniforms), temperature=1e-5)
    assert torch.equal(drawn, parameters.argmax(-1))


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_mixture_components_come_as_often_as_predicted(temperature: float) -> None:
    output, parameters = mixture(1, 4)
    logits, means, _ = output.split(parameters)
    count = 2_000
    uniforms = torch.stack([grid(count), torch.full((count,), 0.5, dtype=torch.float64)], -1)
    # At one half a logistic is at its mean, which tells the component.
    drawn = output.sample(parameters.expand(count, -1), output.chance(uniforms), temperature=temperature)
    chosen = (drawn - means[:, 0]).abs().argmin(-1)
    torch.testing.assert_close(drawn[:, 0], means[chosen, 0], rtol=0, atol=1e-12)
    expected = count * torch.softmax(logits / temperature, 0)
    assert float((torch.bincount(chosen, minlength=4) - expected).abs().max()) <= 1.0 + 1e-6


@settings(deadline=None, max_examples=40)
@given(u=st.floats(1e-9, 1 - 1e-9), temperature=st.floats(0.1, 3.0), component=st.integers(0, 2))
def test_mixture_bands_are_drawn_at_their_quantile(u: float, temperature: float, component: int) -> None:
    output, parameters = mixture(2, 3)
    parameters[:3] = -1e4
    parameters[component] = 0.0
    _, means, log_scales = output.split(parameters)
    uniforms = torch.tensor([0.5, u, 1 - u], dtype=torch.float64)
    drawn = output.sample(parameters, output.chance(uniforms), temperature=temperature)
    spread = log_scales[component].exp() * temperature
    quantile = means[component] + spread * torch.logit(uniforms[1:])
    torch.testing.assert_close(drawn, quantile.clamp(-FRAME_BOUND, FRAME_BOUND), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("u", [1e-12, 1 - 1e-12])
def test_no_mixture_frame_leaves_the_bound(u: float) -> None:
    output, parameters = mixture(2, 3)
    parameters[3 + 6 :] = 5.0
    drawn = output.sample(
        parameters, output.chance(torch.tensor([0.5, u, u], dtype=torch.float64)), temperature=1.0
    )
    assert drawn.tolist() == [FRAME_BOUND if u > 0.5 else -FRAME_BOUND] * 2


def test_samples_of_a_mixture_follow_its_density() -> None:
    """The share of a grid of uniform numbers that falls below a bound is the density's integral up to it."""
    output, parameters = mixture(1, 3, seed=4)
    numbers = grid(300)
    uniforms = torch.cartesian_prod(numbers, numbers)
    drawn = output.sample(parameters.expand(len(uniforms), -1), output.chance(uniforms), temperature=1.0)[
        :, 0
    ]
    x = torch.linspace(-5, 5, 100_001, dtype=torch.float64)
    density = output.log2_prob(parameters.expand(len(x), -1), x[:, None]).exp2() / PCM_STEP
    cumulated = torch.cumulative_trapezoid(density, x)
    for bound in (-0.3, -0.1, 0.0, 0.05, 0.1, 0.4):
        index = int((x[1:] <= bound).sum()) - 1
        assert float((drawn <= bound).double().mean()) == pytest.approx(float(cumulated[index]), abs=0.01)


def test_the_narrowest_logistic_still_has_a_quarter_of_a_step() -> None:
    output, parameters = mixture(1, 1)
    parameters[2] = -100.0
    spread = output.split(parameters)[2].exp()
    assert float(spread) == pytest.approx(PCM_STEP / 4, rel=1e-12)
    # Its density at the mean is one per step.
    mean = output.split(parameters)[1][0]
    assert float(output.log2_prob(parameters, mean)) == pytest.approx(0.0, abs=1e-12)
