"""What a training tells: lines, a table, and the baselines as metrics."""

import logging
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning as L
import pytest
import torch
from tiny_scenes import tiny_config

from photowave.audio import HistogramBaseline, LinearPredictorBaseline, UniformBaseline
from photowave.errors import ConfigError
from photowave.settings import CheckpointSettings
from photowave.training.baselines import BaselineScores, score_baselines
from photowave.training.checkpoints import RunCheckpoints
from photowave.training.report import ProgressReport, TrainingBar, _standing, time_span

Make = Callable[..., Any]


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """The report's lines so far."""
    caplog.set_level(logging.INFO, logger="photowave.training.report")
    return lambda: [r.getMessage() for r in caplog.records if r.name == "photowave.training.report"]


def test_epoch_line_holds_what_was_measured(lines: Any, make_training: Make, make_trainer: Make) -> None:
    class Losses(L.Callback):
        found: list[float] = []  # noqa: RUF012

        def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, *args: Any) -> None:
            self.found.append(float(outputs["loss"]))

    losses, (task, data) = Losses(), make_training()
    trainer = make_trainer(max_steps=8, callbacks=[losses, ProgressReport(data)])
    trainer.fit(task, datamodule=data)
    metrics = {name: float(value) for name, value in trainer.callback_metrics.items()}
    found = score_baselines(data.parts["train"].bank, data.scored_clips("val"), levels=256)
    assert metrics["val/bits_histogram"] == pytest.approx(found.histogram)
    assert metrics["val/bits_linear_predictor"] == pytest.approx(found.linear_predictor)
    assert metrics["val/bits_uniform"] == pytest.approx(found.uniform)
    rate = trainer.optimizers[0].param_groups[0]["lr"]
    assert metrics["train/learning_rate"] == pytest.approx(rate, rel=1e-6)
    *_, baselines, first, last = lines()
    assert baselines == (
        f"bits per sample on 4 clips of 0.2 s of split val: uniform {found.uniform:.3f} | "
        f"histogram {found.histogram:.3f} | linear predictor {found.linear_predictor:.3f}"
    )
    assert first.startswith("step 4 | ")
    assert last.split(" | ")[0] == "step 8"
    assert last.split(" | ")[2:] == [
        "0:00:00 left",
        f"train {sum(losses.found[4:]) / 4:.3f}",
        f"val {metrics['val/bits_per_sample']:.3f}",
        f"right photo {metrics['val/bits_per_sample_photo']:.3f}",
        f"swap gain {metrics['val/photo_swap_gain']:+.4f}",
        "above histogram and linear predictor",
    ]


def test_summed_batches_report_the_mean_loss(lines: Any, make_training: Make, make_trainer: Make) -> None:
    task, data = make_training(learning_rate=1e-12)
    trainer = make_trainer(max_epochs=1, callbacks=[ProgressReport(data)], accumulate_grad_batches=2)
    trainer.fit(task, datamodule=data)
    train = float(lines()[-1].split(" | ")[3].removeprefix("train "))
    assert train == pytest.approx(float(trainer.callback_metrics["train/bits_per_sample"]), abs=0.3)


def test_line_of_a_model_with_an_envelope_tells_the_bits_of_the_decoder_alone(
    lines: Any, make_training: Make, make_trainer: Make
) -> None:
    class Bits(L.Callback):
        found: list[dict[str, float]] = []  # noqa: RUF012

        def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, *args: Any) -> None:
            now = {name: float(value) for name, value in outputs.items()}
            of_envelope = float(trainer.callback_metrics["train/bits_per_component"])
            assert now["loss"] == pytest.approx(now["bits_per_sample"] + of_envelope, rel=1e-5)
            assert of_envelope > 1.0
            self.found.append(now)

    bits, bar = Bits(), TrainingBar()
    task, data = make_training(tiny_config(components=3), envelope_share=1.0)
    callbacks = [ProgressReport(data), bits, bar]
    trainer = make_trainer(max_epochs=1, callbacks=callbacks, enable_progress_bar=True)
    trainer.fit(task, datamodule=data)
    mean = sum(step["bits_per_sample"] for step in bits.found) / 4
    assert lines()[-1].split(" | ")[3] == f"train {mean:.3f}"
    shown = bar.get_metrics(trainer, task)["train"]
    assert shown == pytest.approx(bits.found[-1]["bits_per_sample"], abs=1e-3)


