"""Evaluation offline: metrics of generated sounds beside floors and ceilings, as a report, a table, a frame.

The names are loaded when they are first used, so that checking options alone does not import torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from photowave.extras import require

if TYPE_CHECKING:
    from photowave.evaluation.metrics.metric import Metric
    from photowave.evaluation.report.result import EvaluationResult
    from photowave.evaluation.run import evaluate

__all__ = ["EvaluationResult", "Metric", "evaluate"]

_HOMES = {"evaluate": "run", "EvaluationResult": "report.result", "Metric": "metrics.metric"}

require("evaluate", "photowave.evaluation")


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
