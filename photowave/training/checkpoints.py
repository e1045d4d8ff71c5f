"""Checkpoints: the best model and the last state, from which a stopped run goes on exactly."""

import logging
import signal
import threading
import time
from pathlib import Path
from shlex import quote
from types import FrameType
from typing import Any

import lightning as L
from lightning.pytorch.callbacks import ModelCheckpoint

from photowave.settings import CheckpointSettings

_log = logging.getLogger(__name__)
_DEFAULTS = CheckpointSettings()


class TrainingStopped(BaseException):
    """Training was stopped by a signal, after its state was saved.

    Args:
        number: Number of the signal.
        path: The checkpoint to go on from; None if none was written.
    """

    def __init__(self, number: int, path: Path | None):
        super().__init__(number, path)
        self.number, self.path = number, path


class RunCheckpoints(ModelCheckpoint):
    """Keeps `best.ckpt` (lowest validation bits per sample) and `last.ckpt`.

    `last.ckpt` is written every few minutes, after each epoch, and when the run stops: at `max_steps` or
    `max_time`, on Ctrl-C and on SIGTERM (a second one stops at once). A stop inside an epoch is saved right
    after the step, while the epoch still counts as begun, and before the averaged weights replace those that
    are trained: so a later run takes up the epoch, the optimiser and the clips where they were.

    Args:
        settings: How often, and where to.
    """

    def __init__(self, settings: CheckpointSettings = _DEFAULTS):
        super().__init__(
            dirpath=settings.dirpath,
            filename="best",
            monitor="val/bits_per_sample",
            enable_version_counter=False,
        )
        self._every_s = 60.0 * settings.every_minutes
        self._saved_at = 0.0
        self._began_step = self._seen_step = self._saved_step = -1
        self._signal: int | None = None
        self._handlers: dict[int, Any] = {}

    @property
    def last_path(self) -> Path:
        """Where the last state lies."""
        assert self.dirpath is not None
        return Path(self.dirpath) / f"last{self.FILE_EXTENSION}"

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Start the clock and watch for signals."""
        super().on_train_start(trainer, pl_module)
        self._began_step = self._seen_step = self._saved_step = trainer.global_step
        self._saved_at = time.monotonic()
        if not _is_dry(trainer):
            _log.info("checkpoints: %s", self.dirpath)
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._handlers[number] = signal.signal(number, self._on_signal)

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Save inside an epoch if it is time, and before the run stops."""
        super().on_train_batch_end(trainer, pl_module, outputs, batch, batch_idx)
        if trainer.max_steps > 0 and trainer.global_step >= trainer.max_steps:
            # Lightning validates at a stop only if it is asked for one.
            trainer.should_stop = True
        stepped, self._seen_step = trainer.global_step > self._seen_step, trainer.global_step
        # Gradients that are still being summed up are in no checkpoint; and the last step of an epoch is
        # followed by validation, which a state saved now would leave out.
        if not stepped or trainer.fit_loop.epoch_loop.batch_progress.is_last_batch:
            return
        stopped = self._is_stopped(trainer)
        due = time.monotonic() - self._saved_at >= self._every_s
        if stopped or trainer.should_stop or trainer.strategy.reduce_boolean_decision(due, all=False):
            self._save_last(trainer)
        if stopped:
            raise self._stop()

    def on_train_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Save after validation, unless the run stops inside the epoch and is saved already."""
        if trainer.global_step == self._began_step:
            # A run that resumes at the end of an epoch ends it again, without its scores; Lightning (2.6)
            # then counts a step twice, by which all that is logged from here on would be shifted.
            trainer.fit_loop.epoch_loop._batches_that_stepped = trainer.global_step
            return
        super().on_train_epoch_end(trainer, pl_module)
        self._save_last(trainer)
        if self._is_stopped(trainer):
            raise self._stop()

    def on_train_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Tell where the best model lies; there is nothing to save, the averages are in the model already."""
        self._release()
        if self.best_model_path and self.best_model_score is not None:
            _log.info("best: %.3f bits per sample in %s", float(self.best_model_score), self.best_model_path)
            _log.info("for a model file: photowave export %s MODEL.safetensors", quote(self.best_model_path))

    def on_exception(
        self, trainer: L.Trainer, pl_module: L.LightningModule, exception: BaseException
    ) -> None:
        """Leave signals alone again; a step that failed halfway is not worth saving."""
        self._release()

    def _save_last(self, trainer: L.Trainer) -> None:
        if _is_dry(trainer) or self._saved_step == trainer.global_step:
            return
        self.last_model_path = str(self.last_path)
        trainer.save_checkpoint(self.last_path)
        self._saved_at, self._saved_step = time.monotonic(), trainer.global_step

    def _is_stopped(self, trainer: L.Trainer) -> bool:
        """Whether a signal came, to whichever device."""
        return trainer.strategy.reduce_boolean_decision(self._signal is not None, all=False)

    def _stop(self) -> TrainingStopped:
        path = self.last_path if self.last_path.exists() else None
        return TrainingStopped(self._signal or signal.SIGTERM, path)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._signal is not None:
            self._release()
            raise KeyboardInterrupt
        self._signal = number

    def _release(self) -> None:
        while self._handlers:
            number, handler = self._handlers.popitem()
            signal.signal(number, handler)


def _is_dry(trainer: Any) -> bool:
    """Whether this is `fast_dev_run`, which leaves no files."""
    return bool(trainer.fast_dev_run)
