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
from photowave.pairs.datamodule import PairsDataModule
from photowave.training.averaging import MovingAverage
from photowave.training.settings import TrainingConfig
from photowave.training.task import SoundscapeTask


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


def test_dither_lies_under_training_clips_as_loud_as_asked_and_under_no_others(
    make_data: Callable[..., PairsDataModule],
    make_task: Callable[..., SoundscapeTask],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = tiny_config(output="mixture", mixtures=2)
    plain, task = make_task(config), make_task(config, dither_dbfs=-50)
    batch = batch_of(make_data(), task)
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
    make_data: Callable[..., PairsDataModule],
    make_task: Callable[..., SoundscapeTask],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    task = make_task(tiny_config(output="mixture", bands=2, mixtures=2), history_gain=0.4)
    batch = batch_of(make_data(), task)
    seen = scored(task, batch, monkeypatch)
    assert torch.equal(seen["frames"], task.model.codec.encode(batch["samples"]))
    # Gains are constant over a clip, so that history and frames point the same way in each band.
    cosine = torch.cosine_similarity(seen["history"], seen["frames"], dim=1)
    torch.testing.assert_close(cosine, torch.ones(8, 2), atol=1e-5, rtol=0)
    assert not torch.allclose(seen["history"], seen["frames"])


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
    for gain in (-0.1, 2.1, math.nan):
        with pytest.raises(ConfigError, match=f"history_gain={gain}: must lie in 0 to 2 nepers"):
            TrainingConfig(history_gain=gain)
    for level in (-121, 0, math.nan):
        with pytest.raises(ConfigError, match=f"dither_dbfs={level}: must lie in -120 to -30 dBFS"):
            TrainingConfig(dither_dbfs=level)
    for noise in (-0.1, math.inf, math.nan):
        with pytest.raises(ConfigError, match=f"envelope_noise={noise}: must be 0 or more and finite"):
            TrainingConfig(envelope_noise=noise)
        with pytest.raises(ConfigError, match=f"envelope_shift={noise}: must be 0 or more and finite"):
            TrainingConfig(envelope_shift=noise)
    with pytest.raises(ConfigError, match=rf"The default is {TrainingConfig().envelope_shift}\.$"):
        TrainingConfig(envelope_shift=-1)
    for share in (0.0, -0.1, 1.1, math.nan):
        with pytest.raises(ConfigError, match=f"envelope_share={share}: must be above 0 and at most 1"):
            TrainingConfig(envelope_share=share)
    with pytest.raises(ConfigError, match="matmul_precision='low': must be 'highest', 'high' or 'medium'"):
        TrainingConfig(matmul_precision="low")  # type: ignore[arg-type]
    for penalty in (0, -1e-3, math.inf, math.nan):
        with pytest.raises(ConfigError, match=f"prior_penalty={penalty}: must be above 0 and finite"):
            TrainingConfig(prior_penalty=penalty)


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
    make_data: Callable[..., PairsDataModule],
    make_task: Callable[..., SoundscapeTask],
    make_trainer: Callable[..., L.Trainer],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    task = make_task(matmul_precision="medium")
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
    trainer, data = make_trainer(max_epochs=1), make_data()
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
    make_data: Callable[..., PairsDataModule],
    make_task: Callable[..., SoundscapeTask],
    make_trainer: Callable[..., L.Trainer],
) -> None:
    trainer = make_trainer(precision="bf16-mixed", max_steps=1)
    with pytest.raises(ConfigError, match="bf16-mixed: training takes 32-true only"):
        trainer.fit(make_task(), datamodule=make_data())
