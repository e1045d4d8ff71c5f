"""A model with an envelope: it learns both stacks, goes on bit by bit, is exported and draws."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import lightning as L
import pytest
import torch
from PIL import Image
from tiny_scenes import RATE, tiny_config
from torch import Tensor

from photowave.calibration.export import finish
from photowave.checkpoint import load_model, load_training_checkpoint, save_model
from photowave.generation import SoundscapeGenerator
from photowave.model import EnvelopeClip, PhotowaveModel
from photowave.model.scoring import bits_in_all, bits_per_sample, follow
from photowave.pairs.clips import Clip
from photowave.settings import CheckpointSettings, ModelConfig, PreviewSettings
from photowave.training.averaging import MovingAverage
from photowave.training.checkpoints import RunCheckpoints
from photowave.training.previews import Previews
from photowave.training.task import SoundscapeTask
from photowave.wavenet import MixtureOutput
from photowave.wavenet.track import interpolate

Make = Callable[..., Any]


class Steps(L.Callback):
    """Keeps each loss and what it is made of, and the scores; kills the run before a step if told."""

    def __init__(self, kill_before: int | None = None) -> None:
        self.found: list[tuple[float, ...]] = []
        self.scores: list[dict[str, float]] = []
        self.kill_before = kill_before

    def on_train_batch_start(self, trainer: Any, *args: Any) -> None:
        if trainer.global_step == self.kill_before:
            raise ZeroDivisionError

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, *args: Any) -> None:
        loss, decoder = float(outputs["loss"]), float(outputs["bits_per_sample"])
        self.found.append((loss, decoder, loss - decoder))

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        metrics = trainer.callback_metrics
        self.scores.append({name: float(v) for name, v in metrics.items() if name.startswith("val/")})


def config_of(kind: str = "texture", *, dropout: float | None = None, **wavenet: Any) -> ModelConfig:
    config = tiny_config(kind, components=3, **wavenet)
    if dropout is None:
        return config
    return replace(config, conditioning=replace(config.conditioning, dropout=dropout))


@pytest.mark.parametrize(
    ("kind", "output", "bands", "dropout"),
    [
        ("texture", "softmax", 1, None),
        ("texture", "mixture", 2, 0.5),
        ("photo", "mixture", 4, None),
        ("photo", "softmax", 1, 0.0),
    ],
)
def test_both_stacks_learn(
    kind: str,
    output: str,
    bands: int,
    dropout: float | None,
    make_training: Make,
    make_trainer: Make,
) -> None:
    steps = Steps()
    config = config_of(kind, dropout=dropout, output=output, bands=bands, mixtures=2)
    task, data = make_training(
        config, learning_rate=1e-2, warmup_steps=5, history_noise=0.1, dither_dbfs=-60, envelope_share=1.0,
        data={"clips_per_epoch": 20},
    )  # fmt: skip
    trainer = make_trainer(max_steps=50, callbacks=[steps, MovingAverage()])
    trainer.fit(task, datamodule=data)
    for kept in (1, 2):
        losses = [step[kept] for step in steps.found]
        assert sum(losses[-5:]) < sum(losses[:5]) - 5 * 0.2
    for name in ("val/bits_per_sample", "val/bits_per_component"):
        assert steps.scores[-1][name] < steps.scores[0][name]
    assert {"val/bits_per_sample_photo", "val/photo_swap_gain"} <= set(steps.scores[-1])


@pytest.mark.parametrize("kind", ["texture", "photo"])
def test_conditioning_learns_where_the_components_are(
    kind: str, make_training: Make, make_trainer: Make
) -> None:
    task, data = make_training(
        config_of(kind), learning_rate=1e-2, warmup_steps=5, envelope_share=1.0, data={"clips_per_epoch": 60}
    )
    make_trainer(max_steps=60).fit(task, datamodule=data)
    envelope = task.model.envelope
    assert envelope is not None
    clips = data.parts["val"].clips(clip_s=0.2, count=16, seed=0)
    loader = torch.utils.data.DataLoader(clips, batch_size=16)
    batch: Clip = next(iter(loader))
    with torch.no_grad():
        expected, _ = envelope.expected(
            task.model.conditioner.training_vector(batch["features"], batch["texture"])
        )
        found = envelope.frames(batch["envelope"].stretch).mean(1)
    # The first component tells hiss from rumble.
    assert found[:, 0].std() > 0.5 * envelope.SPREAD
    before = found[:, 0].square().mean()
    after = (found - expected[:, 0])[:, 0].square().mean()
    assert after < 0.5 * before


@pytest.mark.parametrize("kind", ["texture", "photo"])
def test_after_its_share_the_coarser_stack_rests_and_the_decoder_goes_on(
    kind: str, make_training: Make, make_trainer: Make
) -> None:
    class Kept(L.Callback):
        weights: list[dict[str, Tensor]] = []  # noqa: RUF012

        def on_train_batch_start(self, trainer: Any, pl_module: Any, *args: Any) -> None:
            self.weights.append(
                {name: weight.detach().clone() for name, weight in pl_module.named_parameters()}
            )

    kept = Kept()
    task, data = make_training(config_of(kind), warmup_steps=0, envelope_share=0.5)
    make_trainer(max_steps=8, callbacks=[kept]).fit(task, datamodule=data)
    kept.on_train_batch_start(None, task)  # as it is at the end
    learned = {name for name, weight in task.named_parameters() if weight.requires_grad}
    coarse = {n for n in learned if n.startswith(("model.envelope.wavenet", "model.envelope.moments"))}
    coarse |= {name for name in learned if name.startswith("model.conditioner")}
    assert len(learned) > len(coarse) > 0
    assert any(name.startswith("model.envelope.network") for name in learned - coarse)
    for step, (before, after) in enumerate(pairwise(kept.weights)):
        changed = {name for name in learned if not torch.equal(before[name], after[name])}
        # Step 4 is the last of its half.
        assert changed - coarse
        assert bool(changed & coarse) == (step <= 4), step


@pytest.mark.parametrize(("kind", "dropout"), [("texture", 0.1), ("texture", 0.0), ("photo", 0.1)])
def test_every_learned_weight_has_a_gradient_in_every_step(
    kind: str, dropout: float, make_training: Make, make_trainer: Make
) -> None:
    """Several processes wait for the gradients of all weights; one that is left out stops them."""

    class Missing(L.Callback):
        found: list[str] = []  # noqa: RUF012

        def on_after_backward(self, trainer: Any, pl_module: Any) -> None:
            learned = ((n, p) for n, p in pl_module.named_parameters() if p.requires_grad)
            self.found += [name for name, parameter in learned if parameter.grad is None]

    missing = Missing()
    task, data = make_training(config_of(kind, dropout=dropout))
    make_trainer(max_steps=3, callbacks=[missing]).fit(task, datamodule=data)
    assert missing.found == []


@pytest.mark.parametrize("share", [0.25, 0.8])
def test_killed_run_goes_on_bit_by_bit_and_its_export_draws(
    share: float, make_training: Make, make_trainer: Make, tmp_path: Path
) -> None:
    def fit(folder: str, *, resume: bool = False, kill_before: int | None = None) -> tuple[Steps, Any]:
        steps = Steps(kill_before)
        checkpoints = RunCheckpoints(CheckpointSettings(every_minutes=0.0, dirpath=str(tmp_path / folder)))
        task, data = make_training(
            config_of(output="mixture", bands=2, mixtures=2, dropout=0.3),
            history_noise=0.1, history_gain=0.4, dither_dbfs=-60, matmul_precision="medium",
            envelope_share=share,
        )  # fmt: skip
        trainer = make_trainer(
            max_steps=10, callbacks=[MovingAverage(), steps, checkpoints], enable_checkpointing=True
        )
        path = tmp_path / folder / "last.ckpt" if resume else None
        trainer.fit(task, datamodule=data, ckpt_path=path, weights_only=True)
        return steps, task

    whole, trained = fit("whole")
    with pytest.raises(ZeroDivisionError):
        fit("cut", kill_before=6)
    rest, again = fit("cut", resume=True)
    assert whole.found[6:] == rest.found
    assert whole.scores[-len(rest.scores) :] == rest.scores
    for (name, left), right in zip(trained.state_dict().items(), again.state_dict().values(), strict=True):
        assert torch.equal(left, right), name

    last = load_training_checkpoint(tmp_path / "cut" / "last.ckpt")
    assert finish(last)
    save_model(last.model, tmp_path / "tiny.safetensors", encoder_fingerprint=last.encoder_fingerprint)
    generator = SoundscapeGenerator(load_model(tmp_path / "tiny.safetensors"))
    photo = Image.new("RGB", (40, 30), (220, 40, 30))
    drawn = generator.generate(photo, duration_s=0.4, seed=1)
    assert drawn.samples.shape == (round(0.4 * RATE),)
    assert abs(drawn.samples).max() > 0
    assert (generator.generate(photo, duration_s=0.4, seed=1).samples == drawn.samples).all()
    assert (generator.generate(photo, duration_s=0.4, seed=2).samples != drawn.samples).any()
    led = generator.generate(photo, duration_s=0.4, seed=1, guidance=2.0)
    assert (led.samples != drawn.samples).any()


def test_previews_draw_and_leave_the_training_alone(make_training: Make, make_trainer: Make) -> None:
    task, data = make_training(config_of())
    make_trainer(max_steps=1).fit(task, datamodule=data)
    before = {name: value.clone() for name, value in task.state_dict().items()}
    sounds = Previews(data, PreviewSettings(duration_s=0.2)).draw(task, data.parts["val"].features)
    assert sounds.shape == (2, round(0.2 * RATE))
    assert all(torch.equal(value, before[name]) for name, value in task.state_dict().items())


@pytest.fixture
def calibrated(make_training: Make) -> tuple[SoundscapeTask, Clip]:
    """A task that has been measured out and trained on nothing, and a batch of its clips."""
    task, data = make_training(config_of(output="mixture", bands=2, mixtures=2))
    assert task.model.envelope is not None
    # Untrained, it expects the same of every sound.
    for parameter in task.model.envelope.moments.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    clips = data.parts["val"].clips(clip_s=0.2, count=6, seed=0)
    loader = torch.utils.data.DataLoader(clips, batch_size=6)
    return task, next(iter(loader))


def parts_of(task: SoundscapeTask, batch: Clip) -> tuple[PhotowaveModel, Tensor, Tensor, EnvelopeClip]:
    """Model, frames, the clips' own vectors and their envelopes."""
    model = task.model
    own = model.conditioner.training_vector(batch["features"], batch["texture"])
    return model, model.codec.encode(batch["samples"]), own, batch["envelope"]


