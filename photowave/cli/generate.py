"""`photowave generate`: photos and folders in, sounds and their descriptions out."""

import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from photowave.cli.output import named_photos, open_folder, save_sound, tell_failure
from photowave.cli.parsing import make_parser, parse, settings_of
from photowave.cli.quick import loading
from photowave.errors import MediaError
from photowave.settings import DrawSettings, OutputSettings

if TYPE_CHECKING:
    from photowave.generation import SoundscapeGenerator
    from photowave.generation.reading import PhotoReading

_TOGETHER = 16
"""Photos drawn at once: enough to fill the cores, few enough to show results early."""


def run(command: str, arguments: Sequence[str]) -> int:
    """Parse, draw, write."""
    parser = make_parser(command, "Draws a soundscape for each photo.")
    parser.add_argument("photos", nargs="+", metavar="PHOTO|FOLDER", help="photos, and folders of photos")
    parser.add_class_arguments(DrawSettings)
    parser.add_class_arguments(OutputSettings)
    parser.add_argument("--model", default="default", help="'default', which ships, or a model file")
    parsed = parse(parser, arguments)
    draw, output = settings_of(DrawSettings, parsed), settings_of(OutputSettings, parsed)
    return generate(parsed.photos, draw, output, model=parsed.model)


def generate(paths: Sequence[str], draw: DrawSettings, output: OutputSettings, *, model: str) -> int:
    """Draw a soundscape for each photo and write it as OUT/<stem>.<format> and OUT/<stem>.json.

    A photo that cannot be read is reported and left out; the others are done all the same.

    Args:
        paths: Photos and folders of photos.
        draw: How to draw.
        output: Where to.
        model: `default`, or a model file.

    Returns:
        0 if all went well, 1 if some photos failed, 2 if all did.

    Raises:
        PhotowaveError: A path leads nowhere, two photos would get one name, the
            model cannot be read or the folder cannot be written. Nothing was written then.
    """
    photos = named_photos(paths)
    # Importing these takes a while: the checks above come first.
    with loading():
        from tqdm import tqdm

        from photowave.generation import load

        generator = load(model)
        generator.encoder  # noqa: B018 - built before any clock starts
    out: Path | None = None
    failed = 0
    quiet = sys.stderr is None or not sys.stderr.isatty()
    total = round(len(photos) * draw.duration_s, 2)
    with tqdm(total=total, unit="s", desc="drawing", disable=quiet, leave=False) as bar:
        for first in range(0, len(photos), _TOGETHER):
            part = photos[first : first + _TOGETHER]
            began = time.perf_counter()
            read = _read(generator, part, draw)
            spent_s = time.perf_counter() - began
            failed += len(part) - len(read)
            if not read:
                continue
            if out is None:
                out = open_folder(output.out)
                note = "photowave: compiling the sampler; this happens once."
                with loading(), _telling_if_slow(note, after_s=2.0):
                    generator.warm_up()
            readings = [reading for _, reading in read]
            sounds = generator.generate_read(readings, draw, progress=bar.update, spent_s=spent_s)
            for (photo, _), sound in zip(read, sounds, strict=True):
                if sound.heard:
                    bar.write(f"{photo}: {sound.heard}", file=sys.stdout)
                note = f"real-time factor {sound.info['real_time_factor']:.2f}"
                bar.write(save_sound(out, photo, sound, output.format, note=note), file=sys.stdout)
    return 2 if out is None else min(failed, 1)


def _read(
    generator: "SoundscapeGenerator", photos: Sequence[Path], draw: DrawSettings
) -> list[tuple[Path, "PhotoReading"]]:
    """Read photos; those that cannot be read are told, each on a line of its own."""
    good = []
    for photo in photos:
        try:
            good.append((photo, generator.read(photo, draw)))
        except MediaError as error:
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
