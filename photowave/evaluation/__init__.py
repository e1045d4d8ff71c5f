"""Evaluation offline: figures for generated sounds beside floors and ceilings, as a report, a table, a frame.

The names are loaded when they are first used, so that checking options alone does not import torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from photowave.evaluation.result import EvaluationResult, Figure
    from photowave.evaluation.run import evaluate

__all__ = ["EvaluationResult", "Figure", "evaluate"]

_HOMES = {"evaluate": "run"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'result')}"), name)
