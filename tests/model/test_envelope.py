"""The envelope's frames are principal components; the track and the bits are what their formulas say."""

import copy
import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tiny_models import randomise, tiny_config, tiny_model, with_envelope
from torch import Tensor

from photowave.checkpoint import load_model, save_model
from photowave.model import (
    EnvelopeClip,
    EnvelopeStack,
    KeptEnvelopes,
    PhotowaveModel,
    build_envelope,
    build_spectra,
)
from photowave.settings import ModelConfig
from photowave.wavenet import PCM_STEP, PowerRegions

MELS, COMPONENTS, CHANNELS = 4, 3, 6


def config_with_envelope(components: int = COMPONENTS, **changes: int) -> ModelConfig:
    """The tiny model with an envelope of few steps."""
    return with_envelope(tiny_config("mixture", 2), components=components, **changes)


def envelope_stack(components: int = COMPONENTS) -> EnvelopeStack:
    """A stack with random weights that was fitted to nothing yet."""
    stack = build_envelope(config_with_envelope(components), knots_per_s=16.0).double()
    randomise(stack, seed=1)
    return stack.eval()


def spectra(knots: int = 400, *, seed: int = 0, mels: int = MELS) -> Tensor:
    """Spectra whose bands move together, around a mean far from zero."""
    generator = torch.Generator().manual_seed(seed)
    mixing = torch.randn(mels, mels, generator=generator, dtype=torch.float64)
    moved = torch.randn(knots, mels, generator=generator, dtype=torch.float64) @ mixing
    return moved - torch.linspace(4, 9, mels, dtype=torch.float64)


RECORDINGS = st.lists(st.integers(1, 60), min_size=1, max_size=5)
"""Knots of each recording."""


def recordings(lengths: Sequence[int], *, seed: int, size: float = 1.0) -> list[Tensor]:
    """Spectra of several recordings, each about a mean of its own."""
    parts = size * spectra(sum(lengths), seed=seed)
    places = size * torch.randn(
        len(lengths), 1, MELS, generator=torch.Generator().manual_seed(seed + 1), dtype=torch.float64
    )
    return [part + place for part, place in zip(parts.split(list(lengths)), places, strict=True)]


def covariance(known: Sequence[Tensor]) -> Tensor:
    """Covariance of all knots, of which each counts less the more its recording has."""
    weights = torch.cat([torch.full((len(part),), 1 / len(part), dtype=torch.float64) for part in known])
    return torch.cat(list(known)).t().cov(correction=0, aweights=weights)


def assume_that_all_moves(known: Sequence[Tensor], components: int) -> None:
    """Else a direction counts as still, or drowns in the rounding of the others."""
    variances = torch.linalg.eigvalsh(covariance(known)).flip(0)
    assume(float(variances[components - 1]) > max(2e-3, 1e-3 * float(variances[0].sqrt())) ** 2)


@settings(deadline=None, max_examples=40)
@given(
    lengths=RECORDINGS, seed=st.integers(0, 999), components=st.integers(1, MELS), size=st.floats(0.1, 10.0)
)
def test_frames_of_what_was_fitted_are_centred_equally_spread_and_uncorrelated(
    lengths: list[int], seed: int, components: int, size: float
) -> None:
    """In the mean over recordings, of which a long one counts no more than a short one."""
    stack, known = envelope_stack(components), recordings(lengths, seed=seed, size=size)
    assume_that_all_moves(known, components)
    stack.fit(known)
    frames = [stack.frames(part) for part in known]
    assert [part.shape for part in frames] == [(length, components) for length in lengths]
    mean = torch.stack([part.mean(0) for part in frames]).mean(0)
    torch.testing.assert_close(mean, torch.zeros(components).double(), rtol=0, atol=1e-9)
    products = torch.stack([part.t() @ part / len(part) for part in frames]).mean(0)
    expected = EnvelopeStack.SPREAD**2 * torch.eye(components).double()
    torch.testing.assert_close(products, expected, rtol=0, atol=1e-9)


