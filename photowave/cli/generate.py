"""`photowave generate`: photos, folders and tables in, sounds and their descriptions out."""

import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from jsonargparse import ArgumentParser

from photowave import extras
from photowave.batch.existing import Existing
from photowave.batch.source import Source, find_source
from photowave.cli.output import open_folder, tell_failure, tell_left_alone
from photowave.cli.page import Page
from photowave.cli.parsing import make_parser, parse, settings_of
from photowave.cli.quick import loading
from photowave.errors import ConfigError
from photowave.settings import DrawSettings, OutputSettings, SteerSettings


@dataclass(frozen=True, kw_only=True)
class Beside:
    """What is written beside the sounds."""

    spectrogram: bool = False
    """A picture of each."""
    page: Page | None = None
    """A page with all of them."""


def build_parser(command: str) -> ArgumentParser:
    """Make the parser."""
    parser = make_parser(command, "Draws a soundscape for each photo.")
    parser.add_argument(
        "photos",
        nargs="*",
        metavar="PHOTO|FOLDER|TABLE",
        help="photos, folders of photos, patterns, - for stdin, or a table that ends in .csv or .parquet",
    )
    parser.add_argument(
        "--recursive", action="store_true", help="search folders below their first level, too"
    )
    parser.add_class_arguments(DrawSettings, skip={"loop"})
    parser.add_argument("--loop", action="store_true", help="let the end meet the beginning, without a seam")
    parser.add_class_arguments(SteerSettings, skip={"strict"})
    parser.add_argument(
        "--strict", action="store_true", help="refuse photos of no place that the model knows"
    )
    parser.add_class_arguments(OutputSettings)
    parser.add_argument("--spectrogram", action="store_true", help="write a picture beside each sound, too")
    parser.add_argument("--html", metavar="PAGE.html", help="write a page with all that is drawn, too")
    parser.add_argument("--overwrite", action="store_true", help="replace sounds that were drawn otherwise")
    parser.add_argument("--skip_existing", action="store_true", help="draw only what is not there yet")
    parser.add_argument(
        "--ray", metavar="auto|ADDRESS", help="draw on a cluster; auto joins one or starts one"
    )
    parser.add_argument("--device", default="cpu", help="where to draw: cpu, or a torch device such as cuda")
    parser.add_argument("--model", default="default", help="'default', which ships, or a model file")
    return parser


def run(command: str, arguments: Sequence[str]) -> int:
    """Parse, draw, write."""
    parsed = parse(build_parser(command), arguments)
    draw, output = settings_of(DrawSettings, parsed), settings_of(OutputSettings, parsed)
    if output.shard_size is not None:
        extras.require("tables", "--shard_size")
        if parsed.spectrogram:
            raise ConfigError("spectrogram: shards hold sounds and descriptions only. Leave out either.")
    if parsed.ray is not None:
        extras.require("ray", "--ray")
        if parsed.device != "cpu":
            raise ConfigError(f"device={parsed.device}: a cluster draws on processors. Leave out either.")
    source = find_source(
        parsed.photos,
        draw,
        settings_of(SteerSettings, parsed),
        recursive=parsed.recursive,
        numbered=output.shard_size is not None,
    )
    beside = Beside(
        spectrogram=parsed.spectrogram,
        page=Page(parsed.html, overwrite=parsed.overwrite) if parsed.html else None,
    )
    existing = Existing(overwrite=parsed.overwrite, skip=parsed.skip_existing)
    code = generate(
        source, output, existing, beside, model=parsed.model, device=parsed.device, ray=parsed.ray
    )
    tell_left_alone(source.left_alone())
    return code


def generate(
    source: Source,
    output: OutputSettings,
    existing: Existing,
    beside: Beside,
    *,
    model: str,
    device: str,
    ray: str | None,
) -> int:
    """Draw a soundscape for each photo and write it as OUT/<name>.<format> and OUT/<name>.json, or in shards.

    A photo that cannot be read is reported and left out; the others are done all the same.

    Args:
        source: The photos, and how each is drawn.
        output: Where to.
        existing: What happens to sounds that are there.
        beside: What is written beside the sounds.
        model: `default`, or a model file.
        device: Where to draw, see `load`.
        ray: Address of a cluster, or `auto`; None draws here.

    Returns:
        0 if all went well, 1 if some photos failed, 2 if all did.

    Raises:
        PhotowaveError: The model cannot be read, it knows no such place, the folder cannot be written, or a
            sound is there that was drawn otherwise.
    """
    # Importing these takes a while: the checks above come first.
    with loading():
        from tqdm import tqdm

        from photowave.batch.drawing import Drawer, Drawn
        from photowave.batch.failures import failure_table
        from photowave.batch.files import sound_name
        from photowave.batch.jobs import Fault
        from photowave.batch.plan import make_plan
        from photowave.batch.run import open_store, run_batch
        from photowave.generation import load

        generator = load(model, device=device)
        generator.encoder  # noqa: B018 - built before any clock starts
    out = open_folder(output.out)
    store = open_store(out, output, spectrogram=beside.spectrogram)
    plan = make_plan(source.jobs(), store, existing, output, generator)
    if skipped := plan.sounds - plan.wanted:
        print(f"{skipped} of {plan.sounds} sounds are there already")
    pictures, quiet = beside.page is not None, sys.stderr is None or not sys.stderr.isatty()
    with ExitStack() as stack:
        total = round(plan.duration_s, 2)
        bar = stack.enter_context(tqdm(total=total, unit="s", desc="drawing", disable=quiet, leave=False))
        note_failure = (
            stack.enter_context(failure_table(out / "failures.csv"))
            if source.is_table or output.shard_size is not None
            else None
        )
        if ray is None:
            drawer = Drawer(generator, output, pictures=pictures, compiling=_compiling)
            draw = partial(drawer.draw_all, progress=bar.update)
        else:
            from photowave.batch.cluster import Cluster, Workplace

            cluster = stack.enter_context(Cluster(ray))
            file = model if model == "default" else str(Path(model).absolute())
            place = Workplace(model=file, output=output, pictures=pictures)
            draw = partial(cluster.draw, workplace=place, sounds=plan.wanted, progress=bar.update)

        def tell(drawn: Drawn, told: str) -> None:
            for line in (*drawn.heard, told):
                bar.write(line, file=sys.stdout)
            if beside.page is not None:
                beside.page.add(sound_name(drawn.job, drawn.take, output).as_posix(), drawn.sound)

        def tell_fault(fault: Fault) -> None:
            tell_failure(fault.told)
            if note_failure is not None:
                note_failure(fault)

        outcome = run_batch(source.jobs(), plan, draw, store, on_done=tell, on_fault=tell_fault)
    failed = outcome.failed
    if beside.page is not None and outcome.done:
        try:
            beside.page.write()
        except ConfigError as error:
            tell_failure(error)
            failed += 1
    return 2 if failed and not outcome.done + skipped else min(failed, 1)


@contextmanager
def _compiling() -> Iterator[None]:
    """What the sampler is compiled in."""
    note = "photowave: making the sampler ready; the first time it is compiled."
    with loading(), _telling_if_slow(note, after_s=2.0):
        yield


@contextmanager
def _telling_if_slow(message: str, *, after_s: float) -> Iterator[None]:
    """Print a message if the block takes longer than `after_s` seconds."""
    timer = threading.Timer(after_s, print, [message], {"file": sys.stderr})
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
