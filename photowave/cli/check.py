"""`photowave pairs check`: reads all photos and sounds, and names what cannot serve or looks wrong."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from jsonargparse import ArgumentParser

from photowave.batch.files import write_json
from photowave.cli.parsing import make_parser, parse, settings_of
from photowave.errors import ConfigError
from photowave.progress import counted
from photowave.settings import CheckSettings, SplitSettings

if TYPE_CHECKING:
    from photowave.checking import Report
    from photowave.checking.places import PlaceMap


def build_parser(command: str) -> ArgumentParser:
    """Make the parser."""
    parser = make_parser(
        command,
        "Reads all photos and sounds of a manifest or a folder, and names every pair that cannot serve "
        "(rejected) or looks wrong (suspect).",
    )
    parser.add_argument("pairs", metavar="MANIFEST", help="the manifest (CSV), or a folder")
    parser.add_argument("--json", metavar="FILE", help="write everything as JSON, too")
    parser.add_argument("--html", metavar="FILE", help="write a page, too")
    parser.add_argument("--fix", metavar="OUT.csv", help="write the rows that can serve as a new manifest")
    parser.add_argument(
        "--model",
        default="default",
        help="whose map says which photos do not show their place: default, a model file, or none",
    )
    parser.add_class_arguments(CheckSettings)
    parser.add_class_arguments(SplitSettings, "splits")
    parser.add_argument("--overwrite", action="store_true", help="replace files that are there")
    return parser


def run(command: str, arguments: Sequence[str]) -> int:
    """Parse, look, tell."""
    parsed = parse(build_parser(command), arguments)
    settings = settings_of(CheckSettings, parsed)
    for name in ("json", "html", "fix"):
        path = getattr(parsed, name)
        if path is not None and Path(path).exists() and not parsed.overwrite:
            raise ConfigError(
                f"{name}={path}: is there already. Give --overwrite to replace it, or another name."
            )
    from photowave.checking import KINDS, check_pairs
    from photowave.checking.page import write_page

    unknown = [kind for kind in settings.reject if kind not in KINDS]
    if unknown:
        raise ConfigError(f"reject={unknown[0]!r}: there is no such kind. Choose from: {', '.join(KINDS)}.")
    report = check_pairs(
        parsed.pairs,
        settings=settings,
        splits=parsed.splits,
        places=_places(parsed.model),
        progress=counted,
    )
    if parsed.json is not None:
        write_json(Path(parsed.json), report.plain())
    if parsed.html is not None:
        write_page(Path(parsed.html), report)
    if parsed.fix is not None and report.usable:
        report.write_usable(parsed.fix)
    _tell(report, fixed=parsed.fix)
    return 1 if report.rejected_lines else 0


def _places(model: str) -> "PlaceMap | None":
    if model == "none":
        return None
    from photowave import checkpoint
    from photowave.checking.places import PlaceMap

    path = checkpoint.default_model_path() if model == "default" else Path(model)
    return PlaceMap(checkpoint.load_model(path))


def _tell(report: "Report", *, fixed: str | None) -> None:
    from photowave.pairs.dealing import lacking

    for each in report.findings:
        print(report.told(each))
    totals = report.totals()
    width = max([5, *(len(total.place) for total in totals)])
    print(f"{'place':{width}}  split  photos  recordings   h:mm:ss")
    for total in totals:
        print(
            f"{total.place or '-':{width}}  {total.split:5}  {total.photos:6}  {total.recordings:10}  "
            f"{total.length:>8}"
        )
    suspect = {n for each in report.findings if each.severity == "suspect" for n in each.lines}
    odd, rejected = len(suspect - report.rejected_lines), len(report.rejected_lines)
    print(
        f"{len(report.table.lines)} rows: {len(report.usable)} usable ({odd} of them suspect), "
        f"{rejected} rejected"
    )
    for text in lacking(report.manifest.rows):
        print(f"{text}: add files, or edit the column split")
    for text in report.not_checked:
        print(f"not checked: {text}")
    if fixed is not None:
        print(
            f"{fixed}: {len(report.usable)} rows"
            if report.usable
            else f"{fixed}: not written, no row is usable"
        )
