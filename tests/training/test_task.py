"""The training task: it learns, leaves its targets clean, and draws chance from the clips."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import lightning as L
import pytest
import torch
from tiny_scenes import tiny_config
from torch import Tensor

from photowave.errors import ConfigError
from photowave.pairs.clips import Clip
from photowave.training.averaging import MovingAverage
from photowave.training.datamodule import PairsDataModule
from photowave.training.task import SoundscapeTask

Make = Callable[..., Any]


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
    make_training: Make,
    make_trainer: Make,
) -> None:
    losses = Losses()
    task, data = make_training(
        tiny_config(kind, output=output, bands=bands, mixtures=2),
        learning_rate=1e-2,
        warmup_steps=5,
        data={"clips_per_epoch": 20},
    )
    trainer = make_trainer(max_steps=50, callbacks=[losses, MovingAverage()])
    trainer.fit(task, datamodule=data)
    assert sum(losses.found[-5:]) < sum(losses.found[:5]) - 5 * 0.3
    assert losses.val[-1] < losses.val[0]
    assert {"val/bits_per_sample_photo", "val/photo_swap_gain"} <= set(trainer.callback_metrics)


def batch_of(data: PairsDataModule) -> Clip:
    clips = data.parts["train"].clips(clip_s=0.1, count=8, seed=0)
    loader = torch.utils.data.DataLoader(clips, batch_size=8)
    batch: Clip = next(iter(loader))
    return batch


def scored(
    task: SoundscapeTask, batch: Clip, monkeypatch: pytest.MonkeyPatch, *, step: str = "training_step"
) -> dict[str, Tensor]:
    """What the decoder was given in a step, and in training the loss."""
    seen: dict[str, Any] = {}
    score = task.model.wavenet.score

    def spy(frames: Tensor, vector: Tensor, *, history: Tensor | None = None) -> Tensor:
        seen.update(frames=frames, vector=vector.detach(), history=history)
        return score(frames, vector, history=history)

    monkeypatch.setattr(task.model.wavenet, "score", spy)
    monkeypatch.setattr(task, "log", lambda *a, **k: None)
    found = getattr(task, step)(batch, 0)
    if found is not None:
        seen["loss"] = found["loss"].detach()
    monkeypatch.undo()
    return seen


def test_history_noise_leaves_the_targets_clean(
    make_training: Make,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    task, data = make_training(history_noise=0.2)
    batch = batch_of(data)
    seen = scored(task, batch, monkeypatch)
    clean = task.model.codec.encode(batch["samples"])
    assert torch.equal(seen["frames"], clean)
    assert seen["history"].shape == clean.shape
    assert (seen["history"] != clean).float().mean() > 0.5


def test_dither_lies_under_training_clips_as_loud_as_asked_and_under_no_others(
    make_training: Make,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = tiny_config(output="mixture", mixtures=2)
    (plain, _), (task, data) = make_training(config), make_training(config, dither_dbfs=-50)
    batch = batch_of(data)
    clean = task.model.codec.encode(batch["samples"])
    assert torch.equal(scored(plain, batch, monkeypatch)["frames"], clean)
    noise = scored(task, batch, monkeypatch)["frames"] - clean
    # 3200 draws: the level is uncertain by 1.3 per cent, a tenth of a dB.
    assert 20 * math.log10(float(noise.square().mean().sqrt())) == pytest.approx(-50, abs=0.5)
    assert torch.equal(noise, scored(task, batch, monkeypatch)["frames"] - clean)
    other = Clip(**{**batch, "seed": batch["seed"] + 1})
    assert not torch.equal(noise, scored(task, other, monkeypatch)["frames"] - clean)
    for step in ("validation_step", "test_step"):
        assert torch.equal(scored(task, batch, monkeypatch, step=step)["frames"], clean)


def test_gain_reaches_the_history_alone(
    make_training: Make,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    task, data = make_training(tiny_config(output="mixture", bands=2, mixtures=2), history_gain=0.4)
    batch = batch_of(data)
    seen = scored(task, batch, monkeypatch)
    assert torch.equal(seen["frames"], task.model.codec.encode(batch["samples"]))
    # Gains are constant over a clip, so that history and frames point the same way in each band.
    cosine = torch.cosine_similarity(seen["history"], seen["frames"], dim=1)
    torch.testing.assert_close(cosine, torch.ones(8, 2), atol=1e-5, rtol=0)
    assert not torch.allclose(seen["history"], seen["frames"])


def test_chance_hangs_on_the_clips_alone(
    make_training: Make,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    task, data = make_training(history_noise=0.2)
    batch = batch_of(data)
    first = scored(task, batch, monkeypatch)
    torch.manual_seed(99)
    again = scored(task, batch, monkeypatch)
    assert torch.equal(first["loss"], again["loss"])
    assert torch.equal(first["history"], again["history"])
    other = scored(task, Clip(**{**batch, "seed": batch["seed"] + 1}), monkeypatch)
    assert not torch.equal(first["history"], other["history"])


def test_dropout_puts_in_the_null_vector_as_often_as_asked(
    make_training: Make,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = tiny_config()
    object.__setattr__(config.conditioning, "dropout", 0.5)
    task, data = make_training(config)
    torch.nn.init.normal_(task.model.conditioner.null)
    batch = batch_of(data)
    dropped = 0
    for seed in range(50):
        vectors = scored(task, Clip(**{**batch, "seed": torch.full((8,), seed)}), monkeypatch)["vector"]
        dropped += int((vectors == task.model.conditioner.null).all(1).sum())
    # 400 draws at one half: mean 200, standard deviation 10.
    assert 150 < dropped < 250


@pytest.fixture
def high_before() -> Iterator[None]:
    """What a user may have set before; set back to what it was."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high")
    yield
    torch.set_float32_matmul_precision(before)


