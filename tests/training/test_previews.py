"""Sounds drawn during training."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning as L
import pytest
import torch
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tiny_scenes import RATE, tiny_config

from photowave.settings import PreviewSettings
from photowave.training.averaging import MovingAverage
from photowave.training.previews import Previews

Make = Callable[..., Any]


class Losses(L.Callback):
    def __init__(self) -> None:
        self.found: list[float] = []

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, *args: Any) -> None:
        self.found.append(float(outputs["loss"]))


@pytest.mark.parametrize(("output", "bands"), [("softmax", 1), ("mixture", 2)])
def test_sounds_and_pictures_are_logged_and_training_is_not_touched(
    output: str, bands: int, make_training: Make, make_trainer: Make, tmp_path: Path
) -> None:
    config = tiny_config(output=output, bands=bands, mixtures=2)
    found = []
    for version in ("with", "without"):
        task, data = make_training(config, history_noise=0.1)
        losses, previews = Losses(), Previews(data, PreviewSettings(every_n_epochs=2, duration_s=0.1))
        logger = TensorBoardLogger(tmp_path, name="runs", version=version)
        callbacks = [MovingAverage(), *([previews] if version == "with" else []), losses]
        trainer = make_trainer(max_epochs=4, callbacks=callbacks, logger=logger, log_every_n_steps=1)
        trainer.fit(task, datamodule=data)
        found.append(losses.found)
    assert found[0] == found[1]
    events = EventAccumulator(str(tmp_path / "runs" / "with"), size_guidance={"audio": 0, "images": 0})
    events.Reload()
    tags = events.Tags()
    assert sorted(tags["audio"]) == sorted(tags["images"]) == ["preview/hiss/hiss3", "preview/rumble/rumble3"]
    for tag in tags["audio"]:
        assert [event.step for event in events.Audio(tag)] == [8, 16]
        assert [event.sample_rate for event in events.Audio(tag)] == [RATE, RATE]
        assert [event.length_frames for event in events.Audio(tag)] == [400, 400]


def test_drawing_is_the_same_each_time(make_training: Make, make_trainer: Make) -> None:
    task, data = make_training()
    make_trainer(max_steps=1).fit(task, datamodule=data)
    # Two photos, again and again: what chance chooses for them cannot be the same by chance.
    features = data.parts["val"].features.repeat(8, 1)
    previews = Previews(data, PreviewSettings(duration_s=0.1))
    first = previews.draw(task, features)
    torch.manual_seed(99)
    again = previews.draw(task, features)
    assert first.shape == (16, 400)
    assert (first == again).all()
    assert (first[0] != first[2]).any()


@pytest.mark.parametrize("every_n_epochs", [0, 1])
def test_other_loggers_and_zero_get_nothing(
    every_n_epochs: int,
    make_training: Make,
    make_trainer: Make,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*args: Any) -> None:
        raise AssertionError("nothing should be drawn")

    monkeypatch.setattr(Previews, "draw", fail)
    logger = CSVLogger(tmp_path) if every_n_epochs else TensorBoardLogger(tmp_path)
    task, data = make_training()
    callbacks = [Previews(data, PreviewSettings(every_n_epochs=every_n_epochs))]
    trainer = make_trainer(max_epochs=1, callbacks=callbacks, logger=logger, log_every_n_steps=1)
    trainer.fit(task, datamodule=data)