@torch.no_grad()
def test_the_price_of_the_envelope_is_added(calibrated: tuple[SoundscapeTask, Clip]) -> None:
    model, frames, own, around = parts_of(*calibrated)
    assert model.envelope is not None
    assert model.spectra is not None
    assert isinstance(model.envelope.wavenet.output, MixtureOutput)
    track = follow(model, own, around, steps=frames.shape[1])
    decoder = -model.wavenet.score(frames, track).mean(1) / model.codec.bands
    torch.testing.assert_close(bits_per_sample(model, frames, track), decoder)
    mean, spread = model.envelope.expected(own)
    movements = (model.envelope.frames(around.stretch) - mean) / spread
    assert not torch.allclose(spread, torch.ones(()), atol=0.01)
    # Stretched by the spread, a density falls by as much.
    score = model.envelope.wavenet.score(movements, own) - spread.log2().sum(-1)
    price = -(score * around.known).sum(1) / around.known.sum(1) / model.spectra.step
    assert float(price.abs().min()) > 1e-4
    torch.testing.assert_close(bits_in_all(model, frames, own, around), decoder + price)


@torch.no_grad()
def test_decoder_follows_the_envelope_at_its_own_place(calibrated: tuple[SoundscapeTask, Clip]) -> None:
    model, frames, own, around = parts_of(*calibrated)
    assert model.envelope is not None
    assert model.spectra is not None
    track = follow(model, own, around, steps=frames.shape[1])
    knots = model.envelope.knots(own, model.envelope.frames(around.spectra))
    samples = torch.arange(frames.shape[1]) * model.codec.bands
    expected = interpolate(knots, around.place[:, None] + samples / model.spectra.step)
    torch.testing.assert_close(track, expected)
    still = follow(model, own, around, steps=frames.shape[1], heard=torch.zeros(6, knots.shape[1], 3))
    assert torch.equal(still, still[:, :1].expand_as(still))


