"""The report of an evaluation: figures, plots, photos and sounds in one HTML file that needs no network."""

import math
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from photowave.atomic import replacing
from photowave.evaluation.exhibits import exhibits
from photowave.evaluation.layout import TITLES, figure_tables, number, title, with_spread
from photowave.evaluation.plots import plot_figure, to_svg

if TYPE_CHECKING:
    import jinja2

    from photowave.evaluation.result import EvaluationResult


def write_report(result: "EvaluationResult", out: Path) -> Path:
    """Write `report.html`: everything is inside it, it runs no scripts and loads nothing.

    Some photos, spread over the scenes, can be heard: see `exhibits`. The same result gives the same file.

    Args:
        result: What to report.
        out: The folder, which must exist.

    Returns:
        The file.

    Raises:
        OSError: It cannot be written.
    """
    path = Path(out) / "report.html"
    names = list(dict.fromkeys(figure.name for figure in result.figures))
    text = (
        _environment()
        .get_template("report.html.j2")
        .render(
            result=result,
            tables=figure_tables(result.figures),
            exhibits=exhibits(result),
            details=[
                {
                    "name": name,
                    "definition": result.definitions.get(name, ""),
                    "figures": [figure for figure in result.figures if figure.name == name],
                    "plot": _plot(result, name),
                }
                for name in names
            ],
            settings=list(_flat(result.settings)),
        )
    )
    with replacing(path) as temporary:
        # A file name that is no Unicode text must not keep the report from being written.
        temporary.write_text(text, encoding="utf-8", errors="replace", newline="\n")
    return path


def summary_html(result: "EvaluationResult") -> str:
    """Lay the figures out as small HTML tables under the verdict, for a notebook; no plots, no sounds.

    Args:
        result: What to show.

    Returns:
        A `<div>` without styles or scripts of its own.
    """
    template = _environment().get_template("summary.html.j2")
    return template.render(result=result, tables=figure_tables(result.figures))


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
    environment.filters["with_spread"] = lambda figure: with_spread(figure, missing="–")
    environment.filters["title_of"] = lambda system: TITLES.get(system, system)
    environment.filters["in_words"] = title
    environment.tests["known"] = math.isfinite
    return environment


def _plot(result: "EvaluationResult", name: str) -> Any:
    """The plot of one figure, marked as HTML: matplotlib has escaped the names in it."""
    from markupsafe import Markup

    return Markup(to_svg(plot_figure(result, name), name=name))


def _flat(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Settings as rows; those inside others get dotted names."""
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", str(value)