def test_line_tells_what_the_envelope_costs_in_validation(
    lines: Any, make_training: Make, make_trainer: Make
) -> None:
    task, data = make_training(tiny_config(components=3))
    trainer = make_trainer(max_steps=8, callbacks=[ProgressReport(data)])
    trainer.fit(task, datamodule=data)
    # The four clips of the validation, by hand.
    (batch,) = data.val_dataloader()
    with torch.no_grad():
        vector = task.model.conditioner.training_vector(batch["features"], batch["texture"])
        component = float(task.model.envelope.bits(vector, batch["envelope"]).mean()) / 3
    assert float(trainer.callback_metrics["val/bits_per_component"]) == pytest.approx(component, rel=1e-5)
    parts = lines()[-1].split(" | ")
    names = [re.sub(r" [+-]?[\d.]+$", "", part) for part in parts[3:8]]
    assert names == ["train", "val", "right photo", "envelope", "swap gain"]
    assert parts[6] == f"envelope {component:.2f}"


@pytest.mark.parametrize(("components", "validated"), [(0, True), (3, False)])
def test_line_leaves_out_an_envelope_that_was_not_scored(
    components: int, validated: bool, lines: Any, make_training: Make, make_trainer: Make
) -> None:
    limits = {} if validated else {"limit_val_batches": 0}
    task, data = make_training(tiny_config(components=components))
    trainer = make_trainer(max_steps=4, callbacks=[ProgressReport(data)], **limits)
    trainer.fit(task, datamodule=data)
    assert lines()[-1].startswith("step 4 | ")
    assert (" | val " in lines()[-1]) == validated
    assert "envelope" not in lines()[-1]


def test_divergence_of_the_envelope_alone_stops_the_training(make_training: Make, make_trainer: Make) -> None:
    task, data = make_training(tiny_config(components=3))
    torch.nn.init.constant_(task.model.envelope.wavenet.project.bias, math.nan)
    trainer = make_trainer(max_epochs=1, callbacks=[ProgressReport(data)])
    with pytest.raises(ConfigError, match=r"diverged before step 4: its loss is nan\. Lower training\.learn"):
        trainer.fit(task, datamodule=data)


def test_no_line_is_made_up_when_a_run_resumes_at_the_end_of_an_epoch(
    lines: Any, make_training: Make, make_trainer: Make, tmp_path: Path
) -> None:
    for steps, path in ((4, None), (6, tmp_path / "last.ckpt")):
        task, data = make_training()
        callbacks = [ProgressReport(data), RunCheckpoints(CheckpointSettings(dirpath=str(tmp_path)))]
        trainer = make_trainer(max_steps=steps, callbacks=callbacks, enable_checkpointing=True)
        trainer.fit(task, datamodule=data, ckpt_path=path, weights_only=True)
    assert [line.split(" | ")[0] for line in lines() if line.startswith("step")] == ["step 4", "step 6"]
    assert "going on after step 4" in lines()


def test_state_goes_on_inside_an_epoch(make_training: Make) -> None:
    report = ProgressReport(make_training(stage=None)[1])
    report.load_state_dict({"loss_sum": 20.0, "steps": 2, "elapsed_s": 60.0})
    assert report.state_dict() == {"loss_sum": 20.0, "steps": 2, "elapsed_s": 60.0}


