"""The envelope's frames are principal components; the track and the bits are what their formulas say."""

import dataclasses
import math
from pathlib import Path

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tiny_models import randomise, tiny_config, tiny_model
from torch import Tensor

from photowave.checkpoint import load_model, save_model
from photowave.config import EnvelopeConfig, ModelConfig
from photowave.model import EnvelopeClip, EnvelopeStack, PhotowaveModel, build_envelope, build_spectra

MELS, COMPONENTS, CHANNELS = 4, 3, 6


def config_with_envelope(components: int = COMPONENTS, **changes: int) -> ModelConfig:
    """The tiny model with an envelope of few steps."""
    small = {"channels": 5, "skip_channels": 7, "dilations": (1, 2), "mixtures": 2}
    envelope = EnvelopeConfig(components=components, **{**small, **changes})
    return dataclasses.replace(tiny_config("mixture", 2), envelope=envelope)


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


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 999),
    components=st.integers(1, MELS),
    knots=st.integers(MELS + 1, 200),
    size=st.floats(0.1, 10.0),
)
def test_frames_of_what_was_fitted_are_centred_equally_spread_and_uncorrelated(
    seed: int, components: int, knots: int, size: float
) -> None:
    stack, known = envelope_stack(components), size * spectra(knots, seed=seed)
    least = float(torch.linalg.svdvals(known - known.mean(0))[components - 1]) / math.sqrt(knots)
    assume(least > 2e-3)  # else it counts as still
    stack.fit(known)
    frames = stack.frames(known)
    assert frames.shape == (knots, components)
    torch.testing.assert_close(frames.mean(0), torch.zeros(components).double(), rtol=0, atol=1e-9)
    expected = EnvelopeStack.SPREAD**2 * torch.eye(components).double()
    torch.testing.assert_close(frames.t() @ frames / knots, expected, rtol=0, atol=1e-9)


def test_the_directions_that_move_most_are_kept() -> None:
    stack, known = envelope_stack(2), spectra()
    stack.fit(known)
    values, axes = torch.linalg.eigh((known - known.mean(0)).t().cov(correction=0))
    for column, (value, axis) in enumerate(zip(values.flip(0)[:2], axes.t().flip(0)[:2], strict=True)):
        found = stack.basis[:, column]
        sign = torch.sign(found @ axis)
        expected = sign * axis * EnvelopeStack.SPREAD / value.sqrt()
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)


def test_single_precision_is_enough() -> None:
    stack, known = envelope_stack().float(), spectra(5_000).float()
    stack.fit(known)
    frames = stack.frames(known)
    assert float(frames.mean(0).abs().max()) < 1e-3 * EnvelopeStack.SPREAD
    expected = torch.full((COMPONENTS,), EnvelopeStack.SPREAD)
    torch.testing.assert_close(frames.std(0, correction=0), expected, rtol=1e-3, atol=0)


@pytest.mark.parametrize("knots", [1, 50])
@pytest.mark.parametrize("rounding", [0.0, 1e-6])
def test_a_constant_spectrum_gives_still_frames(knots: int, rounding: float) -> None:
    stack = envelope_stack(MELS)
    constant = spectra(1).expand(knots, -1)
    stack.fit(constant + rounding * spectra(knots, seed=1))
    assert float(stack.frames(constant).abs().max()) < 0.02 * EnvelopeStack.SPREAD
    # Nor does another spectrum blow up: a spread of less than 0.001 nepers counts as that much.
    assert float(torch.linalg.matrix_norm(stack.basis, 2)) <= EnvelopeStack.SPREAD / 1e-3 * (1 + 1e-9)


def test_a_band_that_never_moves_changes_no_frame() -> None:
    stack, known = envelope_stack(MELS), spectra()
    known[:, 1] = math.log(1e-5)
    stack.fit(known)
    frames = stack.frames(known)
    moving = torch.tensor([EnvelopeStack.SPREAD] * 3 + [0.0]).double()
    torch.testing.assert_close(frames.std(0, correction=0), moving, rtol=0, atol=1e-9)


def test_fewer_knots_than_components_leave_the_rest_at_zero() -> None:
    stack = envelope_stack(MELS)
    stack.fit(spectra())
    assert bool((stack.basis != 0).all())
    few = spectra(2, seed=5)
    stack.fit(few)
    assert torch.equal(stack.basis[:, 2:], torch.zeros(MELS, 2).double())
    frames = stack.frames(few)
    # Two knots lie on one line: one spread to either side of their mean.
    torch.testing.assert_close(frames[:, 0].abs(), torch.full((2,), EnvelopeStack.SPREAD).double())
    torch.testing.assert_close(frames.sum(0), torch.zeros(MELS).double(), rtol=0, atol=1e-9)
    assert float(frames[:, 1:].abs().max()) < 1e-9


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


def envelope_clip(stretch: Tensor, known: Tensor) -> EnvelopeClip:
    batch = len(stretch)
    return EnvelopeClip(stretch[:, :2], torch.zeros(batch).double(), stretch, known)


def prefix(batch: int, steps: int, *lengths: int) -> Tensor:
    assert len(lengths) == batch
    return torch.arange(steps) < torch.tensor(lengths)[:, None]


def test_bits_are_the_mean_score_of_the_known_steps() -> None:
    stack, vector = envelope_stack(), vectors(2)
    stretch, known = spectra(24).view(2, 12, MELS), prefix(2, 12, 12, 7)
    frames = stack.frames(stretch)
    with torch.no_grad():
        bits = stack.bits(vector, envelope_clip(stretch, known))
        parameters, _ = stack.wavenet(frames, vector)
        scores = stack.wavenet.output.log2_prob(parameters, frames)
    expected = torch.stack([-scores[0].mean(), -scores[1, :7].mean()])
    torch.testing.assert_close(bits, expected, rtol=1e-9, atol=1e-9)


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
    stack.fit(spectra())
    # As they come: zeros, far from any spectrum.
    stretch, known = spectra(12)[None].clone(), prefix(1, 12, 5)
    stretch[:, 5:] = 0.0
    stack.bits(vectors(1), envelope_clip(stretch, known)).sum().backward()
    padded = [p.grad for p in stack.wavenet.parameters()]
    stack.zero_grad()
    stack.bits(vectors(1), envelope_clip(stretch[:, :5], known[:, :5])).sum().backward()
    for with_unknown, weight in zip(padded, stack.wavenet.parameters(), strict=True):
        assert with_unknown is not None
        assert weight.grad is not None
        torch.testing.assert_close(with_unknown, weight.grad, rtol=1e-9, atol=1e-9)


def test_a_stretch_of_which_nothing_is_known_costs_nothing() -> None:
    stack = envelope_stack()
    stretch = torch.zeros(2, 6, MELS, dtype=torch.float64)
    bits = stack.bits(vectors(2), envelope_clip(stretch, torch.zeros(2, 6, dtype=torch.bool)))
    assert torch.equal(bits, torch.zeros(2).double())
    bits.sum().backward()
    assert all(p.grad is not None and not bool(p.grad.abs().max() > 0) for p in stack.wavenet.parameters())


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
        parameters, _ = stack.wavenet(noisy, vector)
        expected = -stack.wavenet.output.log2_prob(parameters, true).mean(1)
        torch.testing.assert_close(stack.bits(vector, clip, history=noisy), expected, rtol=1e-9, atol=1e-9)
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
    model.envelope.fit(spectra().float())
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
