"""How far training has come, and the learning rate that follows from it."""

import math

import lightning as L
from lightning.pytorch.callbacks import Timer


def progress(trainer: L.Trainer) -> float:
    """Share of the training that is done, from 0 to 1: by steps, epochs or time, whichever is farthest."""
    shares = [0.0]
    if trainer.max_steps > 0:
        shares.append(trainer.global_step / trainer.max_steps)
    if trainer.max_epochs is not None and trainer.max_epochs > 0 and trainer.num_training_batches:
        total = trainer.max_epochs * trainer.num_training_batches / trainer.accumulate_grad_batches
        shares.append(trainer.global_step / total if math.isfinite(total) else 0.0)
    for callback in trainer.callbacks:  # type: ignore[attr-defined]
        if isinstance(callback, Timer) and (left := callback.time_remaining()) is not None:
            elapsed = callback.time_elapsed()
            shares.append(elapsed / max(elapsed + left, 1e-9))
    return min(max(shares), 1.0)


def factor(step: int, done: float, *, warmup_steps: int, decay_share: float) -> float:
    """Factor on the learning rate: up in a line, level, then down along a cosine to a twentieth.

    Args:
        step: Optimiser steps so far.
        done: Share of the training that is done, see `progress`.
        warmup_steps: Steps of the rise.
        decay_share: Last share of the training over which it falls; 0 stays level.
    """
    rise = min(1.0, (step + 1) / max(warmup_steps, 1))
    if decay_share <= 0.0:
        return rise
    fall = min(max((done - (1.0 - decay_share)) / decay_share, 0.0), 1.0)
    return rise * (0.05 + 0.95 * 0.5 * (1.0 + math.cos(math.pi * fall)))
