"""Plots of an evaluation: each metric as points with intervals, a line per system, floor and ceiling marked.

No pyplot: nothing is registered anywhere, and no window or backend is needed.
"""

import io
import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from photowave.errors import ConfigError
from photowave.evaluation.metrics.metric import Metric
from photowave.evaluation.report.tables import TITLES, title

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_INK, _ACCENT, _PALE = "#303030", "#c2410c", "#8a8a8a"
_THEMED = {_INK: "currentColor", _ACCENT: "var(--accent)"}
"""Colours that follow the page in a report: its text is light on dark where the reader prefers that."""
_PLAIN = {"parse_math": False}  # a `$` in a name is a letter


def plot_metrics(
    metrics: Sequence[Metric], names: Sequence[str] | None = None, *, columns: int = 3
) -> "Figure":
    """Plot metrics side by side, a panel each.

    Args:
        metrics: Those of an evaluation.
        names: Names of the metrics to plot; None plots all.
        columns: Panels beside each other.

    Returns:
        A matplotlib figure; dotted lines are floors, dashed ones ceilings.

    Raises:
        ConfigError: There is no metric of one of the names.
    """
    from matplotlib.figure import Figure

    known = list(dict.fromkeys(metric.name for metric in metrics))
    names = known if names is None else list(names)
    for name in names:
        if name not in known:
            raise ConfigError(
                f"metric '{name}' is not in this evaluation. The metrics are: {', '.join(known)}."
            )
    groups = [[metric for metric in metrics if metric.name == name] for name in names]
    columns = max(1, min(columns, len(groups)))
    rows = max(1, math.ceil(len(groups) / columns))
    most = max((len(group) for group in groups), default=1)
    plot = Figure(figsize=(4.2 * columns, (0.9 + 0.24 * most) * rows), layout="constrained")
    for axes, group in zip(plot.subplots(rows, columns, squeeze=False).flat, groups, strict=False):
        _draw(axes, group)
    for axes in plot.axes[len(groups) :]:
        axes.remove()
    return plot


def _draw(axes: Any, metrics: Sequence[Metric]) -> None:
    """One panel: systems from top to bottom."""
    for place, metric in enumerate(metrics):
        colour = _ACCENT if metric.system == "model" else _INK
        if math.isfinite(metric.low) and math.isfinite(metric.high):
            axes.plot([metric.low, metric.high], [place, place], color=colour, linewidth=1.5)
        if math.isfinite(metric.value):
            axes.plot([metric.value], [place], "o", color=colour, markersize=5)
        for bound, style in ((metric.floor, ":"), (metric.ceiling, "--")):
            if math.isfinite(bound):
                axes.vlines(bound, place - 0.5, place + 0.5, color=_PALE, linestyle=style, linewidth=1)
    titles = [TITLES.get(metric.system, metric.system) for metric in metrics]
    axes.set_yticks(range(len(metrics)), titles, color=_INK, **_PLAIN)
    axes.set_ylim(len(metrics) - 0.5, -0.5)
    first = metrics[0]
    axes.set_title(title(first.name, first.unit), fontsize="medium", color=_INK, **_PLAIN)
    arrow = {"higher": "higher is better", "lower": "lower is better", "neither": ""}[first.better]
    axes.set_xlabel(", ".join(filter(None, [first.unit, arrow])), fontsize="small", color=_INK, **_PLAIN)
    axes.tick_params(color=_PALE, labelsize="small", labelcolor=_INK, length=2)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(_PALE)


def to_svg(plot: "Figure", *, name: str) -> str:
    """Turn a plot into an `<svg>` element that takes on the colours of the page it stands in.

    It has no XML declaration and refers to nothing outside. `name` keeps its identifiers apart from those of
    other plots in the page; the same plot and name give the same text.
    """
    from matplotlib import rc_context

    buffer = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    with rc_context({"svg.hashsalt": f"photowave {name}", "svg.fonttype": "none"}):
        plot.savefig(buffer, format="svg", transparent=True, metadata=nothing)
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    # Groups are numbered anew in every plot; nothing refers to them.
    svg = re.sub(r' id="[\w.]+_\d+"', "", svg)
    svg = re.sub(r"<style.*?</style>", "", svg, flags=re.DOTALL)
    for colour, themed in _THEMED.items():
        svg = svg.replace(colour, themed)
    return svg