@settings(deadline=None, max_examples=40)
@given(data=st.data(), lengths=RECORDINGS, seed=st.integers(0, 999), in_time=st.booleans())
def test_a_recording_counts_alike_whatever_its_length(
    data: st.DataObject, lengths: list[int], seed: int, in_time: bool
) -> None:
    """Played several times over, or with each of its knots several times, it changes nothing."""
    stack, known = envelope_stack(MELS), recordings(lengths, seed=seed)
    assume_that_all_moves(known, MELS)
    times = data.draw(st.lists(st.integers(1, 4), min_size=len(known), max_size=len(known)))
    longer = [
        part.repeat(count, 1) if in_time else part.repeat_interleave(count, 0)
        for part, count in zip(known, times, strict=True)
    ]
    found = []
    for parts in (known, longer):
        stack.fit(parts)
        # Which way a component points is nobody's concern.
        found.append((stack.mean.clone(), stack.basis @ stack.basis.t()))
    torch.testing.assert_close(found[1], found[0], rtol=1e-8, atol=1e-9)


def test_a_short_recording_weighs_as_much_as_a_long_one() -> None:
    """The test above would not notice if only the longest counted."""
    stack, ends = envelope_stack(1), spectra(2)
    stack.fit([ends[:1].expand(900, -1), ends[1:]])
    torch.testing.assert_close(stack.mean, ends.mean(0), rtol=1e-12, atol=0)
    low, high = stack.frames(ends)[:, 0]
    assert float(low) == pytest.approx(-float(high), rel=1e-9)
    assert abs(float(low)) == pytest.approx(EnvelopeStack.SPREAD, rel=1e-9)


def test_the_directions_that_move_most_are_kept() -> None:
    stack, known = envelope_stack(2), recordings([400, 30], seed=0)
    stack.fit(known)
    values, axes = torch.linalg.eigh(covariance(known))
    for column, (value, axis) in enumerate(zip(values.flip(0)[:2], axes.t().flip(0)[:2], strict=True)):
        found = stack.basis[:, column]
        sign = torch.sign(found @ axis)
        expected = sign * axis * EnvelopeStack.SPREAD / value.sqrt()
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)


def test_single_precision_is_enough() -> None:
    stack, known = envelope_stack().float(), spectra(5_000).float()
    stack.fit([known])
    frames = stack.frames(known)
    assert float(frames.mean(0).abs().max()) < 1e-3 * EnvelopeStack.SPREAD
    expected = torch.full((COMPONENTS,), EnvelopeStack.SPREAD)
    torch.testing.assert_close(frames.std(0, correction=0), expected, rtol=1e-3, atol=0)


@pytest.mark.parametrize("knots", [1, 50])
@pytest.mark.parametrize("rounding", [0.0, 1e-6])
def test_a_constant_spectrum_gives_still_frames(knots: int, rounding: float) -> None:
    stack = envelope_stack(MELS)
    constant = spectra(1).expand(knots, -1)
    stack.fit([constant + rounding * spectra(knots, seed=1)])
    assert float(stack.frames(constant).abs().max()) < 0.02 * EnvelopeStack.SPREAD
    # Nor does another spectrum blow up: a spread of less than 0.001 nepers counts as that much.
    assert float(torch.linalg.matrix_norm(stack.basis, 2)) <= EnvelopeStack.SPREAD / 1e-3 * (1 + 1e-9)


def test_a_band_that_never_moves_changes_no_frame() -> None:
    stack, known = envelope_stack(MELS), spectra()
    known[:, 1] = math.log(1e-5)
    stack.fit([known])
    frames = stack.frames(known)
    moving = torch.tensor([EnvelopeStack.SPREAD] * 3 + [0.0]).double()
    torch.testing.assert_close(frames.std(0, correction=0), moving, rtol=0, atol=1e-9)


