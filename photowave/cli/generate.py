"""`photowave generate`: photos and folders in, sounds and their descriptions out."""

import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jsonargparse import ArgumentParser

from photowave.atomic import replacing, unwritten
from photowave.cli.output import open_folder, save_sound, tell_failure
from photowave.cli.page import Page
from photowave.cli.parsing import make_parser, parse, settings_of
from photowave.cli.quick import loading
from photowave.cli.results import DRAWN, is_there
from photowave.cli.targets import Target, find_targets, left_alone
from photowave.errors import ConfigError, MediaError, PhotowaveError
from photowave.settings import DrawSettings, OutputSettings, SteerSettings

if TYPE_CHECKING:
    from photowave.generation import Soundscape, SoundscapeGenerator
    from photowave.generation.reading import PhotoReading

_TOGETHER = 16
"""Photos drawn at once: enough to fill the cores, few enough to show results early."""
_SHOWN = 5  # files that were left alone, by name


@dataclass(frozen=True, kw_only=True)
class Existing:
    """What happens to sounds that are there already."""

    overwrite: bool = False
    """Replace them."""
    skip: bool = False
    """Leave them, and draw only what is missing."""


@dataclass(frozen=True, kw_only=True)
class Extras:
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
        metavar="PHOTO|FOLDER",
        help="photos, folders of photos, patterns, or - for stdin",
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
    parser.add_argument("--model", default="default", help="'default', which ships, or a model file")
    return parser


def run(command: str, arguments: Sequence[str]) -> int:
    """Parse, draw, write."""
    parsed = parse(build_parser(command), arguments)
    steering = settings_of(SteerSettings, parsed)
    if parsed.photos:
        targets = find_targets(parsed.photos, recursive=parsed.recursive)
    elif steering.without_photo:
        name = "like-" + Path(steering.like).stem if steering.like else "-".join(steering.shares)
        # A place may be called anything; its sound lies in the folder all the same.
        targets = [Target(None, Path(name.replace("/", "_").replace("\\", "_")))]
    else:
        raise ConfigError(
            "a photo is required: name photos or folders, or give --place, --blend or --like. "
            "'photowave generate --help' tells more."
        )
    extras = Extras(
        spectrogram=parsed.spectrogram,
        page=Page(parsed.html, overwrite=parsed.overwrite) if parsed.html else None,
    )
    code = generate(
        targets,
        settings_of(DrawSettings, parsed),
        settings_of(OutputSettings, parsed),
        steering,
        Existing(overwrite=parsed.overwrite, skip=parsed.skip_existing),
        extras,
        model=parsed.model,
    )
    others = left_alone(parsed.photos, recursive=parsed.recursive)
    if others:
        named = ", ".join(path.name for path in others[:_SHOWN]) + (", ..." if len(others) > _SHOWN else "")
        print(f"no photo by its ending, and left alone: {len(others)} ({named})", file=sys.stderr)
    return code


def generate(
    targets: Sequence[Target],
    draw: DrawSettings,
    output: OutputSettings,
    steering: SteerSettings,
    existing: Existing,
    extras: Extras,
    *,
    model: str,
) -> int:
    """Draw a soundscape for each photo and write it as OUT/<name>.<format> and OUT/<name>.json.

    A photo that cannot be read is reported and left out; the others are done all the same.

    Args:
        targets: Photos, and what their sounds are called.
        draw: How to draw.
        output: Where to.
        steering: What overrules the photos.
        existing: What happens to sounds that are there.
        extras: What is written beside the sounds.
        model: `default`, or a model file.

    Returns:
        0 if all went well, 1 if some photos failed, 2 if all did.

    Raises:
        PhotowaveError: The model cannot be read, it knows no such place, the folder cannot be written, or a
            sound is there that was drawn otherwise.
    """
    # Importing these takes a while: the checks above come first.
    with loading():
        from tqdm import tqdm

        from photowave.generation import load

        generator = load(model)
        if any(target.photo is not None for target in targets):
            generator.encoder  # noqa: B018 - built before any clock starts
    takes = [replace(draw, seed=draw.seed + number) for number in range(output.takes)]
    out, failed, done = open_folder(output.out), 0, 0
    jobs = []
    for target in targets:
        wanted = [
            (take, file)
            for number, take in enumerate(takes, 1)
            for file in [_file(out, target, output, number)]
            if existing.overwrite
            or not (is_there(file, _asked(target, take, output, steering, generator)) and existing.skip)
        ]
        if wanted:
            jobs.append((target, wanted))
    if skipped := len(targets) * len(takes) - sum(len(wanted) for _, wanted in jobs):
        print(f"{skipped} of {len(targets) * len(takes)} sounds are there already")
    quiet = sys.stderr is None or not sys.stderr.isatty()
    total = round(sum(len(wanted) for _, wanted in jobs) * draw.duration_s, 2)
    with tqdm(total=total, unit="s", desc="drawing", disable=quiet, leave=False) as bar:
        for first in range(0, len(jobs), _TOGETHER):
            part = jobs[first : first + _TOGETHER]
            began = time.perf_counter()
            read = _read(generator, part, draw, steering)
            spent_s = time.perf_counter() - began
            failed += len(part) - len(read)
            if read and not done:
                note = "photowave: compiling the sampler; this happens once."
                with loading(), _telling_if_slow(note, after_s=2.0):
                    generator.warm_up()
            for take in takes:
                here = [
                    (target, file, reading.take(take.seed))
                    for target, wanted, reading in read
                    for other, file in wanted
                    if other == take
                ]
                readings = [reading for *_, reading in here]
                sounds = generator.generate_read(readings, take, progress=bar.update, spent_s=spent_s)
                spent_s = 0.0
                for (target, file, reading), drawn in zip(here, sounds, strict=True):
                    try:
                        told = _write(file, target, drawn, output, extras)
                    except PhotowaveError as error:  # the others were drawn, too, and are written
                        tell_failure(error)
                        failed += 1
                        continue
                    for line in (*_lines(target, reading, drawn, take), told):
                        bar.write(line, file=sys.stdout)
                    done += 1
    if extras.page is not None and done:
        try:
            extras.page.write()
        except ConfigError as error:
            tell_failure(error)
            failed += 1
    return 2 if failed and not done else min(failed, 1)


