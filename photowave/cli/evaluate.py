"""`photowave evaluate`: a model's sounds beside floors and ceilings, as a table and a report."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from jsonargparse import ArgumentParser

from photowave.cli.output import open_folder
from photowave.cli.parsing import make_parser, parse, settings_of
from photowave.settings import DrawSettings, EvaluateSettings, check_judged_length

if TYPE_CHECKING:
    from photowave.evaluation.judging.systems import Progress


def build_parser(command: str) -> ArgumentParser:
    """Make the parser."""
    parser = make_parser(command, "Judges a model's sounds beside simple systems and real recordings.")
    parser.add_argument("--model", default="default", help="'default', which ships, or a model file")
    parser.add_class_arguments(EvaluateSettings)
    parser.add_class_arguments(DrawSettings, skip={"seed", "variation", "loop", "threads"})
    parser.add_argument(
        "--out", default="evaluation", help="folder for metrics.json, metrics.csv and report.html"
    )
    return parser


def run(command: str, arguments: Sequence[str]) -> int:
    """Parse, evaluate, show, write."""
    parsed = parse(build_parser(command), arguments)
    settings, draw = settings_of(EvaluateSettings, parsed), settings_of(DrawSettings, parsed, seed=0)
    check_judged_length(draw)
    # These imports take their time, so that wrong options are told before them.
    from photowave.evaluation import evaluate
    from photowave.generation import load
    from photowave.pairs.sources import open_pairs

    model = load(parsed.model)
    manifest = open_pairs(settings.pairs, settings.splits)
    out = open_folder(parsed.out)
    with _told() as progress:
        result = evaluate(model, manifest, settings, draw, progress=progress)
    report = result.save(out)
    for note in _notes(result.settings):
        print(f"photowave: {note}", file=sys.stderr)
    print(result)
    for name in ("frechet_audio_distance", "kernel_audio_distance"):
        if name in result.definitions:
            print(f"\n{name}: {result.definitions[name]}")
    print(f"\n-> {report}")
    return 0


def _notes(settings: dict[str, Any]) -> Iterator[str]:
    """What was left out."""
    unheard = settings["scenes_without_recordings"]
    if unheard:
        yield f"no recording is of {', '.join(unheard)}; photos of that are left out."
    used, found = settings["photos"], settings["photos_found"]
    if used < found:
        yield f"{used} of {found} photos were taken, by lot; --photos {found} takes all."


@contextmanager
def _told() -> "Iterator[Progress]":
    """Show on standard error what is being done: bars for a person at a terminal, else a line each."""
    from tqdm import tqdm

    bars: dict[str, tqdm] = {}
    quiet = sys.stderr is None or not sys.stderr.isatty()

    def tell(what: str, done: float, total: float) -> None:
        if what not in bars:
            for bar in bars.values():
                bar.close()
            form = "{desc:20}{percentage:3.0f} %|{bar}| {elapsed}<{remaining}"
            bars[what] = tqdm(total=total, desc=what, bar_format=form, disable=quiet, leave=False)
            if quiet and sys.stderr is not None:
                print(what, file=sys.stderr)
        bars[what].update(done)

    try:
        yield tell
    finally:
        for bar in bars.values():
            bar.close()
