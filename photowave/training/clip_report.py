"""The live line of a training on one clip, and a free run every few minutes."""

import math
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import lightning as L

from photowave.audio.likeness import Likeness
from photowave.training import schedule
from photowave.training.averaging import averaged_weights
from photowave.training.baselines import BaselineScores
from photowave.training.report import time_span

_LINE_EVERY_S = 15.0
_LIVE_EVERY_S = 1.0
_MEMORY = 0.98  # of the running mean of the loss


class ClipReport(L.Callback):
    """Tells how the training goes: a live line on a terminal, a line now and then elsewhere.

    Args:
        baselines: Shown beside the loss.
        draw: Draws the clip freely with the weights that the model holds, and compares.
        tell: Takes a finished line.
        show: Takes a line that the next one replaces; None: there is no terminal.
        draw_every_s: Seconds between two free runs.
    """

    def __init__(
        self,
        *,
        baselines: BaselineScores,
        draw: Callable[[], Likeness],
        tell: Callable[[str], None],
        show: Callable[[str], None] | None,
        draw_every_s: float = 120.0,
    ):
        self._baselines, self._draw, self._tell, self._show = baselines, draw, tell, show
        self._draw_every_s = draw_every_s
        self._bits = math.nan
        self._began = self._said = self._drew = 0.0
        self._handler: Any = None
        self._asked = False
        self.steps = 0

    @property
    def bits(self) -> float:
        """Running mean of the training loss, in bits per sample."""
        return self._bits

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._began

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Start the clocks, and let Ctrl-C end the training early; a second one breaks off."""
        self._began = self._said = self._drew = time.monotonic()
        if threading.current_thread() is threading.main_thread():
            self._handler = signal.signal(signal.SIGINT, lambda *_: self._stop(trainer))

    def on_train_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Leave Ctrl-C alone again."""
        self._release()

    def on_exception(
        self, trainer: L.Trainer, pl_module: L.LightningModule, exception: BaseException
    ) -> None:
        """See `on_train_end`."""
        self._release()

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Keep the loss, and stop if it is lost; tell a line or draw if it is time."""
        loss = float(outputs["loss"])
        self.steps = trainer.global_step
        self._bits = loss if self.steps <= 1 else _MEMORY * self._bits + (1 - _MEMORY) * loss
        if not math.isfinite(self.bits):
            trainer.should_stop = True
            return
        if self._asked:
            self._tell("stopping; Ctrl-C once more breaks off without a drawing")
            return
        now = time.monotonic()
        if now - self._said >= (_LINE_EVERY_S if self._show is None else _LIVE_EVERY_S):
            self._said = now
            (self._show or self._tell)(self._line(trainer))
        if now - self._drew >= self._draw_every_s:
            with averaged_weights(trainer, pl_module):
                found = self._draw()
            self._drew = time.monotonic()
            self._tell(f"{self._line(trainer)} | free run: {describe(found)}")

    def _stop(self, trainer: L.Trainer) -> None:
        """Called inside whatever the main thread is doing: nothing is printed here."""
        self._release()
        self._asked = trainer.should_stop = True

    def _release(self) -> None:
        if self._handler is not None:
            signal.signal(signal.SIGINT, self._handler)
            self._handler = None

    def _line(self, trainer: L.Trainer) -> str:
        done = schedule.progress(trainer)
        left = self.seconds * (1.0 - done) / done if done > 0 else math.nan
        known = self._baselines
        return (
            f"step {self.steps} | {time_span(left)} left | {self.bits:.2f} bits (linear "
            f"{known.linear_predictor:.2f}, histogram {known.histogram:.2f}, uniform {known.uniform:.2f})"
        )


def describe(found: Likeness) -> str:
    """Likeness in words and figures."""
    return f"correlation {found.correlation:.3f}, {found.mean_abs_db:.1f} dB apart"
