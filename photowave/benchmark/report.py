"""What was measured: figures with their spread, as JSON and as a table."""

import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, TypedDict

from photowave.atomic import replacing, unwritten
from photowave.errors import ConfigError


class Figure(TypedDict):
    """One thing that was measured in some runs, as it stands in the JSON file."""

    key: str
    title: str
    """Its name in the table."""
    unit: str
    median: float
    min: float
    max: float
    runs: int
    gflops: float | None
    """Arithmetic reached in the median run, in GFLOP/s; None where that says nothing."""
    share_of_peak: float | None
    """Of the matrix product on as many cores; None where that says nothing."""


@dataclass
class Report:
    """All figures, and the machine and the settings they hold for.

    Attributes:
        machine: Processor, cores, versions, date; plain values.
        settings: What was measured; plain values.
        figures: In the order of the table.
    """

    machine: dict[str, Any]
    settings: dict[str, Any]
    figures: list[Figure] = field(default_factory=list)

    def add(
        self,
        key: str,
        title: str,
        unit: str,
        values: Sequence[float],
        *,
        gflop: float | None = None,
        seconds: Sequence[float] = (),
        peak_gflops: float | None = None,
    ) -> Self:
        """Add a figure.

        Args:
            key: Its name in the JSON file.
            title: Its name in the table.
            unit: Of the values.
            values: One per run.
            gflop: Arithmetic of one run, in 10^9 operations; a multiply-add is two.
            seconds: How long each run took; needed with `gflop`.
            peak_gflops: What a matrix product reaches on as many cores.
        """
        reached = None if gflop is None else gflop / statistics.median(seconds)
        share = None if reached is None or peak_gflops is None else reached / peak_gflops
        self.figures.append(
            Figure(
                key=key, title=title, unit=unit, median=statistics.median(values), min=min(values),
                max=max(values), runs=len(values), gflops=reached, share_of_peak=share,
            )
        )  # fmt: skip
        return self

    def __getitem__(self, key: str) -> float:
        """Median of the figure with that key."""
        return next(figure["median"] for figure in self.figures if figure["key"] == key)

    def to_json(self) -> str:
        """Medians by key, then the same with spread and arithmetic, the machine and the settings."""
        tree = {
            **{figure["key"]: figure["median"] for figure in self.figures},
            "figures": self.figures,
            "machine": self.machine,
            "settings": self.settings,
        }
        return json.dumps(tree, indent=2) + "\n"

    def save(self, path: str | Path) -> None:
        """Write the JSON file; it appears only when it is complete.

        Raises:
            ConfigError: The folder is missing or cannot be written.
        """
        try:
            with replacing(path) as temporary:
                temporary.write_text(self.to_json(), encoding="utf-8")
        except OSError as error:
            raise ConfigError(unwritten(f"out={path}:", error)) from error

    def table(self) -> str:
        """The figures as text, at most 100 columns wide."""
        machine = self.machine
        lines = [
            f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']:.0f} GB",
            f"{machine['system']}, Python {machine['python']}, torch {machine['torch']}, "
            f"photowave {machine['photowave']}, {machine['date']}",
            "",
            f"{'':38}{'median':>9} {'lowest':>9} {'highest':>9}  {'':10}{'GFLOP/s':>9} {'of peak':>8}",
        ]
        for figure in self.figures:
            reached = "" if figure["gflops"] is None else f"{figure['gflops']:.1f}"
            share = "" if figure["share_of_peak"] is None else f"{figure['share_of_peak']:.0%}"
            values = (readable(value) for value in (figure["median"], figure["min"], figure["max"]))
            spread = " ".join(f"{value:>9}" for value in values)
            lines.append(f"{figure['title']:38}{spread}  {figure['unit']:10}{reached:>9} {share:>8}")
        return "\n".join(line.rstrip() for line in lines)


def readable(value: float) -> str:
    """Write a number with three figures that count, and thousands apart.

    Example:
        >>> readable(27_512.3), readable(0.04567)
        ('27,512', '0.0457')
    """
    if value >= 1000:
        return f"{value:,.0f}"
    digits = 3 - len(f"{value:.0f}") if value >= 1 else 3
    return f"{value:.{max(digits, 0)}f}" if value >= 0.1 else f"{value:.3g}"
