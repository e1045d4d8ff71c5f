"""Sounds drawn during training."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning as L
import pytest
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tiny_scenes import RATE, tiny_config

from photowave.errors import ConfigError
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
    output: str, bands: int, make_data: Make, make_task: Make, make_trainer: Make, tmp_path: Path
) -> None:
    config = tiny_config(output=output, bands=bands, mixtures=2)
    found = []
    for previews in ([Previews(every_n_epochs=2, duration_s=0.1)], []):
        losses = Losses()
        logger = TensorBoardLogger(tmp_path, name="runs", version="with" if previews else "without")
        callbacks = [MovingAverage(), *previews, losses]
        trainer = make_trainer(max_epochs=4, callbacks=callbacks, logger=logger, log_every_n_steps=1)
        trainer.fit(make_task(config, history_noise=0.1), datamodule=make_data())
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


def test_drawing_is_the_same_each_time(make_data: Make, make_task: Make, make_trainer: Make) -> None:
    task, data = make_task(), make_data()
    make_trainer(max_steps=1).fit(task, datamodule=data)
    features = data.parts["val"].features
    first, again, other = (Previews(duration_s=0.1, seed=s).draw(task, features) for s in (1, 1, 2))
    assert first.shape == (2, 400)
    assert (first == again).all()
    assert (first != other).any()


@pytest.mark.parametrize("every_n_epochs", [0, 1])
def test_other_loggers_and_zero_get_nothing(
    every_n_epochs: int,
    make_data: Make,
    make_task: Make,
    make_trainer: Make,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*args: Any) -> None:
        raise AssertionError("nothing should be drawn")

    monkeypatch.setattr(Previews, "draw", fail)
    logger = CSVLogger(tmp_path) if every_n_epochs else TensorBoardLogger(tmp_path)
    callbacks = [Previews(every_n_epochs=every_n_epochs)]
    trainer = make_trainer(max_epochs=1, callbacks=callbacks, logger=logger, log_every_n_steps=1)
    trainer.fit(make_task(), datamodule=make_data())


@pytest.mark.parametrize("wrong", [{"every_n_epochs": -1}, {"photos": 0}, {"duration_s": 0.0}])
def test_settings_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="must be at least 0, at least 1, and between"):
        Previews(**wrong)