def _write(file: Path, target: Target, drawn: "Soundscape", output: OutputSettings, extras: Extras) -> str:
    """Finish a sound and write it, with what is asked for beside it; a line that tells it.

    Raises:
        PhotowaveError: A part cannot be made or written.
    """
    sound = drawn.finished(
        sample_rate=output.sample_rate,
        channels=output.channels,
        loudness_lufs=output.loudness_lufs,
        fade_s=output.fade_s,
    )
    note = f"real-time factor {sound.info['real_time_factor']:.2f}"
    told = save_sound(file, target.told, sound, photo=target.photo_name, bits=output.bits, note=note)
    if extras.spectrogram:
        # Not OUT/<name>.png: that may be the photo itself.
        picture = file.with_name(f"{file.stem}-spectrogram.png")
        try:
            with replacing(picture) as temporary:
                sound.spectrogram().save(temporary)
        except OSError as error:
            raise MediaError(unwritten(picture, error)) from error
    if extras.page is not None:
        extras.page.add(file.stem, sound)
    return told


def _file(out: Path, target: Target, output: OutputSettings, number: int) -> Path:
    """Where a take goes."""
    name = target.name if output.takes == 1 else target.name.with_name(f"{target.name.name}-{number}")
    return (out / name).with_name(f"{name.name}.{output.format}")


def _asked(
    target: Target,
    draw: DrawSettings,
    output: OutputSettings,
    steering: SteerSettings,
    model: "SoundscapeGenerator",
) -> dict[str, Any]:
    """What a sound will follow from, by names of `COMPARED`."""
    from photowave.image import photo_sha256

    asked: dict[str, Any] = {name: getattr(draw, name) for name in DRAWN}
    if draw.loop:
        asked["loop"] = True
    if target.photo is not None:
        with suppress(MediaError):  # told when it is read
            asked["photo_sha256"] = photo_sha256(target.photo)
    if steering.like is not None:
        with suppress(MediaError):
            asked["like_sha256"] = photo_sha256(steering.like)
    done = {
        "sample_rate": output.sample_rate or model.sample_rate,
        "channels": output.channels or model.channels,
        "loudness_lufs": output.loudness_lufs,
        "fade_s": output.fade_s or None,
    }
    return {**asked, **done, **steering.told(), "model_sha256": model.loaded.sha256}


def _lines(target: Target, reading: "PhotoReading", sound: "Soundscape", draw: DrawSettings) -> Iterator[str]:
    """What was heard in a photo, and whether its variations begin again."""
    if sound.heard:
        unsure = "" if reading.hearing.is_known else "no place that the model knows; nearest: "
        yield f"{target.told}: {unsure}{sound.heard}"
    if reading.turns is not None and draw.variation >= reading.turns:
        yield (
            f"{target.told}: all {reading.turns} textures that fit were taken; variation {draw.variation} is "
            f"variation {draw.variation % reading.turns} again"
        )


def _read(
    generator: "SoundscapeGenerator",
    jobs: Sequence[tuple[Target, list[Any]]],
    draw: DrawSettings,
    steering: SteerSettings,
) -> list[tuple[Target, list[Any], "PhotoReading"]]:
    """Read photos; those that cannot be read are told, each on a line of its own."""
    good = []
    for target, wanted in jobs:
        try:
            good.append((target, wanted, generator.read(target.photo, draw, steering)))
        except MediaError as error:
            if target.photo is None:
                raise  # it is the recording that was named instead of photos
            tell_failure(error)
    return good


@contextmanager
def _telling_if_slow(message: str, *, after_s: float) -> Iterator[None]:
    """Print a message if the block takes longer than `after_s` seconds."""
    timer = threading.Timer(after_s, print, [message], {"file": sys.stderr})
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