def test_fewer_knots_than_components_leave_the_rest_at_zero() -> None:
    stack = envelope_stack(MELS)
    stack.fit([spectra()])
    assert bool((stack.basis != 0).all())
    few = spectra(2, seed=5)
    stack.fit([few])
    assert torch.equal(stack.basis[:, 2:], torch.zeros(MELS, 2).double())
    frames = stack.frames(few)
    # Two knots lie on one line: one spread to either side of their mean.
    torch.testing.assert_close(frames[:, 0].abs(), torch.full((2,), EnvelopeStack.SPREAD).double())
    torch.testing.assert_close(frames.sum(0), torch.zeros(MELS).double(), rtol=0, atol=1e-9)
    assert float(frames[:, 1:].abs().max()) < 1e-9


@pytest.mark.parametrize("components", range(1, MELS + 1))
def test_spectra_come_back_as_far_as_the_components_tell(components: int) -> None:
    stack, known = envelope_stack(components), spectra()
    stack.fit([known])
    frames = stack.frames(known)
    again = stack.spectra(frames)
    torch.testing.assert_close(stack.frames(again), frames)
    if components == MELS:
        torch.testing.assert_close(again, known)
    # What is missing is the least that so many directions can miss.
    missing = (again - known).square().sum(1).mean()
    torch.testing.assert_close(missing, torch.linalg.eigvalsh(covariance([known]))[: MELS - components].sum())


