"""`photowave generate`: photos and folders in, sounds and their descriptions out."""

import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from photowave.cli.output import check_names, open_folder, tell_failure, write_json
from photowave.cli.parsing import make_parser, parse
from photowave.errors import MediaError
from photowave.generation import check_options
from photowave.image import find_photos

if TYPE_CHECKING:
    from photowave.generation import SoundscapeGenerator
    from photowave.generation.reading import PhotoReading

_TOGETHER = 16
"""Photos drawn at once: enough to fill the cores, few enough to show results early."""


@dataclass(frozen=True, kw_only=True)
class GenerateOptions:
    """Options of `photowave generate`."""

    out: str = "soundscapes"
    """Folder for the sounds; made if it is not there."""
    duration_s: float = 5.0
    """Length of each sound in seconds."""
    seed: int = 0
    """The same photo, model and settings give the same samples, bit for bit; another seed, another take."""
    variation: int = 0
    """Another number lets the photo choose anew among the textures that fit it."""
    temperature: float = 1.0
    """1 draws as learned; below 1 calmer, above 1 wilder."""
    guidance: float = 1.0
    """1 draws as learned; above 1 lays more weight on the photo and takes twice the time."""
    model: str = "default"
    """`default`, the model that ships with photowave, or a model file."""
    format: Literal["wav", "flac"] = "wav"
    """Kind of sound file."""


def run(command: str, arguments: Sequence[str]) -> int:
    """Parse, draw, write."""
    parser = make_parser(command, "Draws a soundscape for each photo.")
    parser.add_argument("photos", nargs="+", metavar="PHOTO|FOLDER", help="photos, and folders of photos")
    parser.add_class_arguments(GenerateOptions)
    parsed = parse(parser, arguments)
    given = vars(parsed).copy()
    photos = given.pop("photos")
    return generate(photos, GenerateOptions(**given))


def generate(paths: Sequence[str], options: GenerateOptions) -> int:
    """Draw a soundscape for each photo and write it as OUT/<stem>.<format> and OUT/<stem>.json.

    A photo that cannot be read is reported and left out; the others are done all the same.

    Args:
        paths: Photos and folders of photos.
        options: How and where to.

    Returns:
        0 if all went well, 1 if some photos failed, 2 if all did.

    Raises:
        PhotowaveError: An option is out of range, a path leads nowhere, two photos would get one name, the
            model cannot be read or the folder cannot be written. Nothing was written then.
    """
    check_options(
        duration_s=options.duration_s,
        seed=options.seed,
        variation=options.variation,
        temperature=options.temperature,
        guidance=options.guidance,
    )
    photos = find_photos(paths)
    check_names(photos)
    # Both take their time to import; what is wrong so far was told without.
    from tqdm import tqdm

    from photowave.generation import load

    model = load(options.model)
    model.encoder  # noqa: B018 - built before any clock starts
    out: Path | None = None
    failed = 0
    quiet = sys.stderr is None or not sys.stderr.isatty()
    total = round(len(photos) * options.duration_s, 2)
    with tqdm(total=total, unit="s", desc="drawing", disable=quiet, leave=False) as bar:
        for first in range(0, len(photos), _TOGETHER):
            part = photos[first : first + _TOGETHER]
            began = time.perf_counter()
            read = _read(model, part, seed=options.seed, variation=options.variation)
            spent_s = time.perf_counter() - began
            failed += len(part) - len(read)
            if not read:
                continue
            if out is None:
                out = open_folder(options.out)
                with _telling_if_slow("photowave: compiling the sampler; this happens once.", after_s=2.0):
                    model.warm_up()
            sounds = model.generate_read(
                [reading for _, reading in read],
                duration_s=options.duration_s,
                temperature=options.temperature,
                guidance=options.guidance,
                progress=bar.update,
                info={"seed": options.seed, "variation": options.variation},
                spent_s=spent_s,
            )
            for (photo, _), sound in zip(read, sounds, strict=True):
                target = out / f"{photo.stem}.{options.format}"
                sound.save(target)
                write_json(out / f"{photo.stem}.json", {"photo": photo.name, **sound.info})
                bar.write(
                    f"{photo} -> {target}  ({sound.duration_s:.2f} s, {sound.rms_dbfs:.1f} dBFS, "
                    f"real-time factor {sound.info['real_time_factor']:.2f})",
                    file=sys.stdout,
                )
    if out is None:
        return 2
    return 1 if failed else 0


def _read(
    model: "SoundscapeGenerator", photos: Sequence[Path], *, seed: int, variation: int
) -> list[tuple[Path, "PhotoReading"]]:
    """Read photos; those that cannot be read are told, each on a line of its own."""
    good = []
    for photo in photos:
        try:
            good.append((photo, model.read(photo, seed=seed, variation=variation)))
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
