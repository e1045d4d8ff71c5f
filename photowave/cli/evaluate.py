"""`photowave evaluate`: a model's sounds beside floors and ceilings, as a table and a report."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from photowave.cli.output import open_folder
from photowave.cli.parsing import make_parser, parse
from photowave.evaluation.options import check_evaluation

if TYPE_CHECKING:
    from photowave.evaluation.judging import Progress


@dataclass(frozen=True, kw_only=True)
class SplitOptions:
    """The `Splits` of `photowave.pairs.opening`, which takes torch to import."""

    seed: int = 0
    """Another seed, another split."""
    val: float = 0.15
    """Share of photos and recordings for validation."""
    test: float = 0.15
    """Share of photos and recordings kept for the test."""


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions:
    """Options of `photowave evaluate`."""

    model: str = "default"
    """`default`, the model that ships with photowave, or a model file."""
    pairs: str | None = None
    """Manifest, or folder of scenes; default: the starter scenes."""
    split: Literal["train", "val", "test"] = "test"
    """Whose photos sounds are drawn for, and whose recordings the bits per sample are counted on."""
    splits: SplitOptions = field(default_factory=SplitOptions)
    """How a folder of scenes is split: give what the model was trained with (`data.splits` there)."""
    photos: int = 50
    """The most photos; of more, as many are chosen by lot, evenly over the scenes."""
    out: str = "evaluation"
    """Folder for metrics.json, metrics.csv and report.html; made if it is not there."""
    seeds: int = 3
    """Sounds per photo."""
    duration_s: float = 5.0
    """Length of each sound in seconds."""
    seed: int = 0
    """What all chance but that of the model and of the split follows from."""
    temperature: float = 1.0
    """1 draws as learned; below 1 calmer, above 1 wilder."""
    guidance: float = 1.0
    """1 draws as learned; above 1 lays more weight on the photo and takes twice the time."""
    clap: str | None = None
    """Folder of a CLAP network in safetensors, for further figures; needs the package transformers."""


def run(command: str, arguments: Sequence[str]) -> int:
    """Parse, evaluate, show, write."""
    parser = make_parser(command, "Judges a model's sounds beside simple systems and real recordings.")
    parser.add_class_arguments(EvaluateOptions)
    given = vars(parse(parser, arguments))
    options = EvaluateOptions(**{**given, "splits": SplitOptions(**vars(given["splits"]))})
    check_evaluation(
        split=options.split,
        photos=options.photos,
        seeds=options.seeds,
        duration_s=options.duration_s,
        seed=options.seed,
        temperature=options.temperature,
        guidance=options.guidance,
    )
    # These take their time to import; what is wrong so far was told without.
    from photowave.evaluation import evaluate
    from photowave.generation import load
    from photowave.pairs.opening import Splits, open_pairs

    model = load(options.model)
    splits = Splits(**asdict(options.splits))
    manifest = open_pairs(options.pairs, splits, option="--pairs", purpose="evaluate with")
    out = open_folder(options.out)
    with _told() as progress:
        result = evaluate(
            model,
            manifest,
            split=options.split,
            photos=options.photos,
            seeds=options.seeds,
            duration_s=options.duration_s,
            seed=options.seed,
            temperature=options.temperature,
            guidance=options.guidance,
            clap=options.clap,
            progress=progress,
        )
    report = result.save(out)
    for note in _notes(result.settings):
        print(f"photowave: {note}", file=sys.stderr)
    print(result)
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
