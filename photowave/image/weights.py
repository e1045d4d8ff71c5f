"""Weights files of photo encoders, read without ever unpickling code."""

from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor

from photowave.errors import CheckpointError


def read_weights(path: str | Path) -> dict[str, Tensor]:
    """Read a file that holds tensors by name and nothing else, onto the CPU."""
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(
            f"weights file {path} does not exist. Give a .safetensors, .pth or .pt file, 'default' or null."
        )
    if path.suffix not in (".safetensors", ".pth", ".pt"):
        raise CheckpointError(
            f"weights file {path} ends in {path.suffix!r}; known are .safetensors, .pth and .pt. "
            "Save the weights in one of these."
        )
    try:
        if path.suffix == ".safetensors":
            return safetensors.torch.load_file(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a foreign file fails in many ways: unpickler, zip, header, end of file
        raise CheckpointError(
            f"weights file {path} cannot be read as tensors by name: it is damaged, foreign, or holds code. "
            "Save the network's state_dict as .safetensors."
        ) from error
    if not isinstance(state, dict) or not all(
        isinstance(name, str) and isinstance(tensor, Tensor) for name, tensor in state.items()
    ):
        raise CheckpointError(
            f"weights file {path} does not hold tensors by name. Save the network's state_dict."
        )
    return dict(state)
