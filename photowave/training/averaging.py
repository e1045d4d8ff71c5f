"""Exponential moving average of the weights, with a memory that grows with the run."""

from lightning.pytorch.callbacks import WeightAveraging
from torch import Tensor


class MovingAverage(WeightAveraging):
    """Validates, previews, exports and ends with the averaged weights; keeps the others to train on.

    The n-th update weighs the new value by at least 9 / (10 + n), so that the random start is forgotten soon.

    Args:
        decay: Weight of the old average once the run is long.
    """

    def __init__(self, *, decay: float = 0.999):
        def average(old: Tensor, new: Tensor, count: Tensor | int) -> Tensor:
            n = float(count)
            return new.lerp(old, min(decay, (1.0 + n) / (10.0 + n)))

        super().__init__(avg_fn=average)
