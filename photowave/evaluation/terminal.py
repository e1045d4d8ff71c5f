"""The figures of an evaluation as text for a plain terminal."""

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from photowave.evaluation.layout import FigureTable, figure_tables, number, with_spread

if TYPE_CHECKING:
    from photowave.evaluation.result import EvaluationResult, Figure

WIDTH = 110
"""Widest line, in characters."""
_WIDEST_LABEL = 40
_GROUPS = {"higher": "higher is better", "lower": "lower is better", "neither": "to describe"}
_NOTE = (
    "± is half the 95 % interval. floor: what chance, or another scene, gives. ceiling: what real recordings "
    "reach."
)


def summary_text(result: "EvaluationResult") -> str:
    """Lay the figures out: a row per figure, a column per system, at most 110 characters wide.

    Figures stand in groups by which way is better. Systems that do not fit beside each other continue in a
    second table.

    Args:
        result: What to show.

    Returns:
        Lines without trailing spaces; the verdict comes first.
    """
    blocks = ["\n".join(textwrap.wrap(result.verdict, WIDTH))]
    blocks += [block for table in figure_tables(result.figures) for block in _blocks(table)]
    blocks.append("\n".join(textwrap.wrap(_NOTE, WIDTH)))
    return "\n\n".join(blocks)


def _blocks(table: FigureTable) -> list[str]:
    """One table as text, in several parts where its columns are too many."""
    order = [name for better in _GROUPS for name in table.names if table.first(name).better == better]
    labels = [_label(table, name) for name in order]
    label_width = min(_WIDEST_LABEL, max(map(len, labels)))
    bounds = [
        _column(title, [number(table.bounds(name)[side]) for name in order])
        for side, title in enumerate(("floor", "ceiling"))
    ]
    systems = []
    for system in table.systems:
        cells = [table.cells.get((name, system)) for name in order]
        systems.append(_column(system, ["" if cell is None else _compact(cell) for cell in cells]))
    groups = [table.first(name).better for name in order]
    gaps = ("  ", " ")
    layouts = [_parts(systems, WIDTH - label_width - _total(bounds, gap), gap) for gap in gaps]
    gap, parts = min(zip(gaps, layouts, strict=True), key=lambda layout: len(layout[1]))
    return [_lines(labels, [*bounds, *part], groups, label_width, gap) for part in parts]


def _parts(columns: Sequence[list[str]], width: int, gap: str) -> list[list[list[str]]]:
    """Columns in as many parts as are needed for each to fit into the width."""
    parts: list[list[list[str]]] = [[]]
    for column in columns:
        if parts[-1] and _total([*parts[-1], column], gap) > width:
            parts.append([])
        parts[-1].append(column)
    return parts


def _total(columns: Sequence[Sequence[str]], gap: str) -> int:
    return sum(_width(column) + len(gap) for column in columns)


def _compact(figure: "Figure") -> str:
    """`0.42±.05`."""
    return with_spread(figure).replace(" ±0.", "±.").replace(" ±", "±")


def _label(table: FigureTable, name: str) -> str:
    unit = table.first(name).unit
    return f"{name} [{unit}]" if unit else name


def _column(title: str, cells: Sequence[str]) -> list[str]:
    """Cells under a title of two lines, so that long names need not widen the column."""
    head, _, rest = title.partition("_")
    return [head, rest, *cells] if rest else ["", head, *cells]


def _width(column: Sequence[str]) -> int:
    return max(map(len, column))


def _lines(
    labels: Sequence[str],
    columns: Sequence[Sequence[str]],
    groups: Sequence[str],
    label_width: int,
    gap: str,
) -> str:
    """Join the cells to lines; the first two are the titles, and each group of rows has a heading."""
    lines = []
    for row, label in enumerate(["", "", *labels], start=-2):
        if row >= 0 and (row == 0 or groups[row] != groups[row - 1]):
            lines.append(f"{_GROUPS[groups[row]]}:")
        cells = (column[row + 2].rjust(_width(column)) for column in columns)
        lines.append(gap.join([_shortened(label, label_width).ljust(label_width), *cells]).rstrip())
    return "\n".join(line for line in lines if line)


def _shortened(label: str, width: int) -> str:
    return label if len(label) <= width else f"{label[: width - 2]}.."
