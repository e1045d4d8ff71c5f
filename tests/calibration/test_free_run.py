"""What free runs miss is told by the training and corrected at the end; the training itself never notices."""

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_scenes import RATE, noise, tiny_config, write_tiny_scenes
from torch import Tensor

from photowave.audio import power_db, write_sound
from photowave.calibration import free_run
from photowave.calibration.calibrate import calibrate
from photowave.calibration.export import finish
from photowave.calibration.free_run import (
    FreeRunTargets,
    correct_free_runs,
    free_run_targets,
    leave_out_strays,
)
from photowave.checkpoint import TrainedModel, load_training_checkpoint
from photowave.errors import CheckpointError
from photowave.generation.packing import pack
from photowave.generation.sampler import CachedSampler
from photowave.model import PhotowaveModel, TextureConditioner
from photowave.pairs.split_data import SplitData
from photowave.settings import CheckpointSettings, ModelConfig
from photowave.training.averaging import MovingAverage
from photowave.training.checkpoints import RunCheckpoints
from photowave.training.task import SoundscapeTask

Make = Callable[..., Any]
MEASURED = {"envelope.correction", "conditioner.left_out"}
"""What only a finished model has."""


def config_of(kind: str = "texture", *, components: int = 3) -> ModelConfig:
    return tiny_config(kind, components=components, output="mixture", bands=2)


@pytest.fixture
def trained(make_training: Make, make_trainer: Make) -> tuple[SoundscapeTask, SplitData, FreeRunTargets]:
    """A task after a few steps, what it was trained on, and what its free runs shall come to."""
    task, data = make_training(config_of())
    make_trainer(max_steps=4).fit(task, datamodule=data)
    return task, data.parts["train"], FreeRunTargets.from_checkpoint(told_by(task))


def told_by(task: SoundscapeTask) -> Any:
    """What a task puts into its checkpoints for free runs."""
    checkpoint: dict[str, Any] = {}
    task.on_save_checkpoint(checkpoint)
    return checkpoint["photowave"]["free_run"]


def assert_same(left: dict[str, Tensor], right: dict[str, Tensor]) -> None:
    assert left.keys() == right.keys()
    for name in left:
        assert torch.equal(left[name], right[name]), name


def test_targets_are_what_the_recordings_do(
    trained: tuple[SoundscapeTask, SplitData, FreeRunTargets],
) -> None:
    task, train, targets = trained
    envelope, conditioner = task.model.envelope, task.model.conditioner
    assert envelope is not None
    assert isinstance(conditioner, TextureConditioner)
    steps = round(train.bank.window_s * envelope.knots_per_s)
    windows = [(r, w) for r in train.bank.recordings for w in range(len(r.textures))]
    parts = [
        envelope.frames(r.spectra[round(w * train.bank.HOP_S * envelope.knots_per_s) :][:steps])
        for r, w in windows
    ]
    assert int(targets.steps) == steps
    assert torch.equal(targets.textures, torch.stack([r.textures[w] for r, w in windows]))
    torch.testing.assert_close(targets.mean, torch.stack([part.mean(0) for part in parts]))
    torch.testing.assert_close(targets.spread, torch.stack([part.std(0, correction=0) for part in parts]))
    # Each recording counts alike, however many windows it has.
    torch.testing.assert_close(targets.weights, torch.tensor([1 / len(r.textures) for r, _ in windows]))
    for texture, level in zip(conditioner.codebook, targets.levels_db, strict=True):
        (own,) = [r for r in train.bank.recordings if (r.textures == texture).all(1).any()]
        assert level == power_db(own.spectra)


def test_free_runs_then_spread_as_the_recordings_do(
    trained: tuple[SoundscapeTask, SplitData, FreeRunTargets],
) -> None:
    task, train, targets = trained
    envelope, conditioner = task.model.envelope, task.model.conditioner
    assert envelope is not None
    assert isinstance(conditioner, TextureConditioner)
    correct_free_runs(task.model, targets)
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


def saving(folder: Path) -> list[Any]:
    """Callbacks that average, and save into a folder."""
    return [MovingAverage(), RunCheckpoints(CheckpointSettings(dirpath=str(folder)))]


