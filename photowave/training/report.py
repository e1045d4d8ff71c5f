"""What a training tells while it runs: sizes, baselines, a line per epoch, and a table of scores."""

import logging
import math
import time
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import lightning as L
from lightning.pytorch.callbacks import TQDMProgressBar
from torch import Tensor

from photowave.errors import ConfigError
from photowave.training import schedule
from photowave.training.baselines import BaselineScores, score_baselines
from photowave.training.datamodule import PairsDataModule

_log = logging.getLogger(__name__)
_BAR_NAMES = {
    "train/bits_per_sample": "train",
    "val/bits_per_sample": "val",
    "val/photo_swap_gain": "swap gain",
}


class ProgressReport(L.Callback):
    """Logs plain lines, and beside the scores of the model those of the baselines on the same clips.

    Scores are bits per sample, 16-bit PCM equivalents; lines go to the logger of this module.

    Args:
        data: What is trained and scored on.
    """

    def __init__(self, data: PairsDataModule) -> None:
        self._data = data
        self._baselines: BaselineScores | None = None
        self._bits_sum: Tensor | float = 0.0
        self._loss: Tensor | float = 0.0
        self._steps = 0
        self._elapsed_before_s = 0.0
        self._began = math.nan
        self._began_done = 0.0

    def state_dict(self) -> dict[str, Any]:
        """Keep what the next line is made of."""
        return {"loss_sum": float(self._bits_sum), "steps": self._steps, "elapsed_s": self.elapsed_s}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on with the sums and the clock of the run before."""
        self._bits_sum, self._steps = state_dict["loss_sum"], state_dict["steps"]
        self._elapsed_before_s = state_dict["elapsed_s"]

    @property
    def elapsed_s(self) -> float:
        """Seconds of training so far, those before a resume included."""
        running = 0.0 if math.isnan(self._began) else time.monotonic() - self._began
        return self._elapsed_before_s + running

    def time_left_s(self, trainer: L.Trainer) -> float:
        """Seconds until the end at the pace since the start or the resume; NaN before the first step."""
        done = schedule.progress(trainer)
        gained = done - self._began_done
        return (time.monotonic() - self._began) * (1.0 - done) / gained if gained > 0.0 else math.nan

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Tell the sizes and the baselines, and start the clock."""
        learned = sum(p.numel() for p in pl_module.parameters() if p.requires_grad)
        _log.info("model: %s learned weights", f"{learned:,}")
        self._introduce(trainer, pl_module)
        if trainer.global_step:
            _log.info("going on after step %d", trainer.global_step)
        self._began, self._began_done = time.monotonic(), schedule.progress(trainer)

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Add up the bits of the decoder and log the learning rate."""
        self._bits_sum = self._bits_sum + outputs["bits_per_sample"]
        self._loss = outputs["loss"].detach()
        self._steps += 1
        pl_module.log("train/learning_rate", trainer.optimizers[0].param_groups[0]["lr"])

    def on_train_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Log the line of this epoch.

        Raises:
            ConfigError: The training diverged.
        """
        if not self._steps:
            # A run that resumes at the end of an epoch ends it again.
            return
        bits, loss = float(self._bits_sum) / self._steps, float(self._loss)
        self._bits_sum, self._steps = 0.0, 0
        # Once diverged, for ever diverged: of what else is minimised the last value is enough.
        if not (math.isfinite(bits) and math.isfinite(loss)):
            raise ConfigError(
                f"the training diverged before step {trainer.global_step}: its loss is "
                f"{loss if math.isfinite(bits) else bits}. "
                "Lower training.learning_rate or trainer.gradient_clip_val and start again."
            )
        parts = [f"step {trainer.global_step}", time_span(self.elapsed_s)]
        left = self.time_left_s(trainer)
        if math.isfinite(left):
            parts.append(f"{time_span(left)} left")
        scores = {name: float(value) for name, value in trainer.callback_metrics.items()}
        shown = {"train": bits, "val": scores.get("val/bits_per_sample")}
        shown["right photo"] = scores.get("val/bits_per_sample_photo")
        parts += [f"{name} {value:.3f}" for name, value in shown.items() if value is not None]
        if (component := scores.get("val/bits_per_component")) is not None:
            parts.append(f"envelope {component:.2f}")
        if (gain := scores.get("val/photo_swap_gain")) is not None:
            parts.append(f"swap gain {gain:+.4f}")
        if (own := shown["val"]) is not None and self._baselines is not None:
            parts.append(_standing(own, self._baselines))
        _log.info("%s", " | ".join(parts))

    def on_validation_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Log the scores of the baselines as metrics, so that they stand in the same charts."""
        if not trainer.sanity_checking:
            self._log_baselines(trainer, pl_module, "val")

    def on_test_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """See `on_validation_epoch_end`."""
        self._log_baselines(trainer, pl_module, "test")

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Print the table, if validation was what was asked for."""
        if trainer.state.fn == "validate":
            self._print_table(trainer, "val")

    def on_test_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Print the table."""
        self._print_table(trainer, "test")

    def _introduce(self, trainer: L.Trainer, task: Any) -> BaselineScores:
        """Measure the baselines, and tell them and the sizes of the data."""
        data = self._data
        scored = data.scored_split(trainer.state.fn or "fit")
        lengths = [f"{name} {part.bank.duration_s:.0f} s" for name, part in data.parts.items()]
        _log.info("sound: %s", ", ".join(lengths))
        clips = data.scored_clips(scored)
        found = score_baselines(data.parts["train"].thinned().bank, clips, levels=task.model.codec.levels)
        where = f"{len(clips)} clips of {data.settings.val_clip_s:g} s of split {scored}"
        scores = " | ".join(f"{name.replace('_', ' ')} {bits:.3f}" for name, bits in asdict(found).items())
        _log.info("bits per sample on %s: %s", where, scores)
        self._baselines = found
        return found

    def _log_baselines(self, trainer: L.Trainer, task: L.LightningModule, split: str) -> None:
        found = self._baselines or self._introduce(trainer, task)
        for name, value in asdict(found).items():
            task.log(f"{split}/bits_{name}", value, sync_dist=True)

    def _print_table(self, trainer: L.Trainer, split: str) -> None:
        assert self._baselines is not None
        scores = {name: float(value) for name, value in trainer.callback_metrics.items()}
        own = scores[f"{split}/bits_per_sample"]
        rows = [(name.replace("_", " "), f"{v:.3f}") for name, v in asdict(self._baselines).items()]
        rows.append(("model", f"{own:.3f}  {_standing(own, self._baselines)}"))
        if (right := scores.get(f"{split}/bits_per_sample_photo")) is not None:
            gain = scores[f"{split}/photo_swap_gain"]
            rows += [
                ("model, right photo", f"{right:.3f}"),
                ("model, other photo", f"{right + gain:.3f}  photo-swap gain {gain:+.4f}"),
            ]
        _log.info("%s", "\n".join(f"  {name:20}{text}" for name, text in rows))


class TrainingBar(TQDMProgressBar):
    """Lightning's bar, with the time that is left of the whole training."""

    def __init__(self) -> None:
        super().__init__(leave=False)

    def get_metrics(self, trainer: L.Trainer, pl_module: L.LightningModule) -> dict[str, Any]:
        """Short names, and the time left."""
        items = super().get_metrics(trainer, pl_module)
        short = {_BAR_NAMES[name]: value for name, value in items.items() if name in _BAR_NAMES}
        reports = [c for c in trainer.callbacks if isinstance(c, ProgressReport)]  # type: ignore[attr-defined]
        left = reports[0].time_left_s(trainer) if reports and trainer.training else math.nan
        return {**short, "left": time_span(left)} if math.isfinite(left) else short


def _standing(bits: float, baselines: BaselineScores) -> str:
    """Say which baseline a score is below; a lower score is better."""
    hard = {"histogram": baselines.histogram, "linear predictor": baselines.linear_predictor}
    below = [name for name, of_baseline in hard.items() if bits < of_baseline]
    return f"below {' and '.join(below)}" if below else f"above {' and '.join(hard)}"


def time_span(seconds: float) -> str:
    """Write a time span as h:mm:ss; `?` where it is not known."""
    return str(timedelta(seconds=round(seconds))) if math.isfinite(seconds) else "?"
