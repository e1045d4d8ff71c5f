"""Weights files of photo encoders, read without ever unpickling code."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor

from photowave.errors import CheckpointError

_KNOWN = (".safetensors", ".pth", ".pth.tar", ".pt", ".bin")

# Torchvision's DenseNet once had a dot in these names, and files from then are still about.
_OLD_DENSENET = re.compile(r"^(.*denselayer\d+\.(?:norm|conv))\.([12]\.)")


def read_weights(path: str | Path) -> dict[str, Tensor]:
    """Read a file that holds tensors by name, onto the CPU.

    A training's checkpoint may hold them under `state_dict`, beside the epoch and the like, as those of
    Places365 do; `module.` before all names, from training on several GPUs, is taken off.

    Raises:
        CheckpointError: There is no such file, its ending is unknown, or it holds something else.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(
            f"weights file {path} does not exist. Give a {', '.join(_KNOWN[:-1])} or {_KNOWN[-1]} file, "
            "'default' or null."
        )
    if not path.name.endswith(_KNOWN):
        raise CheckpointError(
            f"weights file {path} ends in {path.suffix!r}; known are {', '.join(_KNOWN[:-1])} and "
            f"{_KNOWN[-1]}. Save the weights in one of these."
        )
    try:
        if path.suffix == ".safetensors":
            return _plain(safetensors.torch.load_file(path))
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a foreign file fails in many ways: unpickler, zip, header, end of file
        raise CheckpointError(
            f"weights file {path} cannot be read as tensors by name: it is damaged, foreign, or holds code. "
            "Save the network's state_dict as .safetensors."
        ) from error
    inside = state.get("state_dict", state) if isinstance(state, dict) else state
    if not _is_state(inside):
        raise CheckpointError(
            f"weights file {path} does not hold tensors by name. Save the network's state_dict."
        )
    return _plain(inside)


def _is_state(state: Any) -> bool:
    return isinstance(state, dict) and all(
        isinstance(name, str) and isinstance(tensor, Tensor) for name, tensor in state.items()
    )


def _plain(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Give tensors the names that the network's own `state_dict` has today."""
    prefix = "module." if all(name.startswith("module.") for name in state) else ""
    return {_OLD_DENSENET.sub(r"\1\2", name.removeprefix(prefix)): tensor for name, tensor in state.items()}
