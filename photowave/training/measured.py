"""What only a saved model has: measured at every save, and forgotten when its training goes on."""

import copy
from typing import Any

import torch
from torch import Tensor

from photowave.model import PhotowaveModel
from photowave.pairs.datamodule import SplitData
from photowave.training.free_run import correct_free_runs, leave_out_strays

_MEASURED = ("envelope.correction", "conditioner.left_out")
_PREFIX = "model."


def measure(weights: dict[str, Tensor], model: PhotowaveModel, train: SplitData) -> None:
    """Let a model run freely, correct what it misses, and leave out textures that are off all the same.

    Args:
        weights: Of the task, to be saved; changed in place.
        model: The model they belong to; left as it is.
        train: The training split.
    """
    if model.envelope is None:
        return
    saved = copy.deepcopy(model).cpu()
    saved.load_state_dict({n.removeprefix(_PREFIX): v for n, v in weights.items() if n.startswith(_PREFIX)})
    correct_free_runs(saved, train)
    leave_out_strays(saved, train)
    there = saved.state_dict()
    weights |= {_PREFIX + name: there[name] for name in _MEASURED if name in there}


def forget(checkpoint: dict[str, Any], model: PhotowaveModel) -> None:
    """Take what was measured out of a checkpoint again, or put it into one from before it was.

    Args:
        checkpoint: What Lightning saved; changed in place.
        model: The model that is to take its weights.
    """
    there = model.state_dict()
    for part in {"state_dict", "current_model_state"} & set(checkpoint):
        checkpoint[part] |= {_PREFIX + n: torch.zeros_like(there[n]) for n in _MEASURED if n in there}