@pytest.mark.usefixtures("high_before")
@pytest.mark.parametrize("broken", [None, "forward", "backward", "validation"])
def test_matrix_products_are_as_exact_as_asked_in_training_steps_alone(
    broken: str | None,
    make_training: Make,
    make_trainer: Make,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    task, data = make_training(matmul_precision="medium")
    seen: list[tuple[str, str]] = []
    score = task.model.wavenet.score

    def note(place: str) -> None:
        seen.append((place, torch.get_float32_matmul_precision()))
        if place == broken:
            raise RuntimeError("broken on purpose")

    def spy(*args: Any, **kwargs: Any) -> Tensor:
        note("forward" if torch.is_grad_enabled() else "validation")
        return score(*args, **kwargs)

    monkeypatch.setattr(task.model.wavenet, "score", spy)
    task.model.wavenet.project.weight.register_hook(lambda gradient: note("backward"))
    trainer = make_trainer(max_epochs=1)
    if broken is None:
        trainer.fit(task, datamodule=data)
        assert {place for place, _ in seen} == {"forward", "backward", "validation"}
    else:
        with pytest.raises(RuntimeError, match="broken on purpose"):
            trainer.fit(task, datamodule=data)
        assert seen[-1][0] == broken
    assert {(place, "high" if place == "validation" else "medium") for place, _ in seen} == set(seen)
    assert torch.get_float32_matmul_precision() == "high"


def test_another_precision_is_refused(
    make_training: Make,
    make_trainer: Make,
) -> None:
    task, data = make_training()
    trainer = make_trainer(precision="bf16-mixed", max_steps=1)
    with pytest.raises(ConfigError, match="bf16-mixed: training takes 32-true only"):
        trainer.fit(task, datamodule=data)


def test_a_task_that_is_not_calibrated_is_refused_in_one_line(
    make_training: Make,
    make_trainer: Make,
) -> None:
    task, data = make_training(stage=None)
    data.setup("fit")
    losses = Losses()
    with pytest.raises(ConfigError) as caught:
        make_trainer(max_steps=1, callbacks=[losses]).fit(task, datamodule=data)
    assert str(caught.value) == (
        "the task is not calibrated. Call task.calibrate(TRAINING_SPLIT) before fit."
    )
    assert losses.found == []
    # What is said there is enough.
    task.calibrate(data.parts["train"])
    make_trainer(max_steps=1, callbacks=[losses]).fit(task, datamodule=data)
    assert len(losses.found) == 1


def test_scoring_needs_no_calibration(make_training: Make, make_trainer: Make) -> None:
    """A checkpoint brings what was measured."""
    task, data = make_training(stage="validate")
    (scores,) = make_trainer().validate(task, datamodule=data, verbose=False)
    assert math.isfinite(scores["val/bits_per_sample"])
