"""The training task: it learns, leaves its targets clean, and draws chance from the clips."""

import math
from collections.abc import Callable
from typing import Any

import lightning as L
import pytest
import torch
from tiny_scenes import tiny_config
from torch import Tensor

from photowave.errors import ConfigError
from photowave.pairs.clips import Clip
from photowave.pairs.datamodule import PairsDataModule
from photowave.training.averaging import MovingAverage
from photowave.training.task import SoundscapeTask, TrainingConfig


class Losses(L.Callback):
    """Keeps the loss of each step and the score of each validation."""

    def __init__(self) -> None:
        self.found: list[float] = []
        self.val: list[float] = []

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        self.val.append(float(trainer.callback_metrics["val/bits_per_sample"]))

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, *args: Any) -> None:
        self.found.append(float(outputs["loss"]))


@pytest.mark.parametrize("kind", ["texture", "photo"])
@pytest.mark.parametrize(("output", "bands"), [("softmax", 1), ("mixture", 2)])
def test_loss_falls(
    kind: str,
    output: str,
    bands: int,
    make_data: Callable[..., PairsDataModule],
    make_task: Callable[..., SoundscapeTask],
    make_trainer: Callable[..., L.Trainer],
) -> None:
    losses = Losses()
    task = make_task(
        tiny_config(kind, output=output, bands=bands, mixtures=2), learning_rate=1e-2, warmup_steps=5
    )
    trainer = make_trainer(max_steps=50, callbacks=[losses, MovingAverage()])
    trainer.fit(task, datamodule=make_data(clips_per_epoch=20))
    assert sum(losses.found[-5:]) < sum(losses.found[:5]) - 5 * 0.3
    assert losses.val[-1] < losses.val[0]
    assert {"val/bits_per_sample_photo", "val/photo_swap_gain"} <= set(trainer.callback_metrics)


def batch_of(data: PairsDataModule, task: SoundscapeTask) -> Clip:
    data.trainer = type("Trainer", (), {"lightning_module": task, "world_size": 1})()  # type: ignore[assignment]
    data.setup("fit")
    loader = torch.utils.data.DataLoader(data.clips("train", clip_s=0.1, count=8, seed=0), batch_size=8)
    batch: Clip = next(iter(loader))
    return batch


def scored(task: SoundscapeTask, batch: Clip, monkeypatch: pytest.MonkeyPatch) -> dict[str, Tensor]:
    """What the decoder was given in a training step, and the loss."""
    seen: dict[str, Any] = {}
    score = task.model.wavenet.score

    def spy(frames: Tensor, vector: Tensor, *, history: Tensor | None = None) -> Tensor:
        seen.update(frames=frames, vector=vector.detach(), history=history)
        return score(frames, vector, history=history)

    monkeypatch.setattr(task.model.wavenet, "score", spy)
    monkeypatch.setattr(task, "log", lambda *a, **k: None)
    seen["loss"] = task.training_step(batch, 0).detach()
    monkeypatch.undo()
    return seen


def test_history_noise_leaves_the_targets_clean(
    make_data: Callable[..., PairsDataModule],
    make_task: Callable[..., SoundscapeTask],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    task = make_task(history_noise=0.2)
    batch = batch_of(make_data(), task)
    seen = scored(task, batch, monkeypatch)
    clean = task.model.codec.encode(batch["samples"])
    assert torch.equal(seen["frames"], clean)
    assert seen["history"].shape == clean.shape
    assert (seen["history"] != clean).float().mean() > 0.5


def test_chance_hangs_on_the_clips_alone(
    make_data: Callable[..., PairsDataModule],
    make_task: Callable[..., SoundscapeTask],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    task = make_task(history_noise=0.2)
    batch = batch_of(make_data(), task)
    first = scored(task, batch, monkeypatch)
    torch.manual_seed(99)
    again = scored(task, batch, monkeypatch)
    assert torch.equal(first["loss"], again["loss"])
    assert torch.equal(first["history"], again["history"])
    other = scored(task, Clip(**{**batch, "seed": batch["seed"] + 1}), monkeypatch)
    assert not torch.equal(first["history"], other["history"])


def test_dropout_puts_in_the_null_vector_as_often_as_asked(
    make_data: Callable[..., PairsDataModule],
    make_task: Callable[..., SoundscapeTask],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = tiny_config()
    object.__setattr__(config.conditioning, "dropout", 0.5)
    task = make_task(config)
    torch.nn.init.normal_(task.model.conditioner.null)
    batch = batch_of(make_data(), task)
    dropped = 0
    for seed in range(50):
        vectors = scored(task, Clip(**{**batch, "seed": torch.full((8,), seed)}), monkeypatch)["vector"]
        dropped += int((vectors == task.model.conditioner.null).all(1).sum())
    # 400 draws at one half: mean 200, standard deviation 10.
    assert 150 < dropped < 250


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(ConfigError, match="learning_rate=0: must lie between"):
        TrainingConfig(learning_rate=0)
    with pytest.raises(ConfigError, match="decay_share=2: must lie between"):
        TrainingConfig(decay_share=2)
    with pytest.raises(ConfigError, match="warmup_steps=-1: must be 0 or more"):
        TrainingConfig(warmup_steps=-1)
    for noise in (-0.1, math.inf, math.nan):
        with pytest.raises(ConfigError, match=f"history_noise={noise}: must be 0 or more and finite"):
            TrainingConfig(history_noise=noise)
    for penalty in (0, -1e-3, math.inf, math.nan):
        with pytest.raises(ConfigError, match=f"prior_penalty={penalty}: must be above 0 and finite"):
            TrainingConfig(prior_penalty=penalty)


def test_another_precision_is_refused(
    make_data: Callable[..., PairsDataModule],
    make_task: Callable[..., SoundscapeTask],
    make_trainer: Callable[..., L.Trainer],
) -> None:
    trainer = make_trainer(precision="bf16-mixed", max_steps=1)
    with pytest.raises(ConfigError, match="bf16-mixed: training takes 32-true only"):
        trainer.fit(make_task(), datamodule=make_data())
