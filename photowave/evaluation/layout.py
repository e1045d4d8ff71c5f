"""How figures are laid out for readers: which share a table, what systems are called, how numbers look."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from photowave.evaluation.result import Figure

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
    """Write the name of a figure in words, without a unit at its end that stands beside it anyway.

    Example:
        >>> title("drift_db_per_s", "dB/s")
        'drift'
    """
    return name.removesuffix("_" + unit.lower().replace("/", "_per_")).replace("_", " ")


@dataclass(frozen=True, eq=False)
class FigureTable:
    """Figures that share their systems, to be shown as one table."""

    names: tuple[str, ...]
    """Names of the figures, one per row."""
    systems: tuple[str, ...]
    """Names of the systems, one per column."""
    cells: "dict[tuple[str, str], Figure]"
    """The figure of a name and a system; where a system lacks one, so does the table."""

    def row(self, name: str) -> "list[Figure | None]":
        """List the figures of one name, one per system; None where there is none."""
        return [self.cells.get((name, system)) for system in self.systems]

    def bounds(self, name: str) -> tuple[float, float]:
        """Give floor and ceiling of one figure; NaN where the systems do not share them."""
        figures = [figure for figure in self.row(name) if figure is not None]
        return _shared([f.floor for f in figures]), _shared([f.ceiling for f in figures])

    def first(self, name: str) -> "Figure":
        """Find the first figure of a name, for what all systems share: unit and direction."""
        return next(figure for figure in self.row(name) if figure is not None)


def figure_tables(figures: "Iterable[Figure]") -> list[FigureTable]:
    """Sort figures into tables without large holes.

    A figure joins the first table whose systems include its own, or are included in them; otherwise it opens
    a table. So baselines that only exist for bits per sample add no empty columns to all other figures.

    Args:
        figures: In the order in which they are to be shown.

    Returns:
        The tables; names and systems stand in the order in which they first came.
    """
    cells = {(figure.name, figure.system): figure for figure in figures}
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
    order = tuple(dict.fromkeys(system for _, system in cells))
    return [
        FigureTable(
            names=tuple(names),
            systems=tuple(system for system in order if system in systems),
            cells={key: figure for key, figure in cells.items() if key[0] in names},
        )
        for names, systems in parts
    ]


def _shared(values: Sequence[float]) -> float:
    return values[0] if all(value == values[0] for value in values) else math.nan


def number(value: float, *, missing: str = "-") -> str:
    """Write a number with three significant digits, and at most four decimals.

    Args:
        value: Any number.
        missing: What stands for NaN.

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


def with_spread(figure: "Figure", *, missing: str = "-") -> str:
    """Write a value with half the width of its interval, which decides the decimals.

    The half width gets one significant digit, or two where the first is a 1.

    Args:
        figure: What to write; without an interval it is the value alone.
        missing: What stands for NaN.

    Returns:
        Such as `0.42 ±0.05`.
    """
    half = (figure.high - figure.low) / 2
    if not (math.isfinite(figure.value) and 1e-4 <= half < 1e7):
        return number(figure.value, missing=missing)
    digits, _, exponent = f"{half:.1e}".partition("e")
    decimals = max(0, digits.startswith("1") - int(exponent))
    return f"{figure.value:z.{decimals}f} ±{half:.{decimals}f}"


def spread_over(kinds: Sequence[str], *, limit: int) -> list[int]:
    """Choose items so that every kind has its turn before one comes twice.

    Args:
        kinds: The kind of each item.
        limit: How many to choose at most.

    Returns:
        Indices of the chosen items, those of one kind side by side.
    """
    seen: dict[str, int] = {}
    turns = []
    for index, kind in enumerate(kinds):
        seen[kind] = seen.get(kind, -1) + 1
        turns.append((seen[kind], kind, index))
    chosen = sorted(turns)[:limit]
    return [index for _, _, index in sorted(chosen, key=lambda turn: (turn[1], turn[2]))]
