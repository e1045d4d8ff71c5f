"""What must be the same in a checkpoint and in the run that goes on from it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from photowave.config import ModelConfig
from photowave.errors import CheckpointError

_EXPORT = "and cannot be taken up here. Export it with 'photowave export', or train anew."
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

    def to_checkpoint(self) -> dict[str, str]:
        """Write it as plain text, for a checkpoint that is read without unpickling."""
        return {"config": self.config.to_json(), "encoder_fingerprint": self.encoder_fingerprint}

    @classmethod
    def from_checkpoint(cls, saved: Any) -> "ModelIdentity":
        """Read it back.

        Raises:
            CheckpointError: It is none.
        """
        try:
            config = ModelConfig.from_json(str(saved["config"]))
            return cls(config=config, encoder_fingerprint=str(saved["encoder_fingerprint"]))
        except (TypeError, KeyError) as error:
            raise CheckpointError(
                "the checkpoint names no photowave model. Give one that 'photowave fit' wrote."
            ) from error


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


def check_complete(checkpoint: dict[str, Any], *, names: Iterable[str], learning_rates: int) -> None:
    """See that a checkpoint holds all that a training needs to go on.

    Args:
        checkpoint: What Lightning saved.
        names: Of the task's weights.
        learning_rates: Of its optimiser.

    Raises:
        CheckpointError: It is from before models or their training had something.
    """
    missing = sorted(set(names) - set(checkpoint["state_dict"]))
    if missing:
        raise CheckpointError(
            f"the checkpoint has no {missing[0]} ({len(missing)} missing in all): it is from before "
            f"models had that, {_EXPORT}"
        )
    for state in checkpoint.get("optimizer_states", []):
        if (found := len(state["param_groups"])) != learning_rates:
            raise CheckpointError(
                f"the checkpoint has {found} learning rates, this model {learning_rates}: it is from before "
                f"the coarser stack had one of its own, {_EXPORT}"
            )


def _flat(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Settings by their dotted names."""
    found: dict[str, Any] = {}
    for name, value in tree.items():
        found |= _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return found