def vectors(batch: int, *, seed: int = 3) -> Tensor:
    return torch.randn(batch, CHANNELS, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_knots_add_the_network_of_the_unit_frames_to_the_vector() -> None:
    stack, vector = envelope_stack(), vectors(2)
    frames = stack.frames(spectra(10).view(2, 5, MELS))
    first, last = stack.network[0], stack.network[2]
    with torch.no_grad():
        knots = stack.knots(vector, frames)
        for sound in range(2):
            for knot in range(5):
                inner = first.weight @ (frames[sound, knot] / 0.25) + first.bias
                expected = vector[sound] + last.weight @ inner.clamp_min(0) + last.bias
                torch.testing.assert_close(knots[sound, knot], expected, rtol=1e-12, atol=1e-12)


def test_the_track_is_straight_between_knots_and_held_outside() -> None:
    stack, vector = envelope_stack(), vectors(1)
    frames = stack.frames(spectra(4)[None])
    places = torch.tensor([[-1.0, 0.0, 0.25, 1.5, 2.0, 2.9, 3.0, 7.0]], dtype=torch.float64)
    with torch.no_grad():
        a, b, c, d = stack.knots(vector, frames)[0]
        track = stack.track(vector, frames, places)[0]
    expected = [a, a, 0.75 * a + 0.25 * b, (b + c) / 2, c, 0.1 * c + 0.9 * d, d, d]
    torch.testing.assert_close(track, torch.stack(expected), rtol=1e-12, atol=1e-12)


def said(stack: EnvelopeStack, vector: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and spread of each component for one sound, by their plain formulas."""
    weight, bias = stack.moments.parameters()
    told = weight @ vector + bias
    mean, spread = told[:COMPONENTS], told[COMPONENTS:]
    return mean, torch.tensor([math.exp(2 * math.tanh(float(s) / 2)) for s in spread], dtype=torch.float64)


@settings(deadline=None, max_examples=60)
@given(batch=st.integers(1, 4), seed=st.integers(0, 99), size=st.floats(0.0, 1e6))
def test_mean_and_spread_are_read_from_the_vector(batch: int, seed: int, size: float) -> None:
    stack, vector = envelope_stack(), size * vectors(batch, seed=seed)
    with torch.no_grad():
        mean, spread = stack.expected(vector)
        assert mean.shape == spread.shape == (batch, 1, COMPONENTS)
        assert float(spread.min()) >= math.exp(-2) * (1 - 1e-15)
        assert float(spread.max()) <= math.exp(2) * (1 + 1e-15)
        for row in range(batch):
            expected = said(stack, vector[row])
            torch.testing.assert_close((mean[row, 0], spread[row, 0]), expected, rtol=1e-9, atol=1e-9 * size)


def test_a_spread_reaches_both_bounds_and_no_farther() -> None:
    stack, vector = envelope_stack(1), vectors(1)
    with torch.no_grad():
        spreads = []
        for wanted in (-1e9, -1e-3, 0.0, 1e-3, 1e9):
            stack.moments.weight.zero_()
            stack.moments.bias.copy_(torch.tensor([0.75, wanted], dtype=torch.float64))
            mean, spread = stack.expected(vector)
            assert float(mean) == 0.75
            spreads.append(float(spread))
    # Near 1, the spread is the exponential of what the layer says.
    near = [math.exp(-1e-3), 1.0, math.exp(1e-3)]
    assert spreads == pytest.approx([math.exp(-2), *near, math.exp(2)], rel=1e-9)


@pytest.mark.parametrize("size", [0.0, 1.0, 1e9])
def test_before_training_the_mean_is_zero_and_the_spread_one(size: float) -> None:
    stack = build_envelope(config_with_envelope(), knots_per_s=16.0).double()
    mean, spread = stack.expected(size * vectors(3))
    assert torch.equal(mean, torch.zeros(3, 1, COMPONENTS).double())
    assert torch.equal(spread, torch.ones(3, 1, COMPONENTS).double())


def without_moments(stack: EnvelopeStack) -> EnvelopeStack:
    """The same stack, for which every sound has mean 0 and spread 1."""
    plain = copy.deepcopy(stack)
    for parameter in plain.moments.parameters():
        parameter.data.zero_()
    return plain


def test_without_moments_bits_are_what_the_network_scores() -> None:
    stack, vector = without_moments(envelope_stack()), vectors(2)
    clip = envelope_clip(spectra(24).view(2, 12, MELS), prefix(2, 12, 12, 12))
    frames = stack.frames(clip.stretch)
    with torch.no_grad():
        assert torch.equal(stack.bits(vector, clip), -stack.wavenet.score(frames, vector).sum(1) / 12)


def test_moments_that_start_at_zero_learn() -> None:
    stack = without_moments(envelope_stack())
    stack.fit([spectra()])
    vector = vectors(2).requires_grad_()
    clip = envelope_clip(spectra(24, seed=2).view(2, 12, MELS), prefix(2, 12, 12, 12))
    stack.bits(vector, clip).sum().backward()
    for parameter in stack.moments.parameters():
        assert parameter.grad is not None
        assert bool((parameter.grad != 0).all())


def envelope_clip(stretch: Tensor, known: Tensor) -> EnvelopeClip:
    batch = len(stretch)
    return EnvelopeClip(stretch[:, :2], torch.zeros(batch).double(), stretch, known)


def prefix(batch: int, steps: int, *lengths: int) -> Tensor:
    assert len(lengths) == batch
    return torch.arange(steps) < torch.tensor(lengths)[:, None]


def plain_bits(
    stack: EnvelopeStack, vector: Tensor, stretch: Tensor, *, history: Tensor | None = None
) -> Tensor:
    """Bits per step of one stretch: those of the movements about the mean, and those of their spread."""
    mean, spread = said(stack, vector)
    seen, scored = (
        torch.stack([(step - mean) / spread for step in steps])[None]
        for steps in (stack.frames(stretch) if history is None else history, stack.frames(stretch))
    )
    parameters, _ = stack.wavenet(seen, vector[None])
    log2_prob = stack.wavenet.output.log2_prob(parameters, scored)[0]
    return sum(math.log2(float(s)) for s in spread) - log2_prob.sum() / len(stretch)


@pytest.mark.parametrize("noise", [None, 0.1])
def test_bits_are_the_mean_score_of_the_known_steps(noise: float | None) -> None:
    stack, vector = envelope_stack(), vectors(2)
    stretch, known = spectra(24).view(2, 12, MELS), prefix(2, 12, 12, 7)
    history = None if noise is None else stack.frames(stretch) + noise * spectra(24)[:, 1:].view(2, 12, -1)
    with torch.no_grad():
        bits = stack.bits(vector, envelope_clip(stretch, known), history=history)
        for row, length in enumerate((12, 7)):
            past = None if history is None else history[row, :length]
            expected = plain_bits(stack, vector[row], stretch[row, :length], history=past)
            torch.testing.assert_close(bits[row], expected, rtol=1e-9, atol=1e-9)


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 999), noise=st.sampled_from([None, 0.0, 0.3]), size=st.floats(0.1, 5.0))
def test_a_moved_and_stretched_sound_costs_what_the_plain_one_does_and_its_spread(
    seed: int, noise: float | None, size: float
) -> None:
    """The law of a density whose variable is changed."""
    stack, vector, heard = envelope_stack(MELS), vectors(2, seed=seed), spectra(seed=seed)
    assume_that_all_moves([heard], MELS)
    stack.fit([heard])
    randomise(stack.moments, seed=seed)
    stack.moments.weight.data.mul_(size)
    plain = spectra(24, seed=seed + 1).view(2, 12, MELS)
    known = prefix(2, 12, 12, 7)
    with torch.no_grad():
        mean, spread = stack.expected(vector)
        moved = mean + spread * stack.frames(plain)
        stretch = stack.mean + moved @ torch.linalg.inv(stack.basis)
        past = None if noise is None else stack.frames(plain) + noise * spectra(24).view(2, 12, MELS)
        bits = stack.bits(
            vector, envelope_clip(stretch, known), history=None if past is None else mean + spread * past
        )
        expected = without_moments(stack).bits(vector, envelope_clip(plain, known), history=past)
    torch.testing.assert_close(bits, expected + spread.log2().sum((1, 2)), rtol=1e-7, atol=1e-7)


@settings(deadline=None, max_examples=20)
@given(mean=st.floats(-2.0, 2.0), spread=st.floats(-9.0, 9.0), seed=st.integers(0, 99))
def test_what_may_come_has_a_probability_of_one(mean: float, spread: float, seed: int) -> None:
    stack, places = envelope_stack(1), torch.linspace(-1, 1, 60_001, dtype=torch.float64)
    stack.fit([spectra()])
    stack.moments.weight.data.zero_()
    stack.moments.bias.data.copy_(torch.tensor([mean, spread]))
    vector = vectors(1, seed=seed)
    with torch.no_grad():
        centre, width = (float(part) for part in stack.expected(vector))
        grid = centre + 40 * width * places
        direction = stack.basis[:, 0] / (stack.basis[:, 0] @ stack.basis[:, 0])
        stretch = stack.mean + grid[:, None, None] * direction
        clip = envelope_clip(stretch, torch.ones(len(grid), 1, dtype=torch.bool))
        per_step = torch.exp2(-stack.bits(vector.expand(len(grid), -1), clip))
        total = torch.trapezoid(per_step / PCM_STEP, grid)
    assert float(total) == pytest.approx(1.0, abs=1e-6)


@settings(deadline=None, max_examples=40)
@given(length=st.integers(1, 11), seed=st.integers(0, 99), size=st.floats(0.0, 1e4))
def test_unknown_steps_do_not_count(length: int, seed: int, size: float) -> None:
    stack, vector = envelope_stack(), vectors(1)
    stretch, known = spectra(12)[None], prefix(1, 12, length)
    other = stretch.clone()
    other[:, length:] = size * spectra(12 - length, seed=seed)
    with torch.no_grad():
        bits = stack.bits(vector, envelope_clip(stretch, known))
        assert torch.equal(stack.bits(vector, envelope_clip(other, known)), bits)
        short = envelope_clip(stretch[:, :length], known[:, :length])
        torch.testing.assert_close(stack.bits(vector, short), bits, rtol=1e-9, atol=1e-9)


def test_unknown_steps_teach_nothing() -> None:
    stack = envelope_stack()
    stack.fit([spectra()])
    # As they come: zeros, far from any spectrum.
    stretch, known = spectra(12)[None].clone(), prefix(1, 12, 5)
    stretch[:, 5:] = 0.0
    stack.bits(vectors(1), envelope_clip(stretch, known)).sum().backward()
    scoring = [*stack.wavenet.parameters(), *stack.moments.parameters()]
    padded = [p.grad for p in scoring]
    stack.zero_grad()
    stack.bits(vectors(1), envelope_clip(stretch[:, :5], known[:, :5])).sum().backward()
    for with_unknown, weight in zip(padded, scoring, strict=True):
        assert with_unknown is not None
        assert weight.grad is not None
        torch.testing.assert_close(with_unknown, weight.grad, rtol=1e-9, atol=1e-9)


def test_a_stretch_of_which_nothing_is_known_costs_nothing() -> None:
    stack = envelope_stack()
    stretch = torch.zeros(2, 6, MELS, dtype=torch.float64)
    bits = stack.bits(vectors(2), envelope_clip(stretch, torch.zeros(2, 6, dtype=torch.bool)))
    assert torch.equal(bits, torch.zeros(2).double())
    bits.sum().backward()
    scoring = [*stack.wavenet.parameters(), *stack.moments.parameters()]
    assert all(p.grad is not None and not bool(p.grad.abs().max() > 0) for p in scoring)


@pytest.mark.parametrize("changed", [0, 3, 7])
def test_a_step_is_scored_from_those_before_it(changed: int) -> None:
    stack, vector = envelope_stack(), vectors(1)
    stretch = spectra(8)[None].clone()
    other = stretch.clone()
    other[:, changed] += 1.0
    for step in range(8):
        alone = torch.zeros(1, 8, dtype=torch.bool)
        alone[:, step] = True
        with torch.no_grad():
            before = stack.bits(vector, envelope_clip(stretch, alone))
            after = stack.bits(vector, envelope_clip(other, alone))
        sees = changed <= step <= changed + stack.wavenet.receptive_field
        assert torch.equal(before, after) is not sees


def test_a_history_is_seen_in_place_of_the_past_and_not_scored() -> None:
    stack, vector = envelope_stack(), vectors(1)
    clip = envelope_clip(spectra(8)[None], prefix(1, 8, 8))
    true = stack.frames(clip.stretch)
    with torch.no_grad():
        plain = stack.bits(vector, clip)
        assert torch.equal(stack.bits(vector, clip, history=true), plain)
        noisy = true + 0.1
        assert float((stack.bits(vector, clip, history=noisy) - plain).abs()) > 1e-3
        earlier_changed = true.clone()
        earlier_changed[:, -2] += 1.0
        assert not torch.equal(stack.bits(vector, clip, history=earlier_changed), plain)
        last_changed = true.clone()
        last_changed[:, -1] += 1.0
        torch.testing.assert_close(stack.bits(vector, clip, history=last_changed), plain)


def test_rows_of_a_batch_do_not_mix() -> None:
    stack, vector = envelope_stack(), vectors(3)
    clip = envelope_clip(spectra(30).view(3, 10, MELS), prefix(3, 10, 10, 4, 1))
    with torch.no_grad():
        together = stack.bits(vector, clip)
        alone = torch.cat(
            [stack.bits(vector[i : i + 1], EnvelopeClip(*(p[i : i + 1] for p in clip))) for i in range(3)]
        )
    torch.testing.assert_close(together, alone, rtol=1e-9, atol=1e-9)


def test_the_network_sees_frames_of_unit_level() -> None:
    stack = build_envelope(config_with_envelope(), knots_per_s=16.0)
    frames = torch.full((1, 1, COMPONENTS), EnvelopeStack.SPREAD)
    assert torch.equal(stack.wavenet.output.network_input(frames), torch.ones_like(frames))


def test_the_settings_decide_what_is_built() -> None:
    config = config_with_envelope(hops=3)
    model = PhotowaveModel(config, feature_dim=12)
    assert model.spectra is not None
    assert model.envelope is not None
    assert model.spectra.step == 3 * 32
    assert model.envelope.knots_per_s == model.spectra.knots_per_s == 2_000 / 96
    assert model.envelope.wavenet.dilations == (1, 2)
    assert model.envelope.basis.shape == (MELS, COMPONENTS)
    measured = model.spectra(torch.randn(1, 2_000))
    track = model.envelope.track(torch.zeros(1, CHANNELS), model.envelope.frames(measured), torch.zeros(1, 9))
    assert track.shape == (1, 9, config.conditioning.channels)
    assert build_spectra(config).step == model.spectra.step


def test_without_components_there_is_no_envelope() -> None:
    model = tiny_model(config_with_envelope(0))
    assert model.envelope is None
    assert model.spectra is None
    assert not any("envelope" in name or "spectra" in name for name in model.state_dict())


@pytest.mark.parametrize("conditioning", ["texture", "photo"])
def test_a_model_file_keeps_the_envelope(conditioning: str, tmp_path: Path) -> None:
    config = config_with_envelope()
    config = dataclasses.replace(
        config, conditioning=dataclasses.replace(config.conditioning, kind=conditioning)
    )
    model = tiny_model(config)
    assert model.envelope is not None
    model.envelope.fit([spectra().float()])
    assert bool((model.envelope.moments.weight != 0).all())
    path = tmp_path / "model.safetensors"
    save_model(model, path, encoder_fingerprint="abc")
    loaded = load_model(path).model
    assert loaded.config == config
    before, after = model.state_dict(), loaded.state_dict()
    assert {name: t.dtype for name, t in before.items()} == {name: t.dtype for name, t in after.items()}
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert loaded.envelope is not None
    assert loaded.spectra is not None
    assert loaded.envelope.knots_per_s == model.envelope.knots_per_s
    measured = loaded.spectra(torch.randn(1, 2_000, generator=torch.Generator().manual_seed(0)))
    clip = envelope_clip(measured, torch.ones(measured.shape[:2], dtype=torch.bool))
    vector = vectors(1).float()
    with torch.no_grad():
        assert torch.equal(loaded.envelope.bits(vector, clip), model.envelope.bits(vector, clip))
        assert torch.equal(
            loaded.envelope.knots(vector, loaded.envelope.frames(measured)),
            model.envelope.knots(vector, model.envelope.frames(measured)),
        )


def corrected(stack: EnvelopeStack, *, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Correct on three like stretches; their vectors, what was drawn for them, and the real frames."""
    generator = torch.Generator().manual_seed(seed)
    stack.fit([spectra()])
    real = stack.frames(spectra(30, seed=seed + 1))
    drawn = 0.2 + 0.1 * torch.randn(1, 40, COMPONENTS, generator=generator, dtype=torch.float64)
    vector = vectors(1, seed=seed)
    stack.correct(
        vector.expand(3, -1),
        drawn.expand(3, -1, -1),
        mean=real.mean(0).expand(3, -1),
        spread=real.std(0, correction=0).expand(3, -1),
        weights=torch.tensor([1.0, 0.5, 2.0]),
    )
    return vector, drawn, real


@pytest.mark.parametrize("seed", range(4))
@torch.no_grad()
def test_corrected_free_runs_have_mean_and_spread_of_the_recording(seed: int) -> None:
    stack = envelope_stack()
    vector, movements, real = corrected(stack, seed=seed)
    mean, spread = stack.drawn(vector)
    drawn = mean + spread * movements
    torch.testing.assert_close(drawn.mean(1)[0], real.mean(0))
    torch.testing.assert_close(drawn.std(1, correction=0)[0], real.std(0, correction=0))


@torch.no_grad()
def test_scores_do_not_hang_on_the_correction() -> None:
    stack, vector = envelope_stack(), vectors(2)
    clip = EnvelopeClip(
        torch.zeros(2, 0, MELS), torch.zeros(2), spectra(20).view(2, 10, MELS), torch.ones(2, 10).bool()
    )
    before, expected = stack.bits(vector, clip), stack.expected(vector)
    stack.correction.zero_()
    for told, drawn in zip(expected, stack.drawn(vector), strict=True):
        assert torch.equal(told, drawn)
    torch.nn.init.normal_(stack.correction)
    assert torch.equal(stack.bits(vector, clip), before)
    assert all(map(torch.equal, stack.expected(vector), expected))
    assert not any(map(torch.equal, stack.drawn(vector), expected))


@torch.no_grad()
def test_what_is_kept_comes_back_within_half_a_step() -> None:
    kept = KeptEnvelopes(entries=3, knots=20, mels=5, components=4, channels=6, knots_per_s=50.0)
    generator = torch.Generator().manual_seed(0)
    spectra = torch.randn(12, 5, generator=generator)
    kept.fit([spectra])
    kept.keep(1, spectra)
    frames = kept.frames(spectra)
    assert kept.stretch(1).shape == (12, 4)
    step = kept.SPREAD / kept.STEPS_PER_SPREAD
    assert float((kept.stretch(1) - frames).abs().max()) <= step / 2 + 1e-6
    kept.keep(2, torch.cat([spectra, spectra]))
    assert kept.stretch(2).shape == (20, 4)


@torch.no_grad()
def test_a_coder_that_knows_only_the_spread_pays_for_what_moves() -> None:
    kept = KeptEnvelopes(entries=1, knots=20, mels=5, components=4, channels=6, knots_per_s=50.0)
    kept.fit([torch.randn(50, 5, generator=torch.Generator().manual_seed(0))])
    still = kept.mean.expand(2, 10, -1)
    moved = still + torch.tensor([0.0, 1.0])[:, None, None]
    known = torch.ones(2, 10, dtype=torch.bool)
    clip = EnvelopeClip(moved, torch.zeros(2), moved, known)
    bits = kept.bits(torch.zeros(2, 6), clip)
    normal = torch.distributions.Normal(0.0, kept.SPREAD)
    expected = -(normal.log_prob(kept.frames(moved)) / math.log(2) - 15).sum(-1).mean(1)
    torch.testing.assert_close(bits, expected)
    assert float(bits[1]) > float(bits[0])


@torch.no_grad()
def test_powers_come_back_within_half_a_step_and_short_ones_go_on_as_they_end() -> None:
    regions = PowerRegions(5, bands=16, sample_rate=16_000)
    kept = KeptEnvelopes(
        entries=2, knots=4, frames=9, regions=regions, mels=5, components=2, channels=6, knots_per_s=50.0
    )
    frames = 0.1 * torch.randn(6, 16, generator=torch.Generator().manual_seed(0))
    kept.keep_powers(1, frames)
    kept.known[1] = 4
    powers = kept.log_powers(1)
    assert powers is not None
    assert powers.shape == (9, regions.count)
    off_db = (powers[:6] - regions.power(frames).log()).abs().max() * 10 / math.log(10)
    assert float(off_db) <= 0.375 + 1e-4
    assert torch.equal(powers[6:], powers[5:6].expand(3, -1))
    kept.known[1] = 2  # half of the stretch
    assert torch.equal(kept.log_powers(1), powers[:4])
    kept.level_powers(1, math.log(0.1))
    levelled = kept.log_powers(1)
    assert levelled is not None
    assert abs(10 * math.log10(float(levelled.exp().sum(-1).mean()) / 16) + 20) <= 0.375 + 1e-4
    shift = levelled - powers[:4]
    assert torch.equal(shift, shift[:1, :1].expand_as(shift))
    unheld = KeptEnvelopes(entries=2, knots=4, mels=5, components=2, channels=6, knots_per_s=50.0)
    assert unheld.log_powers(1) is None
    assert "powers" not in unheld.state_dict()
