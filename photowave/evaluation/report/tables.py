"""How metrics are laid out for readers: which share a table, what systems are called, how numbers look."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from photowave.evaluation.metrics.definitions import DEFINITIONS
from photowave.evaluation.metrics.metric import Metric

TITLES = {
    "real": "real recordings",
    "model": "model",
    "model_shuffled": "model, photos shuffled",
    "nearest": "nearest training photo",
    "filtered_noise": "filtered noise",
    "sonify": "corners as sines",
    "linear_predictor": "linear predictor",
}
"""What the systems are called in the report; others keep their name."""


def title(name: str, unit: str) -> str:
    """Write the name of a metric in words, without a unit at its end that stands beside it anyway.

    Example:
        >>> title("level_difference_db", "dB")
        'level difference'
    """
    return name.removesuffix(f"_{unit.lower()}").replace("_", " ")


@dataclass(frozen=True, eq=False)
class MetricTable:
    """Metrics that share their systems, to be shown as one table."""

    systems: tuple[str, ...]
    """Names of the systems, one per column."""
    rows: dict[str, list[Metric | None]]
    """The metrics of each name, one per system; None where there is none."""

    def first(self, name: str) -> Metric:
        """Find the first metric of a name, for what all systems share: unit and direction."""
        return next(metric for metric in self.rows[name] if metric is not None)

    def bounds(self, name: str) -> tuple[float, float]:
        """Give floor and ceiling of one metric; NaN where the systems do not share them."""
        first, metrics = self.first(name), [metric for metric in self.rows[name] if metric is not None]
        return (
            first.floor if all(metric.floor == first.floor for metric in metrics) else math.nan,
            first.ceiling if all(metric.ceiling == first.ceiling for metric in metrics) else math.nan,
        )


def metric_tables(metrics: Iterable[Metric]) -> list[MetricTable]:
    """Sort metrics into tables without large holes; names and systems stand as they first came.

    A metric joins the first table whose systems include its own, or are included in them; otherwise it opens
    a table. So baselines that only exist for bits per sample add no empty columns to all other metrics.
    """
    cells = {(metric.name, metric.system): metric for metric in metrics}
    systems_of: dict[str, set[str]] = {}
    for name, system in cells:
        systems_of.setdefault(name, set()).add(system)
    parts: list[tuple[list[str], set[str]]] = []
    for name, systems in systems_of.items():
        part = next((p for p in parts if systems <= p[1] or p[1] <= systems), None)
        if part is None:
            parts.append(part := ([], set()))
        part[0].append(name)
        part[1].update(systems)
    tables = []
    for names, systems in parts:
        order = tuple(dict.fromkeys(system for _, system in cells if system in systems))
        rows = {name: [cells.get((name, system)) for system in order] for name in names}
        tables.append(MetricTable(order, rows))
    return tables


def reasons(metrics: Iterable[Metric]) -> list[str]:
    """Say of each metric that has no value for some systems why not, where that is known."""
    missing: dict[str, list[str]] = {}
    for metric in metrics:
        if math.isnan(metric.value):
            missing.setdefault(metric.name, []).append(metric.system)
    return [
        f"{name} has no value for {', '.join(systems)}: it needs {DEFINITIONS[name].needs}."
        for name, systems in missing.items()
        if name in DEFINITIONS and DEFINITIONS[name].needs
    ]


def number(value: float, *, missing: str = "-") -> str:
    """Write a number with three significant digits, and at most four decimals; `missing` stands for NaN.

    Example:
        >>> number(0.4567), number(12345.6), number(-31.25)
        ('0.457', '12346', '-31.2')
    """
    if math.isnan(value):
        return missing
    if value == 0 or math.isinf(value):
        return f"{value:g}".replace("-0", "0")
    magnitude = math.floor(math.log10(abs(value)))
    if not -4 <= magnitude < 7:
        return f"{value:.1e}"
    return f"{value:z.{min(4, max(0, 2 - magnitude))}f}"


def with_spread(metric: Metric, *, missing: str = "-") -> str:
    """Write a value with half the width of its interval, if it has one, such as `0.42 ±0.05`.

    The half width gets one significant digit, or two where the first is a 1, and decides the decimals.
    """
    half = (metric.high - metric.low) / 2
    if not (math.isfinite(metric.value) and 1e-4 <= half < 1e7):
        return number(metric.value, missing=missing)
    digits, _, exponent = f"{half:.1e}".partition("e")
    decimals = max(0, digits.startswith("1") - int(exponent))
    return f"{metric.value:z.{decimals}f} ±{half:.{decimals}f}"
