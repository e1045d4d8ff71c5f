"""Powers that were kept of recordings are those of the frames that are drawn, along the same way."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import randomise, tiny_config, tiny_model

from photowave.generation.kept_sampler import KeptSampler
from photowave.generation.samplers import build_sampler, pack_model
from photowave.model import KeptEnvelopes, PhotowaveModel, TextureConditioner
from photowave.settings import DrawSettings, EnvelopeConfig

FRAMES_PER_KNOT = 441 / 320  # 44.1 kHz in 512 bands beside 62.5 steps a second


def ramps(steps: int) -> KeptSampler:
    """A sampler whose components and powers both say how many steps into the stretch one is."""
    stretch = torch.arange(steps, dtype=torch.float32)[:, None].expand(-1, 2)
    frames = torch.arange(round(steps * FRAMES_PER_KNOT), dtype=torch.float32)[:, None].expand(-1, 3)
    return KeptSampler(
        [stretch] * 2,
        seeds=[3, 4],
        knots_per_s=62.5,
        powers=[frames / FRAMES_PER_KNOT] * 2,
        frames_per_knot=FRAMES_PER_KNOT,
    )


def test_powers_follow_the_way_of_the_components() -> None:
    sampler = ramps(625)
    steps = sampler.draw(1_000)[..., 0]
    powers = sampler.powers(0, 1_300)
    assert powers is not None
    places = torch.arange(1_300) / FRAMES_PER_KNOT
    below = places.long()
    at = steps[:, below] + (places - below).float()
    # In a fade both are mixtures of two places.
    still = ((steps[:, below + 1] - steps[:, below] - 1).abs() < 1e-3) & (steps[:, below].frac() < 1e-3)
    off = (powers[..., 0] - at).abs()[still]
    assert float(still.float().mean()) > 0.9
    assert float(off.max()) <= 0.5 / FRAMES_PER_KNOT + 1e-3
    inside = still[:, 1:] & still[:, :-1]
    forward = (powers[..., 0].diff(dim=1) * FRAMES_PER_KNOT)[inside]
    # Within a piece no frame is left out, and none comes twice.
    assert float((forward - 1).abs().lt(1e-2).float().mean()) > 0.99


@settings(deadline=None, max_examples=30)
@given(blocks=st.lists(st.integers(1, 90), min_size=1, max_size=8))
def test_they_do_not_depend_on_how_they_are_asked_for(blocks: list[int]) -> None:
    whole = ramps(300)
    whole.draw(700)
    expected = whole.powers(0, sum(blocks))
    sampler, first, parts = ramps(300), 0, []
    sampler.draw(700)
    for count in blocks:
        part = sampler.powers(first, count)
        assert part is not None
        parts.append(part)
        first += count
    assert expected is not None
    assert torch.equal(torch.cat(parts, 1), expected)


def test_no_way_is_gathered_that_nobody_asks_for() -> None:
    unheld = KeptSampler([torch.zeros(100, 2)], seeds=[0], knots_per_s=62.5)
    unheld.draw(500)
    assert unheld.powers(0, 10) is None
    assert not unheld._paths[0]._way
    held = ramps(300)
    for block in range(5):
        held.draw(100)
        held.powers(block * 120, 120)
        assert len(held._paths[0]._way) <= 200


def held_model() -> PhotowaveModel:
    kept = EnvelopeConfig(kind="kept", components=2, kept_s=6.0, hops=1, regions=7)
    model = tiny_model(replace(tiny_config("spectral", 16), envelope=kept))
    randomise(model, seed=5)
    envelope, generator = model.envelope, torch.Generator().manual_seed(1)
    assert isinstance(envelope, KeptEnvelopes)
    assert isinstance(model.conditioner, TextureConditioner)
    model.conditioner.groups.copy_(torch.arange(64) % 4)
    envelope.known.fill_(envelope.stretches.shape[1])
    envelope.stretches.copy_(torch.randint(-40, 41, envelope.stretches.shape, generator=generator))
    envelope.powers.copy_(torch.randint(-60, 1, envelope.powers.shape, generator=generator))
    return model


@torch.no_grad()
@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("guidance", [1.0, 2.0])
@pytest.mark.parametrize("temperature", [0.7, 1.5])
def test_drawn_frames_have_the_powers_that_were_kept(
    compiled: bool, guidance: float, temperature: float
) -> None:
    model = held_model()
    assert isinstance(model.conditioner, TextureConditioner)
    assert isinstance(model.envelope, KeptEnvelopes)
    assert model.envelope.regions is not None
    sampler = build_sampler(
        model,
        pack_model(model) if compiled else {},
        DrawSettings(guidance=guidance, temperature=temperature),
        vectors=model.conditioner.entry_vector(torch.tensor([3, 8])),
        seeds=[1, 2],
    )
    drawn = model.envelope.regions.power(sampler.draw(1_500)).log()
    calm = min(temperature, 1.0)
    for entry, powers in zip((3, 8), drawn, strict=True):
        kept = model.envelope.log_powers(entry)
        assert kept is not None
        mean = kept.mean(0)
        kept = mean + calm * (kept - mean)
        off = torch.cdist(powers, kept, compute_mode="donot_use_mm_for_euclid_dist").amin(1)
        assert float((off < 1e-2).float().mean()) > 0.85  # the others lie in a fade between two pieces


@torch.no_grad()
def test_the_plain_path_draws_what_the_compiled_one_draws() -> None:
    model = held_model()
    assert isinstance(model.conditioner, TextureConditioner)
    vectors = model.conditioner.entry_vector(torch.tensor([3, 8]))
    packed, plain = (
        build_sampler(model, weights, DrawSettings(), vectors=vectors, seeds=[1, 2])
        for weights in (pack_model(model), {})
    )
    # Later than this, rounding has been drawn from for too long.
    torch.testing.assert_close(packed.draw(40), plain.draw(40), rtol=1e-3, atol=1e-3)
    assert packed.draw(1_100).isfinite().all()


@torch.no_grad()
def test_company_and_pieces_change_nothing() -> None:
    model = held_model()
    assert isinstance(model.conditioner, TextureConditioner)
    vectors, packed = model.conditioner.entry_vector(torch.arange(3)), pack_model(model)
    together = build_sampler(model, packed, DrawSettings(), vectors=vectors, seeds=[1, 2, 3]).draw(1_200)
    alone = build_sampler(model, packed, DrawSettings(), vectors=vectors[1:2], seeds=[2])
    pieces = torch.cat([alone.draw(count) for count in (1, 30, 993, 176)], 1)
    assert torch.equal(pieces, together[1:2])
