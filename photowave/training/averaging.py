"""Exponential moving average of the weights, with a memory that grows with the run."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import lightning as L
from lightning.pytorch.callbacks import WeightAveraging
from torch import Tensor

from photowave.settings import AverageSettings

_DEFAULTS = AverageSettings()


class MovingAverage(WeightAveraging):
    """Validates, previews, exports and ends with the averaged weights; keeps the others to train on.

    The n-th update weighs the new value by at least 9 / (10 + n), so that the random start is forgotten soon.

    Args:
        settings: How long its memory is.
    """

    def __init__(self, settings: AverageSettings = _DEFAULTS):
        def average(old: Tensor, new: Tensor, count: Tensor | int) -> Tensor:
            n = float(count)
            if not new.is_floating_point():
                return new  # numbers of something, not measures: they have no mean
            return new.lerp(old, min(settings.decay, (1.0 + n) / (10.0 + n)))

        super().__init__(avg_fn=average)

    def on_load_checkpoint(
        self, trainer: L.Trainer, pl_module: L.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Take both sets of weights from a checkpoint; outside of training the averaged ones are enough."""
        if self._average_model is not None:
            super().on_load_checkpoint(trainer, pl_module, checkpoint)

    @contextmanager
    def swapped(self, task: L.LightningModule) -> Iterator[None]:
        """Put the averaged weights into the task, and those it trains on back when the block ends."""
        if self._average_model is None:
            yield
            return
        self._swap_models(task)
        try:
            yield
        finally:
            self._swap_models(task)


@contextmanager
def averaged_weights(trainer: L.Trainer, task: L.LightningModule) -> Iterator[None]:
    """Let a task hold the averaged weights inside the block, if there is a `MovingAverage`."""
    averages = [c for c in trainer.callbacks if isinstance(c, MovingAverage)]  # type: ignore[attr-defined]
    if not averages:
        yield
        return
    with averages[0].swapped(task):
        yield
