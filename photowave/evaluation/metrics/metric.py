"""What a metric is: one number of one system, with its interval, its floor and its ceiling."""

from dataclasses import dataclass
from typing import Literal

from photowave.evaluation.metrics.definitions import DEFINITIONS, Definition

Row = tuple[float, float, float, int]
"""Value, lower and upper end of its interval, count; NaN where there is none."""
NOTHING = (float("nan"), float("nan"), float("nan"))
"""Value and interval of what cannot be measured."""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric of one system."""

    name: str
    """What was measured, such as `scene_recognised`; see `EvaluationResult.definitions`."""
    system: str
    """Whose sounds it is about, such as `model`."""
    value: float
    """The value, in `unit`."""
    low: float
    """Lower end of the 95 % interval; NaN if there is none."""
    high: float
    """Upper end of the 95 % interval; NaN if there is none."""
    count: int
    """Sounds, photos or clips it was taken over; see its definition."""
    unit: str
    """Unit, such as `dB`; empty for a plain number."""
    better: Literal["higher", "lower", "neither"]
    """Which way is better; `neither` where a metric only describes."""
    floor: float
    """What chance gives, or a system that knows nothing; NaN if there is none."""
    ceiling: float
    """What real recordings reach; NaN if there is none."""


def make_metric(
    name: str,
    system: str,
    row: Row,
    *,
    floor: float | None = None,
    ceiling: float | None = None,
    known: Definition | None = None,
) -> Metric:
    """Complete a metric by its definition: `known`, or that in `DEFINITIONS`."""
    value, low, high, count = row
    known = known or DEFINITIONS[name]
    return Metric(
        name=name,
        system=system,
        value=value,
        low=low,
        high=high,
        count=count,
        unit=known.unit,
        better=known.better,
        floor=float("nan") if floor is None else floor,
        ceiling=float("nan") if ceiling is None else ceiling,
    )
