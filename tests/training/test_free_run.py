"""A saved model is corrected for what its free runs miss; the training itself never notices."""

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import lightning as L
import pytest
import torch
from tiny_scenes import tiny_config

from photowave.checkpoint import load_training_checkpoint
from photowave.generation.packing import pack
from photowave.generation.sampler import CachedSampler
from photowave.model import TextureConditioner
from photowave.pairs.datamodule import PairsDataModule
from photowave.training import free_run
from photowave.training.averaging import MovingAverage
from photowave.training.checkpoints import RunCheckpoints
from photowave.training.free_run import correct_free_runs, leave_out_strays
from photowave.training.measured import forget
from photowave.training.task import SoundscapeTask

Make = Callable[..., Any]


def trained(make_data: Make, make_task: Make, make_trainer: Make, **trainer: Any) -> SoundscapeTask:
    task: SoundscapeTask = make_task(tiny_config("texture", components=3, output="mixture", bands=2))
    data: PairsDataModule = make_data()
    make_trainer(max_steps=4, **trainer).fit(task, data)
    return task


def test_free_runs_then_spread_as_the_recordings_do(
    make_data: Make, make_task: Make, make_trainer: Make
) -> None:
    task = trained(make_data, make_task, make_trainer)
    train, model = task.trainer.datamodule.parts["train"], task.model  # type: ignore[attr-defined]
    envelope, conditioner = model.envelope, model.conditioner
    assert envelope is not None
    assert isinstance(conditioner, TextureConditioner)
    correct_free_runs(model, train)
    textures = torch.cat([recording.textures for recording in train.bank.recordings])
    with torch.no_grad():
        vectors = conditioner.texture_vector(textures)
        draw = CachedSampler(
            envelope.wavenet, pack(envelope.wavenet), vectors=vectors, seeds=[7] * len(vectors)
        )
        steps = round(train.bank.window_s * envelope.knots_per_s)
        movements = draw.draw(2 * steps)[:, steps:]
        real = torch.stack(
            [
                envelope.frames(r.spectra[round(w * envelope.knots_per_s) :][:steps]).std(0, correction=0)
                for r in train.bank.recordings
                for w in range(len(r.textures))
            ]
        )
        moved = movements.std(1, correction=0)
        before, after = (
            spread[:, 0] * moved for _, spread in (envelope.expected(vectors), envelope.drawn(vectors))
        )
    # Other random numbers than those it was measured with.
    assert (after / real).log().mean().abs() < 0.5 * (before / real).log().mean().abs()


