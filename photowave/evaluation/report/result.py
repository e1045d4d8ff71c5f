"""What an evaluation found: metrics with intervals, the sounds behind them, ways to show and keep them."""

import csv
import dataclasses
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from photowave.atomic import replacing, unwritten
from photowave.errors import ConfigError
from photowave.evaluation.metrics.metric import Metric
from photowave.evaluation.report.terminal import summary_text
from photowave.evaluation.sounds.types import EvaluatedPhotos, SystemSounds
from photowave.names import legible

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class EvaluationResult:
    """All that one evaluation found."""

    metrics: tuple[Metric, ...]
    """The metrics of all systems."""
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
    """One sentence on what each metric is, by its name."""

    def metric(self, name: str, system: str = "model") -> Metric:
        """Find one metric.

        Raises:
            ConfigError: There is none of that name and system.
        """
        for found in self.metrics:
            if (found.name, found.system) == (name, system):
                return found
        raise ConfigError(
            f"metric '{name}' of system '{system}' is not in this evaluation. "
            f"The metrics are: {_distinct(f.name for f in self.metrics)}; "
            f"the systems: {_distinct(f.system for f in self.metrics)}."
        )

    def frame(self) -> "pd.DataFrame":
        """Give all metrics as a table, a row per metric and system, columns as the fields of `Metric`."""
        import pandas as pd

        names = [field.name for field in dataclasses.fields(Metric)]
        return pd.DataFrame([dataclasses.asdict(metric) for metric in self.metrics], columns=names)

    def table(self, name: str) -> "pd.DataFrame":
        """Give one metric of all systems as a table, a row per system.

        Raises:
            ConfigError: There is no metric of that name.
        """
        systems = [metric.system for metric in self.metrics if metric.name == name]
        self.metric(name, systems[0] if systems else "model")
        rows = self.frame()
        return rows[rows["name"] == name].drop(columns="name").set_index("system")

    def save(self, out: str | Path) -> Path:
        """Write `metrics.json`, `metrics.csv` and `report.html` into a folder, which is made if need be.

        The JSON also holds, for each photo, the probabilities of all places and the recording that its sound
        follows.

        Args:
            out: The folder. Each file appears only when it is complete.

        Returns:
            The report.

        Raises:
            ConfigError: The folder cannot be written.
        """
        from photowave.evaluation.report.html import write_report

        out = Path(out)
        # All but photos and sounds, as JSON can hold it: NaN and infinities become null.
        rows = [{k: _finite(v) for k, v in dataclasses.asdict(metric).items()} for metric in self.metrics]
        kept = ("verdict", "settings", "sample_rate", "definitions")
        tree = {name: getattr(self, name) for name in kept} | {"metrics": rows, "photos": self._told()}
        try:
            out.mkdir(parents=True, exist_ok=True)
            with replacing(out / "metrics.json") as temporary:
                text = json.dumps(tree, indent=2, allow_nan=False, ensure_ascii=False)
                temporary.write_text(text + "\n", encoding="utf-8")
            with (
                replacing(out / "metrics.csv") as temporary,
                temporary.open("w", encoding="utf-8", newline="") as file,
            ):
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(field.name for field in dataclasses.fields(Metric))
                writer.writerows(row.values() for row in rows)  # None as nothing
            parts = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
            write_report(out / "report.html", **parts)
            return out / "report.html"
        except OSError as error:
            raise ConfigError(unwritten(f"out={out}:", error)) from error

    def _told(self) -> list[dict[str, Any]]:
        """For each photo its name and scene, and what the model tells of it."""
        told = next((made.told for made in self.sounds if made.name == "model"), ()) or None
        named = zip(self.photos.paths, self.photos.scenes.tolist(), strict=True)
        return [
            {"photo": legible(path.name), "scene": scene} | ({} if told is None else told[place])
            for place, (path, scene) in enumerate(named)
        ]

    def __str__(self) -> str:
        """Table for a terminal, at most 110 columns wide."""
        return summary_text(self.metrics, self.verdict)

    def __repr__(self) -> str:
        """One line: how much there is, and the verdict."""
        return (
            f"EvaluationResult({len(self.photos.scenes)} photos, {len(self.sounds)} systems, "
            f"{len(self.metrics)} metrics: {self.verdict})"
        )

    def _repr_html_(self) -> str:
        """Table for a notebook."""
        from photowave.evaluation.report.html import summary_html

        return summary_html(self.metrics, self.verdict)


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _distinct(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names))
