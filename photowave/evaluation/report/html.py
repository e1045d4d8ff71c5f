"""The report of an evaluation: metrics, plots, photos and sounds in one HTML file that needs no network."""

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from photowave.atomic import replacing
from photowave.evaluation.metrics.metric import Metric
from photowave.evaluation.report.exhibits import exhibits
from photowave.evaluation.report.plots import plot_metrics, to_svg
from photowave.evaluation.report.tables import TITLES, metric_tables, number, reasons, title, with_spread
from photowave.evaluation.sounds.types import EvaluatedPhotos, SystemSounds

if TYPE_CHECKING:
    import jinja2


def write_report(
    path: Path,
    metrics: Sequence[Metric],
    photos: EvaluatedPhotos,
    sounds: Sequence[SystemSounds],
    *,
    sample_rate: int,
    settings: Mapping[str, Any],
    verdict: str,
    definitions: Mapping[str, str],
) -> None:
    """Write the report: everything is inside the file, it runs no scripts and loads nothing.

    Some photos, spread over the scenes, can be heard: see `exhibits`. The same result gives the same file.
    The arguments after `path` are the fields of `EvaluationResult`.
    """
    details = [
        {
            "name": name,
            "definition": definitions.get(name, ""),
            "metrics": [metric for metric in metrics if metric.name == name],
            "missing": " ".join(reasons(metric for metric in metrics if metric.name == name)),
            "plot": _plot(metrics, name),
        }
        for name in dict.fromkeys(metric.name for metric in metrics)
    ]
    template = _environment().get_template("report.html.j2")
    text = template.render(
        verdict=verdict,
        photos=len(photos.paths),
        systems=len(sounds),
        sample_rate=sample_rate,
        tables=metric_tables(metrics),
        exhibits=exhibits(photos, sounds, sample_rate),
        details=details,
        settings=list(_flat(settings)),
    )
    with replacing(path) as temporary:
        # A file name that is no Unicode text must not keep the report from being written.
        temporary.write_text(text, encoding="utf-8", errors="replace", newline="\n")


def summary_html(metrics: Sequence[Metric], verdict: str) -> str:
    """Lay the metrics out as small HTML tables under the verdict, for a notebook; no plots, no sounds."""
    template = _environment().get_template("summary.html.j2")
    return template.render(verdict=verdict, tables=metric_tables(metrics))


@cache
def _environment() -> "jinja2.Environment":
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("photowave.evaluation"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = lambda value: number(value, missing="–")
    environment.filters["with_spread"] = lambda metric: with_spread(metric, missing="–")
    environment.filters["title_of"] = lambda system: TITLES.get(system, system)
    environment.filters["in_words"] = title
    environment.tests["known"] = math.isfinite
    return environment


def _plot(metrics: Sequence[Metric], name: str) -> Any:
    """The plot of one metric, marked as HTML: matplotlib has escaped the names in it."""
    from markupsafe import Markup

    return Markup(to_svg(plot_metrics(metrics, [name]), name=name))


def _flat(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Settings as rows; those inside others get dotted names."""
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", str(value)
