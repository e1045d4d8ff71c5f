"""Free runs of a spectral decoder come out as loud as they should, cell by cell."""

from dataclasses import replace

import pytest
import torch
from tiny_models import tiny_config, tiny_model

from photowave.calibration import settling
from photowave.calibration.export import finish, needs_finishing
from photowave.calibration.settling import settle
from photowave.calibration.strays import leave_out
from photowave.checkpoint import TrainedModel
from photowave.generation.samplers import build_sampler, pack_model
from photowave.model import KeptEnvelopes, PhotowaveModel, TextureConditioner
from photowave.model.conditioning import NEVER
from photowave.settings import DrawSettings, EnvelopeConfig
from photowave.wavenet import SpectralOutput


@torch.no_grad()
def model_of(*, components: int = 0) -> tuple[PhotowaveModel, TextureConditioner]:
    """A model whose free runs are too loud; four groups of textures."""
    small = EnvelopeConfig(components=components, channels=4, skip_channels=6, dilations=(1, 2), mixtures=2)
    model = tiny_model(replace(tiny_config("spectral", 16), envelope=small))
    if model.envelope is not None:  # it moves all cells alike, about no mean
        model.envelope.moments.weight.zero_()
        model.envelope.moments.bias.zero_()
        model.envelope.correction.zero_()
        model.envelope.levels.fill_(0.02)
        model.conditioner.codebook[:, : len(model.envelope.mean)] = model.envelope.mean
    conditioner = model.conditioner
    assert isinstance(conditioner, TextureConditioner)
    conditioner.groups.copy_(torch.arange(64) % 4)
    conditioner.prior.bias.data.zero_()
    # A network that always adds a little, more in high cells, which its own past makes much.
    assert conditioner.usual is not None
    conditioner.usual.weight.data.zero_()
    conditioner.usual.bias.data.fill_(-1.0)
    model.wavenet.project.weight.data.zero_()
    model.wavenet.project.bias.data.zero_()
    output = model.wavenet.output
    assert isinstance(output, SpectralOutput)
    first = output.mixtures
    adds = torch.linspace(0.0, 0.4, output.cells).repeat(output.mixtures)
    model.wavenet.project.bias.data[first : first + len(adds)] = adds
    return model, conditioner


@torch.no_grad()
def free_run(model: PhotowaveModel, vectors: torch.Tensor) -> torch.Tensor:
    """Frames for other random numbers than those that settling uses, [sounds, frames, bands]."""
    seeds = list(range(1_000, 1_000 + len(vectors)))
    sampler = build_sampler(model, pack_model(model), DrawSettings(), vectors=vectors, seeds=seeds)
    return sampler.draw(750)[:, 125:]


@torch.no_grad()
def unlike_and_level(model: PhotowaveModel, conditioner: TextureConditioner) -> tuple[float, torch.Tensor]:
    """How far free runs are from the shape that is wanted, and the level of each in dB."""
    output, kept = model.wavenet.output, ~conditioner.left_out
    assert isinstance(output, SpectralOutput)
    told = conditioner.texture_vector(conditioner.codebook)[:, conditioner.channels :]
    drawn = free_run(model, conditioner.entry_vector(torch.arange(64))[kept])
    missed = output.loudness(drawn).mean(1) - told[kept]
    unlike = float((missed - missed.mean(1, keepdim=True)).square().mean())
    return unlike, 10 * drawn.square().mean((1, 2)).log10()


def test_free_runs_have_the_shape_that_the_texture_tells_and_the_level_of_recordings() -> None:
    model, conditioner = model_of()
    conditioner.correction.zero_()
    before, _ = unlike_and_level(model, conditioner)
    settle(model)
    after, level_db = unlike_and_level(model, conditioner)
    assert after < 0.2 * before
    off_db = level_db - model.config.audio.rms_dbfs
    assert abs(float(off_db.mean())) < 0.5
    assert float(off_db.abs().max()) < settling.MOST_OFF_DB


def test_with_an_envelope_they_do_so_on_average() -> None:
    model, conditioner = model_of(components=3)
    conditioner.correction.zero_()
    before, _ = unlike_and_level(model, conditioner)
    settle(model)
    after, level_db = unlike_and_level(model, conditioner)
    assert after < 0.2 * before
    assert abs(float(level_db.mean()) - model.config.audio.rms_dbfs) < 0.5


def test_what_stays_off_is_left_out_but_not_all_of_a_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "MOST_OFF_DB", 0.0)
    model, conditioner = model_of()
    settle(model)
    kept = ~conditioner.left_out
    assert torch.bincount(conditioner.groups[kept]).tolist() == [4, 4, 4, 4]