def test_only_what_is_saved_is_corrected(
    make_data: Make, make_task: Make, make_trainer: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(free_run, "MOST_OFF_DB", 0.0)  # all but the nearest of each group
    keep = RunCheckpoints(dirpath=str(tmp_path))
    callbacks: list[L.Callback] = [MovingAverage(), keep]
    task = trained(make_data, make_task, make_trainer, callbacks=callbacks, enable_checkpointing=True)
    assert task.model.envelope is not None
    measured = {"envelope.correction", "conditioner.left_out"}
    assert not any(task.model.state_dict()[name].any() for name in measured)
    saved, _ = load_training_checkpoint(tmp_path / "last.ckpt")
    assert saved.envelope is not None
    assert saved.envelope.correction.abs().max() > 1e-3
    assert isinstance(saved.conditioner, TextureConditioner)
    assert saved.conditioner.left_out.any()
    # Both belong to the averaged weights, with which they lie in the file.
    again, _ = load_training_checkpoint(tmp_path / "last.ckpt")
    correct_free_runs(again, task.trainer.datamodule.parts["train"])  # type: ignore[attr-defined]
    assert again.envelope is not None
    leave_out_strays(again, task.trainer.datamodule.parts["train"])  # type: ignore[attr-defined]
    for name in measured:
        assert torch.equal(again.state_dict()[name], saved.state_dict()[name]), name
    for name, value in task.model.state_dict().items():
        assert name in measured or torch.equal(value, saved.state_dict()[name]), name


@pytest.mark.parametrize("before_strays", [False, True])
def test_going_on_forgets_what_was_measured(
    make_data: Make,
    make_task: Make,
    make_trainer: Make,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    before_strays: bool,
) -> None:
    monkeypatch.setattr(free_run, "MOST_OFF_DB", 0.0)
    keep = RunCheckpoints(dirpath=str(tmp_path))
    trained(make_data, make_task, make_trainer, callbacks=[MovingAverage(), keep], enable_checkpointing=True)
    checkpoint = torch.load(tmp_path / "last.ckpt", weights_only=True)
    # The averaged weights take flags from the others, so they cannot show whether the file's were forgotten.
    seen = copy.deepcopy(checkpoint)
    assert seen["state_dict"]["model.conditioner.left_out"].any()
    forget(seen, load_training_checkpoint(tmp_path / "last.ckpt")[0])
    for name in ("envelope.correction", "conditioner.left_out"):
        assert not seen["state_dict"][f"model.{name}"].any(), name
    if before_strays:  # a file from before textures could be left out
        for part in ("state_dict", "current_model_state"):
            del checkpoint[part]["model.conditioner.left_out"]
        torch.save(checkpoint, tmp_path / "last.ckpt")
    task = make_task(tiny_config("texture", components=3, output="mixture", bands=2))
    make_trainer(max_steps=6, callbacks=[MovingAverage()]).fit(
        task, make_data(), ckpt_path=str(tmp_path / "last.ckpt"), weights_only=True
    )
    for name in ("envelope.correction", "conditioner.left_out"):
        assert not task.model.state_dict()[name].any(), name


def test_of_many_windows_some_of_each_recording_are_taken(
    make_data: Make, make_task: Make, make_trainer: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = trained(make_data, make_task, make_trainer)
    train, envelope = task.trainer.datamodule.parts["train"], task.model.envelope  # type: ignore[attr-defined]
    seen: list[int] = []
    monkeypatch.setattr(envelope, "correct", lambda vectors, *a: seen.append(len(vectors)))
    correct_free_runs(task.model, train)
    monkeypatch.setattr(free_run, "MOST_WINDOWS", 2)
    correct_free_runs(task.model, train)
    windows = [len(recording.textures) for recording in train.bank.recordings]
    every = -(-sum(windows) // 2)
    assert seen == [sum(windows), sum(-(-count // every) for count in windows)]
    assert seen[1] >= len(windows)


@pytest.mark.parametrize(("most", "drawn"), [(1024, 8 * 4), (12, 3 * 4), (2, 4)])
def test_of_many_textures_fewer_takes_are_drawn(
    most: int,
    drawn: int,
    make_data: Make,
    make_task: Make,
    make_trainer: Make,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    task = trained(make_data, make_task, make_trainer)
    seen: list[int] = []

    def sampler(*args: Any, vectors: torch.Tensor, seeds: list[int]) -> CachedSampler:
        assert len(vectors) == len(set(seeds))
        seen.append(len(seeds))
        return CachedSampler(*args, vectors=vectors, seeds=seeds)

    monkeypatch.setattr(free_run, "MOST_WINDOWS", most)
    monkeypatch.setattr(free_run, "CachedSampler", sampler)
    leave_out_strays(task.model, task.trainer.datamodule.parts["train"])  # type: ignore[attr-defined]
    assert seen == [drawn]


def test_without_textures_nothing_is_corrected(make_data: Make, make_task: Make, make_trainer: Make) -> None:
    task = make_task(tiny_config("photo", components=3, output="mixture", bands=2))
    data = make_data()
    make_trainer(max_steps=1).fit(task, data)
    correct_free_runs(task.model, data.parts["train"])
    leave_out_strays(task.model, data.parts["train"])
    assert not task.model.envelope.correction.any()


def test_a_texture_is_as_far_off_as_its_envelopes_lie_from_the_recording(
    make_data: Make,
    make_task: Make,
    make_trainer: Make,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    task: SoundscapeTask = make_task(tiny_config("texture", components=8, output="mixture", bands=2))
    make_trainer(max_steps=1).fit(task, make_data())
    train, model = task.trainer.datamodule.parts["train"], task.model  # type: ignore[attr-defined]
    envelope, conditioner = model.envelope, model.conditioner
    assert envelope is not None
    assert isinstance(conditioner, TextureConditioner)
    # Recordings whose envelope stands still, and a stack that repeats them with gains known beforehand.
    still = {r.path: r.spectra.mean(0, keepdim=True) for r in train.bank.recordings}
    bank = copy.copy(train.bank)
    bank.recordings = [replace(r, spectra=still[r.path]) for r in train.bank.recordings]
    gains_db = torch.tensor([1.0, -2.0, 5.0, -7.0])
    own = [
        next(r for r in bank.recordings if (r.textures == texture).all(1).any())
        for texture in conditioner.codebook
    ]
    wanted = torch.cat([r.spectra for r in own]).exp() - 1e-5
    louder = (wanted * 10 ** (gains_db[:, None] / 10) + 1e-5).log()

    def drawn(vectors: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        mean = envelope.frames(louder).repeat_interleave(len(vectors) // 4, 0)[:, None]
        return mean, torch.zeros_like(mean)

    monkeypatch.setattr(envelope, "drawn", drawn)
    conditioner.groups.copy_(torch.tensor([0, 0, 0, 0]))
    leave_out_strays(model, replace(train, bank=bank))
    assert conditioner.left_out.tolist() == [False, False, True, True]
    # Where all lie far off, the nearest quarter is kept.
    monkeypatch.setattr(free_run, "MOST_OFF_DB", 0.5)
    leave_out_strays(model, replace(train, bank=bank))
    assert conditioner.left_out.tolist() == [False, True, True, True]
    # Last digits that another machine computes otherwise do not matter.
    conditioner.codebook *= 1 + 1e-6
    leave_out_strays(model, replace(train, bank=bank))
    assert conditioner.left_out.tolist() == [False, True, True, True]
    assert "windows of no recording" not in caplog.text
    # A texture of other recordings is taken as it is, and it is said.
    conditioner.codebook[3] += 1.0
    leave_out_strays(model, replace(train, bank=bank))
    assert conditioner.left_out.tolist() == [True, True, True, False]
    assert "1 of 4 textures are windows of no recording" in caplog.text
    # And no group loses its only one.
    conditioner.groups.copy_(torch.tensor([5, 6, 6, 7]))
    leave_out_strays(model, replace(train, bank=bank))
    assert conditioner.left_out.tolist() == [False, False, True, False]