def test_saving_changes_no_weight_and_only_finishing_corrects(
    make_training: Make, make_trainer: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(free_run, "MOST_OFF_DB", 0.0)  # all but the nearest of each group
    task, data = make_training(config_of())
    trainer = make_trainer(max_steps=4, callbacks=saving(tmp_path), enable_checkpointing=True)
    trainer.fit(task, datamodule=data)
    assert not any(task.model.state_dict()[name].any() for name in MEASURED)
    # The task ends with the averaged weights.
    file = torch.load(tmp_path / "last.ckpt", weights_only=True)
    assert_same(file["state_dict"], task.state_dict())
    trained = load_training_checkpoint(tmp_path / "last.ckpt")
    assert_same(trained.model.state_dict(), task.model.state_dict())

    assert finish(trained)
    finished = trained.model.state_dict()
    assert finished["envelope.correction"].abs().max() > 1e-3
    assert finished["conditioner.left_out"].any()
    for name, value in task.model.state_dict().items():
        assert name in MEASURED or torch.equal(value, finished[name]), name
    # It is done in this order, by what the training measured before its first step.
    again = load_training_checkpoint(tmp_path / "last.ckpt").model
    assert again.envelope is not None
    targets = calibrate(copy.deepcopy(again), data.parts["train"], seed=0, prior_penalty=1e-3)
    assert targets is not None
    correct_free_runs(again, targets)
    leave_out_strays(again, targets)
    assert_same(again.state_dict(), finished)


def test_finishing_twice_is_finishing_once(
    trained: tuple[SoundscapeTask, SplitData, FreeRunTargets],
) -> None:
    task, _, targets = trained
    model = TrainedModel(task.model.eval(), "", targets.to_checkpoint())
    assert finish(model)
    once = {name: value.clone() for name, value in task.model.state_dict().items()}
    assert finish(model)
    assert_same(task.model.state_dict(), once)


def test_a_resumed_run_keeps_the_targets_of_the_first(
    make_training: Make, make_trainer: Make, tmp_path: Path
) -> None:
    task, data = make_training(config_of())
    trainer = make_trainer(max_steps=4, callbacks=saving(tmp_path), enable_checkpointing=True)
    trainer.fit(task, datamodule=data)
    first = told_by(task)
    # Recordings that were changed in between: what is measured on them is another.
    (tmp_path / "scenes").mkdir()
    changed = write_tiny_scenes(tmp_path / "scenes")
    for number, path in enumerate(sorted((tmp_path / "scenes").glob("*.wav"))):
        write_sound(path, torch.from_numpy(noise(100 + number, rumble=number % 2 == 0)).float(), RATE)
    later, data = make_training(config_of(), data={"pairs": str(changed)})
    assert not torch.equal(told_by(later)["mean"], first["mean"])
    trainer = make_trainer(max_steps=6, callbacks=saving(tmp_path), enable_checkpointing=True)
    trainer.fit(later, datamodule=data, ckpt_path=tmp_path / "last.ckpt", weights_only=True)
    assert_same(told_by(later), first)
    saved = load_training_checkpoint(tmp_path / "last.ckpt")
    assert_same(saved.model.state_dict(), later.model.state_dict())
    assert saved.free_run is not None
    assert_same(saved.free_run, first)
    assert not any(later.model.state_dict()[name].any() for name in MEASURED)


def test_of_many_windows_some_of_each_recording_are_taken(
    trained: tuple[SoundscapeTask, SplitData, FreeRunTargets], monkeypatch: pytest.MonkeyPatch
) -> None:
    task, train, _ = trained
    envelope, owners = task.model.envelope, torch.zeros(4, dtype=torch.int64)
    assert envelope is not None
    windows = [len(recording.textures) for recording in train.bank.recordings]
    every = -(-sum(windows) // 2)
    some = [-(-count // every) for count in windows]
    assert min(some) >= 1
    assert sum(some) < sum(windows)
    for most, counts in ((free_run.MOST_WINDOWS, windows), (2, some)):
        monkeypatch.setattr(free_run, "MOST_WINDOWS", most)
        targets = free_run_targets(envelope, train.bank, owners)
        assert targets is not None
        assert len(targets.textures) == len(targets.mean) == len(targets.spread) == sum(counts)
        torch.testing.assert_close(
            targets.weights, torch.cat([torch.full((count,), 1 / count) for count in counts])
        )


def with_spectra(train: SplitData, change: Callable[[Tensor], Tensor]) -> SplitData:
    """The same recordings, but with other spectra."""
    bank = copy.copy(train.bank)
    bank.recordings = [replace(r, spectra=change(r.spectra)) for r in train.bank.recordings]
    return replace(train, bank=bank)


def test_windows_without_a_spread_are_no_targets(
    trained: tuple[SoundscapeTask, SplitData, FreeRunTargets],
) -> None:
    task, train, targets = trained
    envelope, owners = task.model.envelope, torch.zeros(4, dtype=torch.int64)
    assert envelope is not None
    # The second of two windows has a single step left.
    first_only = round(train.bank.HOP_S * envelope.knots_per_s) + 1
    found = free_run_targets(envelope, with_spectra(train, lambda s: s[:first_only]).bank, owners)
    assert found is not None
    assert torch.equal(found.textures, targets.textures[::2])
    assert free_run_targets(envelope, with_spectra(train, lambda s: s[:1]).bank, owners) is None


@pytest.mark.parametrize(("most", "drawn"), [(1024, 8 * 4), (12, 3 * 4), (2, 4)])
def test_of_many_textures_fewer_takes_are_drawn(
    most: int,
    drawn: int,
    trained: tuple[SoundscapeTask, SplitData, FreeRunTargets],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    task, _, targets = trained
    seen: list[int] = []

    def sampler(*args: Any, vectors: Tensor, seeds: list[int]) -> CachedSampler:
        assert len(vectors) == len(set(seeds))
        seen.append(len(seeds))
        return CachedSampler(*args, vectors=vectors, seeds=seeds)

    monkeypatch.setattr(free_run, "MOST_WINDOWS", most)
    monkeypatch.setattr(free_run, "CachedSampler", sampler)
    leave_out_strays(task.model, targets)
    assert seen == [drawn]


@pytest.mark.parametrize(("kind", "components"), [("photo", 3), ("texture", 0), ("photo", 0)])
def test_without_envelope_or_textures_nothing_is_corrected(
    kind: str, components: int, make_training: Make, make_trainer: Make, tmp_path: Path
) -> None:
    task, data = make_training(config_of(kind, components=components))
    trainer = make_trainer(max_steps=1, callbacks=saving(tmp_path), enable_checkpointing=True)
    trainer.fit(task, datamodule=data)
    trained = load_training_checkpoint(tmp_path / "last.ckpt")
    assert trained.free_run is None
    assert not finish(trained)
    assert_same(trained.model.state_dict(), task.model.state_dict())


def test_a_texture_is_as_far_off_as_its_envelopes_lie_from_the_recording(
    make_training: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, data = make_training(stage=None, config=config_of(components=8))
    data.setup("fit")
    # Recordings whose envelope stands still, and a stack that repeats them with gains known beforehand.
    train = with_spectra(data.parts["train"], lambda spectra: spectra.mean(0, keepdim=True).expand(40, -1))
    model = PhotowaveModel(data.config, feature_dim=train.features.shape[1]).eval()
    targets = calibrate(model, train, seed=0, prior_penalty=1e-3)
    assert targets is not None
    envelope, conditioner = model.envelope, model.conditioner
    assert envelope is not None
    assert isinstance(conditioner, TextureConditioner)
    # Fitted to recordings that move: of still ones a basis tells little.
    envelope.fit([recording.spectra for recording in data.parts["train"].bank.recordings])
    gains_db = torch.tensor([1.0, -2.0, 5.0, -7.0])
    own = [
        next(r for r in train.bank.recordings if (r.textures == texture).all(1).any())
        for texture in conditioner.codebook
    ]
    wanted = torch.stack([r.spectra[0] for r in own]).exp() - 1e-5
    louder = (wanted * 10 ** (gains_db[:, None] / 10) + 1e-5).log()

    def drawn(vectors: Tensor) -> tuple[Tensor, Tensor]:
        mean = envelope.frames(louder).repeat_interleave(len(vectors) // 4, 0)[:, None]
        return mean, torch.zeros_like(mean)

    monkeypatch.setattr(envelope, "drawn", drawn)
    conditioner.groups.copy_(torch.tensor([0, 0, 0, 0]))
    leave_out_strays(model, targets)
    assert conditioner.left_out.tolist() == [False, False, True, True]
    # Where all lie far off, the nearest quarter is kept.
    monkeypatch.setattr(free_run, "MOST_OFF_DB", 0.5)
    leave_out_strays(model, targets)
    assert conditioner.left_out.tolist() == [False, True, True, True]
    # Levels are those that were told, whatever the texture itself says.
    other = replace(targets, levels_db=targets.levels_db + torch.tensor([9.0, 0.0, 5.0, 0.0]))
    leave_out_strays(model, other)
    assert conditioner.left_out.tolist() == [True, True, False, True]
    # And no group loses its only one.
    conditioner.groups.copy_(torch.tensor([5, 6, 6, 7]))
    leave_out_strays(model, targets)
    assert conditioner.left_out.tolist() == [False, False, True, False]


def test_targets_survive_the_checkpoint(trained: tuple[SoundscapeTask, SplitData, FreeRunTargets]) -> None:
    *_, targets = trained
    saved = targets.to_checkpoint()
    assert_same(FreeRunTargets.from_checkpoint(saved).to_checkpoint(), saved)
    for wrong in (None, {}, {**saved, "more": saved["mean"]}, {**saved, "mean": 3.0}):
        with pytest.raises(CheckpointError, match="what the checkpoint tells of free runs cannot be read"):
            FreeRunTargets.from_checkpoint(wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"mean": torch.zeros(12, 2)},
        {"textures": torch.zeros(12, 3)},
        {"levels_db": torch.zeros(5)},
    ],
)
def test_targets_of_another_model_are_refused_in_one_line(
    wrong: dict[str, Any], trained: tuple[SoundscapeTask, SplitData, FreeRunTargets]
) -> None:
    task, _, targets = trained
    model = TrainedModel(task.model.eval(), "", targets.to_checkpoint() | wrong)
    with pytest.raises(CheckpointError) as caught:
        finish(model)
    text = str(caught.value)
    assert text.startswith("what the checkpoint tells of free runs does not fit its model (")
    assert text.endswith("Give a checkpoint that 'photowave fit' wrote.")
    assert "\n" not in text