@torch.no_grad()
def test_what_is_unknown_of_a_stretch_does_not_count(calibrated: tuple[SoundscapeTask, Clip]) -> None:
    model, _, own, around = parts_of(*calibrated)
    assert model.envelope is not None
    count = around.stretch.shape[1]
    known = torch.arange(count) < count - 5
    cut = EnvelopeClip(
        around.spectra, around.place, around.stretch[:, : count - 5], around.known[:, : count - 5]
    )
    filled = around.stretch.where(known[:, None], torch.zeros(()))
    masked = EnvelopeClip(around.spectra, around.place, filled, known.expand(6, -1))
    torch.testing.assert_close(model.envelope.bits(own, masked), model.envelope.bits(own, cut))


def test_noise_reaches_what_is_heard_and_the_past_but_not_what_is_scored(
    calibrated: tuple[SoundscapeTask, Clip], monkeypatch: pytest.MonkeyPatch
) -> None:
    task, batch = calibrated
    envelope = task.model.envelope
    assert envelope is not None
    clean = envelope.frames(batch["envelope"].stretch)
    for loudest, shift in ((0.0, 0.0), (0.5, 0.0), (0.0, 2.0)):
        seen: dict[str, Any] = {}
        settings = replace(task.training_settings, envelope_noise=loudest, envelope_shift=shift)
        task.training_settings = settings
        score, track = envelope.wavenet.score, envelope.track

        def scored(
            frames: Tensor, vector: Tensor, *, history: Tensor, seen: Any = seen, score: Any = score
        ) -> Any:
            seen.update(frames=frames, history=history, vector=vector.detach())
            return score(frames, vector, history=history)

        def tracked(
            vector: Tensor, frames: Tensor, places: Tensor, seen: Any = seen, track: Any = track
        ) -> Any:
            seen["heard"] = frames
            return track(vector, frames, places)

        monkeypatch.setattr(envelope.wavenet, "score", scored)
        monkeypatch.setattr(envelope, "track", tracked)
        monkeypatch.setattr(task, "log", lambda *a, **k: None)
        task.training_step(batch, 0)
        monkeypatch.undo()
        mean, spread = (part.detach() for part in envelope.expected(seen["vector"]))
        assert torch.equal(seen["frames"], (clean - mean) / spread)
        heard = envelope.frames(batch["envelope"].spectra)
        assert torch.equal(seen["heard"], heard) == (loudest == 0)
        moved = spread * (seen["history"] - seen["frames"]).detach()
        assert bool((moved == 0).all()) == (loudest == shift == 0)
        if loudest == 0:
            # A shift is the same at every step; it does not reach what the decoder hears.
            torch.testing.assert_close(moved, moved[:, :1].expand_as(moved), atol=1e-5, rtol=0)
