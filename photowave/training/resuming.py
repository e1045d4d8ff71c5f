"""What must be the same in a checkpoint and in the run that goes on from it."""

import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from lightning.pytorch.callbacks import Timer

from photowave.checkpoint import TrainingProgress, check_checkpoint
from photowave.errors import CheckpointError, ConfigError
from photowave.settings import ModelConfig

_START_ANEW = "or start a new training without --ckpt_path."


@dataclass(frozen=True, kw_only=True)
class ModelIdentity:
    """What makes the weights of one model fit another.

    Attributes:
        config: The settings.
        encoder_fingerprint: Hash of the photo encoder.
    """

    config: ModelConfig
    encoder_fingerprint: str

    @classmethod
    def from_checkpoint(cls, saved: Any) -> "ModelIdentity":
        """Read it out of the metadata of a checkpoint.

        Raises:
            CheckpointError: They are of something else, or of another version.
        """
        metadata = check_checkpoint("the checkpoint", saved)
        config = ModelConfig.from_json(str(metadata.get("config")))
        return cls(config=config, encoder_fingerprint=str(metadata.get("encoder_fingerprint")))


def check_unfinished(
    path: Path, done: TrainingProgress, *, max_steps: int, max_time: str | timedelta | dict[str, int] | None
) -> None:
    """See that a checkpoint can be gone on from, and that something is left to do.

    Args:
        path: The checkpoint, for the message.
        done: How far it has come.
        max_steps: Where the training shall end; -1 for no limit.
        max_time: How long it shall last, as Lightning takes it; None for no limit.

    Raises:
        CheckpointError: Optimiser, schedule or the place in the epoch are missing.
        ConfigError: The steps or the time are used up.
    """
    if done.missing:
        raise CheckpointError(
            f"{path} lacks what a training goes on from: {', '.join(done.missing)}. Take another checkpoint, "
            f"or start a new training without --ckpt_path; 'photowave export {path}' can still use it."
        )
    beyond = (
        f"Give a longer one to go on, or make a model file of it: photowave export {path} MODEL.safetensors"
    )
    if 0 <= max_steps <= done.steps:
        raise ConfigError(
            f"trainer.max_steps={max_steps} is used up: {path} has {done.steps} steps. {beyond}"
        )
    if max_time is not None and done.elapsed_s >= (limit_s := Timer(max_time).time_remaining() or 0.0):
        raise ConfigError(
            f"trainer.max_time of {limit_s:.0f} s is used up: {path} has trained for {done.elapsed_s:.0f} s. "
            f"{beyond}"
        )


def check_same_model(checkpoint: ModelIdentity, here: ModelIdentity) -> None:
    """Compare the model of a checkpoint with the one that is to take its weights.

    Raises:
        CheckpointError: Settings or photo encoder are others; all settings that differ are named.
    """
    before, now = _flat(json.loads(checkpoint.config.to_json())), _flat(json.loads(here.config.to_json()))
    names = [name for name in now | before if before.get(name) != now.get(name)]
    if names:
        differing = ", ".join(f"{name}={before.get(name)} (now {now.get(name)})" for name in names)
        raise CheckpointError(
            f"the checkpoint was trained with other settings: {differing}. Give the same ones, {_START_ANEW}"
        )
    if checkpoint.encoder_fingerprint != here.encoder_fingerprint:
        raise CheckpointError(
            "the checkpoint was trained with other weights of the photo encoder "
            f"{here.config.image.encoder}. Install those, {_START_ANEW}"
        )


def _flat(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Settings by their dotted names."""
    found: dict[str, Any] = {}
    for name, value in tree.items():
        found |= _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return found
