"""The moving average of the weights."""

from collections.abc import Callable
from typing import Any

import lightning as L
import pytest
import torch
from torch import Tensor

from photowave.settings import AverageSettings
from photowave.training.averaging import MovingAverage, averaged_weights

Make = Callable[..., Any]


class Watch(L.Callback):
    """Keeps a weight after each step, and what the average is when the training ends."""

    def __init__(self) -> None:
        self.trained: list[Tensor] = []
        self.during_validation: Tensor | None = None
        self.swapped: Tensor | None = None
        self.after_swap: Tensor | None = None

    @staticmethod
    def weight(task: Any) -> Tensor:
        return task.model.wavenet.project.weight.detach().clone()

    def on_train_batch_end(self, trainer: Any, pl_module: Any, *args: Any) -> None:
        self.trained.append(self.weight(pl_module))

    def on_validation_batch_end(self, trainer: Any, pl_module: Any, *args: Any) -> None:
        self.during_validation = self.weight(pl_module)

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        with averaged_weights(trainer, pl_module):
            self.swapped = self.weight(pl_module)
        self.after_swap = self.weight(pl_module)


@pytest.mark.parametrize("decay", [0.999, 0.3])
def test_average_is_the_formula_and_stands_in_where_it_should(
    decay: float, make_training: Make, make_trainer: Make
) -> None:
    (task, data), watch = make_training(warmup_steps=0), Watch()
    trainer = make_trainer(max_epochs=2, callbacks=[MovingAverage(AverageSettings(decay=decay)), watch])
    trainer.fit(task, datamodule=data)
    assert len(watch.trained) == 8
    average = watch.trained[0]
    for n, new in enumerate(watch.trained[1:], start=1):
        kept = min(decay, (1 + n) / (10 + n))
        average = kept * average + (1 - kept) * new
    for found in (watch.during_validation, watch.swapped, Watch.weight(task)):
        assert found is not None
        torch.testing.assert_close(found, average, rtol=0, atol=1e-7)
    assert watch.after_swap is not None
    assert torch.equal(watch.after_swap, watch.trained[-1])
    assert not torch.equal(average, watch.trained[-1])


class Counter(L.Callback):
    """Counts steps in a buffer of the task, as a lookup table that changes would."""

    def on_train_batch_start(self, trainer: Any, pl_module: Any, *args: Any) -> None:
        pl_module.count += torch.tensor([1, 1_000_000_007])


def test_whole_numbers_have_no_average(make_training: Make, make_trainer: Make) -> None:
    task, data = make_training()
    task.register_buffer("count", torch.zeros(2, dtype=torch.int64))
    groups = task.model.conditioner.groups
    trainer = make_trainer(max_epochs=2, callbacks=[Counter(), MovingAverage(AverageSettings(decay=0.9))])
    trainer.fit(task, datamodule=data)
    assert task.count.dtype == groups.dtype == torch.int64
    assert task.count.tolist() == [8, 8 * 1_000_000_007]
    assert groups.tolist() == [0, 0, 1, 1]


def test_without_an_average_the_weights_stay(make_training: Make, make_trainer: Make) -> None:
    (task, _), trainer = make_training(stage=None), make_trainer()
    before = Watch.weight(task)
    with averaged_weights(trainer, task):
        assert torch.equal(Watch.weight(task), before)
