"""The metrics of an evaluation as text for a plain terminal."""

import textwrap
from collections.abc import Sequence

import pandas as pd

from photowave.evaluation.metrics.metric import Metric
from photowave.evaluation.report.tables import MetricTable, metric_tables, number, reasons, with_spread

WIDTH = 110
"""Widest line, in characters."""
_NOTE = (
    "± is half the 95 % interval. floor: what chance, or another scene, gives. ceiling: what real recordings "
    "reach."
)


def summary_text(metrics: Sequence[Metric], verdict: str) -> str:
    """Lay the metrics out under the verdict: a row per metric, a column per system, at most `WIDTH` wide.

    Systems that do not fit beside each other continue below.
    """
    blocks = ["\n".join(textwrap.wrap(verdict, WIDTH)), *map(_text, metric_tables(metrics))]
    notes = ["\n".join(textwrap.wrap(text, WIDTH)) for text in (*reasons(metrics), _NOTE)]
    return "\n\n".join([*blocks, *notes])


def _text(table: MetricTable) -> str:
    """One table; long names of systems stand on two lines, so that they need not widen their column."""
    heads = [name.partition("_") for name in ("best", "floor", "ceiling", *table.systems)]
    rows = {}
    for name, of_systems in table.rows.items():
        first = table.first(name)
        label = f"{name} [{first.unit}]" if first.unit else name
        cells = ["" if metric is None else _compact(metric) for metric in of_systems]
        best = {"higher": "high", "lower": "low", "neither": ""}[first.better]
        rows[label] = [best, *map(number, table.bounds(name)), *cells]
    columns = pd.MultiIndex.from_tuples([(head, rest) if rest else ("", head) for head, _, rest in heads])
    text = pd.DataFrame(rows.values(), list(rows), columns).to_string(line_width=WIDTH, sparsify=False)
    return "\n".join(line.rstrip() for line in text.splitlines())


def _compact(metric: Metric) -> str:
    """`0.42±.05`."""
    return with_spread(metric).replace(" ±0.", "±.").replace(" ±", "±")
