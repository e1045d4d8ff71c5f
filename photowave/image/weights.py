"""Weights files of photo encoders, read without ever unpickling code."""

from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor

from photowave.errors import CheckpointError


def read_weights(path: str | Path) -> dict[str, Tensor]:
    """Read named tensors.

    Args:
        path: A `.safetensors` file, or a `.pth` or `.pt` file that holds tensors by name and nothing else.

    Returns:
        The tensors by name, on the CPU.

    Raises:
        CheckpointError: The file is missing, damaged, of another kind, or holds more than tensors.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(
            f"weights file {path} does not exist. Give a .safetensors, .pth or .pt file, 'default' or null."
        )
    try:
        if path.suffix == ".safetensors":
            return safetensors.torch.load_file(path)
        if path.suffix in (".pth", ".pt"):
            state = torch.load(path, map_location="cpu", weights_only=True)
        else:
            raise CheckpointError(
                f"weights file {path} ends in {path.suffix!r}; known are .safetensors, .pth and .pt. "
                "Save the weights in one of these."
            )
    except CheckpointError:
        raise
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
