"""Plots of an evaluation: each figure as points with intervals, a line per system, floor and ceiling marked.

No pyplot: nothing is registered anywhere, and no window or backend is needed.
"""

import io
import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from photowave.evaluation.layout import TITLES, title

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Plot

    from photowave.evaluation.result import EvaluationResult, Figure

_INK, _ACCENT, _PALE = "#303030", "#c2410c", "#8a8a8a"
_THEMED = {_INK: "currentColor", _ACCENT: "var(--accent)"}
"""Colours that follow the page in a report: its text is light on dark where the reader prefers that."""
_PLAIN = {"parse_math": False}  # a `$` in a name is a letter


def plot_figure(result: "EvaluationResult", name: str) -> "Plot":
    """Plot one figure of all systems.

    Args:
        result: The evaluation.
        name: Name of the figure.

    Returns:
        A matplotlib figure; a dotted line is the floor, a dashed one the ceiling.

    Raises:
        ConfigError: There is no figure of that name.
    """
    return plot_figures(result, [name], columns=1)


def plot_figures(
    result: "EvaluationResult", names: Sequence[str] | None = None, *, columns: int = 3
) -> "Plot":
    """Plot several figures side by side, a panel each.

    Args:
        result: The evaluation.
        names: Names of the figures; None plots all.
        columns: Panels beside each other.

    Returns:
        A matplotlib figure; dotted lines are floors, dashed ones ceilings.

    Raises:
        ConfigError: There is no figure of one of the names.
    """
    from matplotlib.figure import Figure as Plot

    names = list(dict.fromkeys(f.name for f in result.figures)) if names is None else list(names)
    groups = []
    for name in names:
        systems = [figure.system for figure in result.figures if figure.name == name]
        groups.append([result.figure(name, system) for system in systems or ["model"]])
    columns = max(1, min(columns, len(groups)))
    rows = max(1, math.ceil(len(groups) / columns))
    most = max((len(group) for group in groups), default=1)
    plot = Plot(figsize=(4.2 * columns, (0.9 + 0.24 * most) * rows), layout="constrained")
    for axes, group in zip(plot.subplots(rows, columns, squeeze=False).flat, groups, strict=False):
        _draw(axes, group)
    for axes in plot.axes[len(groups) :]:
        axes.remove()
    return plot


def _draw(axes: Any, figures: "Sequence[Figure]") -> None:
    """One panel: systems from top to bottom."""
    for place, figure in enumerate(figures):
        colour = _ACCENT if figure.system == "model" else _INK
        if math.isfinite(figure.low) and math.isfinite(figure.high):
            axes.plot([figure.low, figure.high], [place, place], color=colour, linewidth=1.5)
        if math.isfinite(figure.value):
            axes.plot([figure.value], [place], "o", color=colour, markersize=5)
        for bound, style in ((figure.floor, ":"), (figure.ceiling, "--")):
            if math.isfinite(bound):
                axes.vlines(bound, place - 0.5, place + 0.5, color=_PALE, linestyle=style, linewidth=1)
    titles = [TITLES.get(figure.system, figure.system) for figure in figures]
    axes.set_yticks(range(len(figures)), titles, color=_INK, **_PLAIN)
    axes.set_ylim(len(figures) - 0.5, -0.5)
    first = figures[0]
    axes.set_title(title(first.name, first.unit), fontsize="medium", color=_INK, **_PLAIN)
    arrow = {"higher": "higher is better", "lower": "lower is better", "neither": ""}[first.better]
    axes.set_xlabel(", ".join(filter(None, [first.unit, arrow])), fontsize="small", color=_INK, **_PLAIN)
    axes.tick_params(color=_PALE, labelsize="small", labelcolor=_INK, length=2)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(_PALE)


def to_svg(plot: "Plot", *, name: str) -> str:
    """Turn a plot into an `<svg>` element that takes on the colours of the page it stands in.

    Args:
        plot: The plot.
        name: Keeps the element's identifiers apart from those of other plots in the same page; the same plot
            and name give the same text.

    Returns:
        The element, without XML declaration and without references to anything outside.
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
