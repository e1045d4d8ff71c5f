"""From settings to a training: each part is built once, from the seed, and asks nobody for the others."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning.pytorch.loggers import TensorBoardLogger
from tiny_scenes import tiny_config
from tiny_training import tiny_data

from photowave.errors import ConfigError
from photowave.image import encoder
from photowave.settings import CheckpointSettings, ImageConfig, PreviewSettings, TrainingSettings
from photowave.training.averaging import MovingAverage
from photowave.training.checkpoints import RunCheckpoints
from photowave.training.previews import Previews
from photowave.training.report import ProgressReport
from photowave.training.setup import build_training, read_splits

Make = Callable[..., Any]


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[ImageConfig]:
    """The settings of each photo encoder that is built, whoever builds it."""
    found: list[ImageConfig] = []
    build = encoder.build_network

    def counted(config: ImageConfig) -> Any:
        found.append(config)
        return build(config)

    monkeypatch.setattr(encoder, "build_network", counted)
    return found


def callbacks(data: Any, folder: Path) -> list[Any]:
    """All that `photowave fit` has; they draw and save at the end of each epoch."""
    return [
        ProgressReport(data),
        MovingAverage(),
        Previews(data, PreviewSettings(every_n_epochs=1, duration_s=0.1)),
        RunCheckpoints(CheckpointSettings(dirpath=str(folder / "checkpoints"))),
    ]


def test_one_training_builds_the_photo_encoder_once(
    built: list[ImageConfig], manifest: Path, make_trainer: Make, tmp_path: Path
) -> None:
    config = tiny_config(components=3)
    task, data = build_training(config=config, training=TrainingSettings(), data=tiny_data(manifest))
    read_splits(task, data, "fit")
    trainer = make_trainer(
        max_epochs=1,
        callbacks=callbacks(data, tmp_path),
        logger=TensorBoardLogger(tmp_path),
        enable_checkpointing=True,
        log_every_n_steps=1,
    )
    trainer.fit(task, datamodule=data)
    assert trainer.global_step == 4
    assert (tmp_path / "checkpoints" / "last.ckpt").exists()
    assert built == [config.image]


def test_callbacks_find_the_pairs_where_the_trainer_has_none(
    make_training: Make, make_trainer: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing goes around through the trainer: given loaders alone, it trains, reports, draws and saves."""
    task, data = make_training(tiny_config(components=3))
    drawn: list[int] = []
    draw = Previews.draw

    def counted(self: Previews, *args: Any) -> torch.Tensor:
        sounds = draw(self, *args)
        drawn.append(len(sounds))
        return sounds

    monkeypatch.setattr(Previews, "draw", counted)
    trainer = make_trainer(
        max_epochs=1,
        callbacks=callbacks(data, tmp_path),
        logger=TensorBoardLogger(tmp_path),
        enable_checkpointing=True,
        log_every_n_steps=1,
    )
    trainer.fit(task, data.train_dataloader(), data.val_dataloader())
    assert trainer.datamodule is None
    assert trainer.global_step == 4
    assert drawn == [2]
    assert (tmp_path / "checkpoints" / "last.ckpt").exists()
    assert {"val/bits_histogram", "val/bits_per_component"} <= set(trainer.callback_metrics)


def test_the_seed_decides_weights_and_clips_whatever_was_drawn_before(manifest: Path) -> None:
    found = []
    for before, seed in ((5, 1), (6, 1), (5, 2)):
        torch.manual_seed(before)
        task, data = build_training(
            config=tiny_config(), training=TrainingSettings(), data=tiny_data(manifest), seed=seed
        )
        data.setup("fit")
        clips = torch.cat([batch["samples"] for batch in data.train_dataloader()])
        found.append([task.model.wavenet.project.weight.detach(), clips])
    for first, same, other in zip(*found, strict=True):
        assert torch.equal(first, same)
        assert not torch.equal(first, other)


def test_a_random_photo_encoder_is_refused_before_it_is_built(
    built: list[ImageConfig], manifest: Path
) -> None:
    config = dataclasses.replace(tiny_config(), image=ImageConfig(resolution=32, weights=None))
    with pytest.raises(ConfigError) as caught:
        build_training(config=config, training=TrainingSettings(), data=tiny_data(manifest))
    assert str(caught.value) == (
        "model.image.weights=null: the photo encoder would be another one each time it is built, and no "
        "trained model could be used. Name weights, such as 'default'."
    )
    assert built == []


@pytest.mark.parametrize("stage", ["fit", "validate", "test"])
def test_a_model_that_is_told_the_position_takes_one_clip_only(stage: str, make_training: Make) -> None:
    task, data = make_training(tiny_config("position"), stage=None)
    with pytest.raises(ConfigError, match=r"^conditioning kind 'position' takes a single recording; the spl"):
        read_splits(task, data, stage)


def test_a_clip_must_not_be_longer_than_the_track(make_training: Make, manifest: Path) -> None:
    clip = next(manifest.parent.glob("*.wav"))
    config = tiny_config("position")
    short = dataclasses.replace(config.conditioning, longest_s=1.5)
    make_training(config, data={"pairs": str(clip)})
    with pytest.raises(ConfigError, match=r"lasts 2 s; conditioning.longest_s is 1\.5\. Raise longest_s or"):
        make_training(dataclasses.replace(config, conditioning=short), data={"pairs": str(clip)})


@pytest.mark.parametrize(("stage", "scored"), [("fit", "val"), ("validate", "val"), ("test", "test")])
def test_only_a_fit_calibrates(stage: str, scored: str, make_training: Make) -> None:
    task, data = make_training(stage=None)
    before = {name: value.clone() for name, value in task.state_dict().items()}
    read_splits(task, data, stage)
    assert set(data.parts) == {"train", scored}
    after = task.state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert ("model.conditioner.codebook" in changed) == (stage == "fit")
    assert bool(changed) == (stage == "fit")
