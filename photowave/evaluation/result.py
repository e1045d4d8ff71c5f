"""What an evaluation found: figures with intervals, the sounds behind them, ways to show and keep them."""

import csv
import dataclasses
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from photowave.atomic import replacing
from photowave.errors import ConfigError
from photowave.evaluation.types import EvaluatedPhotos, SystemSounds

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One figure of one system."""

    name: str
    """What was measured, such as `scene_recognised`; see `EvaluationResult.definitions`."""
    system: str
    """Whose sounds it is about, such as `model`."""
    value: float
    """The figure, in `unit`."""
    low: float
    """Lower end of the 95 % interval; NaN if there is none."""
    high: float
    """Upper end of the 95 % interval; NaN if there is none."""
    count: int
    """Sounds, photos or clips it was taken over; see its definition."""
    unit: str
    """Unit, such as `dB`; empty for a plain number."""
    better: Literal["higher", "lower", "neither"]
    """Which way is better; `neither` where a figure only describes."""
    floor: float
    """What chance gives, or a system that knows nothing; NaN if there is none."""
    ceiling: float
    """What real recordings reach; NaN if there is none."""


@dataclass(frozen=True, eq=False)
class EvaluationResult:
    """All that one evaluation found."""

    figures: tuple[Figure, ...]
    """The figures of all systems."""
    photos: EvaluatedPhotos
    """The photos that the sounds were made for."""
    sounds: tuple[SystemSounds, ...]
    """What each system made of them."""
    sample_rate: int
    """Samples per second of the sounds, in Hz."""
    settings: dict[str, Any]
    """What it was run with: model, split, seeds, versions; plain values, no date."""
    verdict: str
    """Does every photo sound the same? One line."""
    definitions: dict[str, str]
    """One sentence on what each figure is, by its name."""

    def figure(self, name: str, system: str = "model") -> Figure:
        """Find one figure.

        Raises:
            ConfigError: There is none of that name and system.
        """
        for found in self.figures:
            if (found.name, found.system) == (name, system):
                return found
        raise ConfigError(
            f"figure '{name}' of system '{system}' is not in this evaluation. "
            f"The figures are: {', '.join(_distinct(f.name for f in self.figures))}; "
            f"the systems: {', '.join(_distinct(f.system for f in self.figures))}."
        )

    def frame(self) -> "pd.DataFrame":
        """Give all figures as a table, a row per figure and system, columns as the fields of `Figure`."""
        import pandas as pd

        names = [field.name for field in dataclasses.fields(Figure)]
        return pd.DataFrame([dataclasses.asdict(figure) for figure in self.figures], columns=names)

    def table(self, name: str) -> "pd.DataFrame":
        """Give one figure of all systems as a table, a row per system.

        Raises:
            ConfigError: There is no figure of that name.
        """
        systems = [figure.system for figure in self.figures if figure.name == name]
        self.figure(name, systems[0] if systems else "model")
        rows = self.frame()
        return rows[rows["name"] == name].drop(columns="name").set_index("system")

    def save(self, out: str | Path) -> Path:
        """Write `metrics.json`, `metrics.csv` and `report.html` into a folder, which is made if need be.

        Args:
            out: The folder. Each file appears only when it is complete.

        Returns:
            The report.

        Raises:
            ConfigError: The folder cannot be written.
        """
        from photowave.evaluation.report import write_report

        out = Path(out)
        try:
            out.mkdir(parents=True, exist_ok=True)
            with replacing(out / "metrics.json") as temporary:
                text = json.dumps(self._tree(), indent=2, allow_nan=False, ensure_ascii=False)
                temporary.write_text(text + "\n", encoding="utf-8")
            with (
                replacing(out / "metrics.csv") as temporary,
                temporary.open("w", encoding="utf-8", newline="") as file,
            ):
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(field.name for field in dataclasses.fields(Figure))
                for figure in self.figures:
                    values = map(_finite, dataclasses.astuple(figure))
                    writer.writerow("" if value is None else value for value in values)
            return write_report(self, out)
        except OSError as error:
            raise ConfigError(
                f"out={out}: cannot be written ({error.strerror or error}). "
                "Choose a folder you may write to, with room in it."
            ) from error

    def __str__(self) -> str:
        """Table for a terminal, at most 110 columns wide."""
        from photowave.evaluation.terminal import summary_text

        return summary_text(self)

    def __repr__(self) -> str:
        """One line: how much there is, and the verdict."""
        return (
            f"EvaluationResult({len(self.photos.scenes)} photos, {len(self.sounds)} systems, "
            f"{len(self.figures)} figures: {self.verdict})"
        )

    def _repr_html_(self) -> str:
        """Table for a notebook."""
        from photowave.evaluation.report import summary_html

        return summary_html(self)

    def _tree(self) -> dict[str, Any]:
        """All but photos and sounds, as JSON can hold it: NaN and infinities become null."""
        figures = [
            {name: _finite(value) for name, value in dataclasses.asdict(figure).items()}
            for figure in self.figures
        ]
        return {
            "verdict": self.verdict,
            "settings": self.settings,
            "sample_rate": self.sample_rate,
            "definitions": self.definitions,
            "figures": figures,
        }


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _distinct(names: Any) -> Sequence[str]:
    return tuple(dict.fromkeys(names))
