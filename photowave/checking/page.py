"""What a check found as one HTML file, to be sent to whoever keeps the collection."""

import html
from collections import defaultdict
from pathlib import Path

from photowave._version import __version__
from photowave.atomic import replacing
from photowave.checking.findings import KINDS, Finding
from photowave.checking.report import Report
from photowave.errors import ConfigError

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100%; margin: 1rem 0 2rem }
td, th { text-align: left; vertical-align: top; padding: .2rem .8rem .2rem 0; border-top: 1px solid #8888 }
.number { text-align: right }
td { overflow-wrap: anywhere }
@media (prefers-color-scheme: dark) { body { background: #111; color: #eee } }
"""


def write_page(path: Path, report: Report) -> None:
    """Write a report as a page; nothing in it is loaded from elsewhere.

    Args:
        path: It appears only when it is complete.
        report: What was found.

    Raises:
        ConfigError: It cannot be written.
    """
    kinds: dict[str, list[Finding]] = defaultdict(list)
    for each in report.findings:
        kinds[each.kind].append(each)
    graver = sorted(kinds, key=lambda kind: (kinds[kind][0].severity, list(KINDS).index(kind)))
    name = html.escape(str(report.table.path))
    summary = (
        f"{len(report.table.lines)} rows, {len(report.usable)} usable, {len(report.rejected_lines)} rejected"
    )
    parts = [f"<h1>{name}</h1><p>{summary}</p>", _totals(report)]
    parts += [_section(report, kind, kinds[kind]) for kind in graver]
    parts += [f"<p>Not checked: {html.escape(text)}</p>" for text in report.not_checked]
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Pairs: {name}</title><style>{_STYLE}</style></head><body>"
        f"{''.join(parts)}<p><small>photowave {__version__}</small></p></body></html>\n"
    )
    try:
        with replacing(path) as temporary:
            temporary.write_text(page, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written ({error.strerror or error}). Choose another place."
        ) from error


def _totals(report: Report) -> str:
    rows = "".join(
        f"<tr><td>{html.escape(total.place or '-')}</td><td>{total.split}</td>"
        f"<td class=number>{total.photos}</td><td class=number>{total.recordings}</td>"
        f"<td class=number>{total.length}</td></tr>"
        for total in report.totals()
    )
    heads = "<th>place</th><th>split</th>" + "".join(
        f"<th class=number>{text}</th>" for text in ("photos", "recordings", "h:mm:ss")
    )
    return f"<h2>Usable</h2><table><tr>{heads}</tr>{rows}</table>"


def _section(report: Report, kind: str, findings: list[Finding]) -> str:
    rows = "".join(
        f"<tr><td>{', '.join(map(str, each.lines))}</td>"
        f"<td>{'' if each.file is None else html.escape(report.name(each.file))}</td>"
        f"<td>{html.escape(each.value)}</td></tr>"
        for each in findings
    )
    title = f"{findings[0].severity}: {kind} ({len(findings)})"
    return (
        f"<h2>{html.escape(title)}</h2><p>{html.escape(KINDS[kind].remedy)}</p>"
        f"<table><tr><th>lines</th><th>file</th><th>what</th></tr>{rows}</table>"
    )