def test_those_that_come_nearest_are_kept() -> None:
    _, conditioner = model_of()
    distance = torch.arange(64) / 10.0
    leave_out(conditioner, distance, most=0.95)
    assert (~conditioner.left_out).nonzero().flatten().tolist() == list(range(16))
    leave_out(conditioner, distance, most=4.05)
    assert (~conditioner.left_out).nonzero().flatten().tolist() == list(range(41))


def test_finishing_settles_a_spectral_model_and_leaves_others_alone() -> None:
    model, conditioner = model_of()
    trained = TrainedModel(model, "abc", None)
    assert needs_finishing(trained)
    before = conditioner.correction.clone()
    assert finish(trained)
    assert not torch.equal(conditioner.correction, before)
    assert not finish(TrainedModel(tiny_model(tiny_config("mixture", 4)), "abc", None))


@torch.no_grad()
def test_what_a_short_run_heard_of_a_kept_envelope_by_chance_does_not_set_its_level() -> None:
    small = EnvelopeConfig(kind="kept", components=2, kept_s=6.0, hops=1)
    model = tiny_model(replace(tiny_config("spectral", 16), envelope=small))
    conditioner, envelope = model.conditioner, model.envelope
    assert isinstance(conditioner, TextureConditioner)
    assert isinstance(envelope, KeptEnvelopes)
    assert conditioner.usual is not None
    conditioner.prior.bias.data.fill_(2 * NEVER)
    conditioner.prior.bias.data[:8] = 0.0  # few are settled, which takes less time
    conditioner.groups.copy_(torch.arange(64) % 4)
    conditioner.usual.weight.data.zero_()
    conditioner.usual.bias.data.fill_(-1.0)
    model.wavenet.project.weight.data.zero_()
    model.wavenet.project.bias.data.zero_()
    # The middle of the stretch is 17 dB louder: five seconds may hear little of it, or all of it twice.
    envelope.levels.zero_()
    envelope.levels[:, 0] = 2.0  # and the second tells places apart
    envelope.network[-1].weight.zero_()
    envelope.network[-1].bias.zero_()
    steps = envelope.stretches.shape[1]
    envelope.stretches.zero_()
    envelope.stretches[:, 2 * steps // 5 : 3 * steps // 5, 0] = 127
    noise = torch.randint(-8, 9, envelope.stretches[..., 1].shape, generator=torch.Generator().manual_seed(0))
    envelope.stretches[..., 1] = noise
    envelope.known.fill_(steps)
    settle(model)
    entries = torch.arange(8)
    sampler = build_sampler(
        model,
        pack_model(model),
        DrawSettings(),
        vectors=conditioner.entry_vector(entries),
        seeds=list(range(100, 108)),
    )
    drawn = sampler.draw(round(60 * model.config.audio.frame_rate))
    level_db = 10 * drawn.square().mean((1, 2)).log10()
    assert float((level_db - model.config.audio.rms_dbfs).abs().mean()) < 1.5


@torch.no_grad()
def test_where_powers_are_held_they_are_levelled_and_cells_corrected_beside_each_other() -> None:
    held = EnvelopeConfig(kind="kept", components=2, kept_s=2.0, hops=1, regions=7)
    model = tiny_model(replace(tiny_config("spectral", 16), envelope=held))
    conditioner, envelope = model.conditioner, model.envelope
    assert isinstance(conditioner, TextureConditioner)
    assert isinstance(envelope, KeptEnvelopes)
    conditioner.prior.bias.data.fill_(2 * NEVER)
    conditioner.prior.bias.data[:8] = 0.0  # few are settled, which takes less time
    conditioner.groups.copy_(torch.arange(64) % 4)
    envelope.known.fill_(envelope.stretches.shape[1])
    generator = torch.Generator().manual_seed(0)
    envelope.powers.copy_(torch.randint(-70, -20, envelope.powers.shape, generator=generator))
    settle(model)
    output, regions = model.wavenet.output, envelope.regions
    assert isinstance(output, SpectralOutput)
    assert regions is not None
    assert bool(conditioner.correction[:8].any())
    for region in range(int(regions.index[output.own])):  # those of low bands alone
        inside = conditioner.correction[:, : output.own][:, regions.index[: output.own] == region]
        assert float(inside.mean(1).abs().max()) < 1e-4
    vectors, seeds = conditioner.entry_vector(torch.arange(8)), list(range(8))
    sampler = build_sampler(model, pack_model(model), DrawSettings(), vectors=vectors, seeds=seeds)
    sounds = sampler.draw(round(20 * model.config.audio.frame_rate))
    level_db = 10 * sounds.square().mean((1, 2)).log10()
    torch.testing.assert_close(
        level_db, torch.full_like(level_db, model.config.audio.rms_dbfs), rtol=0, atol=1.0
    )