def test_divergence_stops_the_training_before_it_is_saved(
    make_training: Make, make_trainer: Make, tmp_path: Path
) -> None:
    task, data = make_training()
    torch.nn.init.constant_(task.model.wavenet.project.bias, math.nan)
    callbacks = [ProgressReport(data), RunCheckpoints(CheckpointSettings(dirpath=str(tmp_path)))]
    trainer = make_trainer(max_epochs=1, callbacks=callbacks, enable_checkpointing=True)
    with pytest.raises(ConfigError, match=r"diverged before step 4: its loss is nan\. Lower"):
        trainer.fit(task, datamodule=data)
    assert not (tmp_path / "last.ckpt").exists()


@pytest.mark.parametrize("split", ["val", "test"])
def test_scoring_prints_a_table(split: str, lines: Any, make_training: Make, make_trainer: Make) -> None:
    task, data = make_training(stage="validate" if split == "val" else "test")
    trainer = make_trainer(callbacks=[ProgressReport(data)])
    score = trainer.validate if split == "val" else trainer.test
    (scores,) = score(task, datamodule=data, verbose=False)
    right, gain = scores[f"{split}/bits_per_sample_photo"], scores[f"{split}/photo_swap_gain"]
    assert lines()[-1].split("\n") == [
        f"  uniform             {scores[f'{split}/bits_uniform']:.3f}",
        f"  histogram           {scores[f'{split}/bits_histogram']:.3f}",
        f"  linear predictor    {scores[f'{split}/bits_linear_predictor']:.3f}",
        f"  model               {scores[f'{split}/bits_per_sample']:.3f}  "
        "above histogram and linear predictor",
        f"  model, right photo  {right:.3f}",
        f"  model, other photo  {right + gain:.3f}  photo-swap gain {gain:+.4f}",
    ]


def test_baselines_of_plain_samples_answer_plain_samples(make_training: Make) -> None:
    _, data = make_training(stage="validate")
    bank, clips = data.parts["train"].bank, data.scored_clips("val")
    heard = [clips[index]["samples"] for index in range(len(clips))]
    trained = [recording.samples for recording in bank.recordings]
    assert score_baselines(bank, clips, levels=None) == BaselineScores(
        uniform=UniformBaseline().score(heard),
        histogram=HistogramBaseline().fit(trained).score(heard),
        linear_predictor=LinearPredictorBaseline(levels=None).fit(trained).score(heard),
    )
    assert score_baselines(bank, clips, levels=64).uniform == UniformBaseline(levels=64).score(heard)


@pytest.mark.parametrize(
    ("bits", "text"),
    [
        (9.0, "below histogram and linear predictor"),
        (10.5, "below histogram"),
        (12.0, "above histogram and linear predictor"),
    ],
)
def test_standing_names_what_the_model_is_below(bits: float, text: str) -> None:
    baselines = BaselineScores(uniform=14.0, histogram=11.0, linear_predictor=10.0)
    assert _standing(bits, baselines) == text


def test_spans_read_like_clocks() -> None:
    assert [time_span(s) for s in (0.4, 61, 3600 * 12 + 62)] == ["0:00:00", "0:01:01", "12:01:02"]


def test_bar_tells_scores_and_the_time_left(make_training: Make, make_trainer: Make) -> None:
    bar = TrainingBar()
    seen: list[dict[str, Any]] = []

    class Peek(L.Callback):
        def on_train_batch_end(self, trainer: Any, pl_module: Any, *args: Any) -> None:
            seen.append(bar.get_metrics(trainer, pl_module))

    task, data = make_training()
    callbacks = [ProgressReport(data), bar, Peek()]
    trainer = make_trainer(max_steps=6, callbacks=callbacks, enable_progress_bar=True)
    trainer.fit(task, datamodule=data)
    assert set(seen[0]) == {"train", "left"}
    assert set(seen[-1]) == {"train", "val", "swap gain", "left"}
    assert seen[-1]["left"] == "0:00:00"
