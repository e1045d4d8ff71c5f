"""`photowave sonify`: photos and folders in, sums of sines out; the baseline of the first day."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from photowave._version import __version__
from photowave.cli.output import check_names, open_folder, tell_failure, write_json
from photowave.cli.parsing import make_parser, parse
from photowave.config import AudioConfig
from photowave.errors import MediaError
from photowave.generation import check_options
from photowave.image import find_photos, photo_sha256, read_photo


@dataclass(frozen=True, kw_only=True)
class SonifyOptions:
    """Options of `photowave sonify`."""

    out: str = "sonified"
    """Folder for the sounds; made if it is not there."""
    duration_s: float = 5.0
    """Length of each sound in seconds."""
    seed: int = 0
    """The same photo and seed give the same samples."""
    format: Literal["wav", "flac"] = "wav"
    """Kind of sound file."""


def run(command: str, arguments: Sequence[str]) -> int:
    """Parse, sum, write."""
    parser = make_parser(command, "Turns the corners of each photo into sines, without any model.")
    parser.add_argument("photos", nargs="+", metavar="PHOTO|FOLDER", help="photos, and folders of photos")
    parser.add_class_arguments(SonifyOptions)
    parsed = parse(parser, arguments)
    given = vars(parsed).copy()
    photos = given.pop("photos")
    return sonify(photos, SonifyOptions(**given))


def sonify(paths: Sequence[str], options: SonifyOptions) -> int:
    """Turn each photo into sines and write them as OUT/<stem>.<format> and OUT/<stem>.json.

    A photo that cannot be read is reported and left out; the others are done all the same.

    Args:
        paths: Photos and folders of photos.
        options: How and where to.

    Returns:
        0 if all went well, 1 if some photos failed, 2 if all did.

    Raises:
        PhotowaveError: An option is out of range, a path leads nowhere, two photos would get one name, or the
            folder cannot be written. Nothing was written then.
    """
    check_options(duration_s=options.duration_s, seed=options.seed, temperature=1.0, guidance=1.0)
    photos = find_photos(paths)
    check_names(photos)
    # These take their time to import; what is wrong so far was told without.
    from photowave.evaluation.sonify import corner_frequencies, oscillate
    from photowave.generation import Soundscape

    out: Path | None = None
    failed = 0
    sample_rate = AudioConfig().sample_rate
    for photo in photos:
        began = time.perf_counter()
        try:
            image, sha256 = read_photo(photo), photo_sha256(photo)
        except MediaError as error:
            tell_failure(error)
            failed += 1
            continue
        frequencies = corner_frequencies(image)
        samples = oscillate(
            frequencies, sample_rate=sample_rate, duration_s=options.duration_s, seed=options.seed
        )
        sound = Soundscape(samples, sample_rate)
        taken = time.perf_counter() - began
        if out is None:
            out = open_folder(options.out)
        target = out / f"{photo.stem}.{options.format}"
        sound.save(target)
        description = {
            "photo": photo.name,
            "photo_sha256": sha256,
            "frequencies_hz": [round(float(frequency), 2) for frequency in frequencies],
            "seed": options.seed,
            "duration_s": options.duration_s,
            "sample_rate": sample_rate,
            "seconds_taken": taken,
            "photowave_version": __version__,
        }
        write_json(out / f"{photo.stem}.json", description)
        print(
            f"{photo} -> {target}  ({sound.duration_s:.2f} s, {sound.rms_dbfs:.1f} dBFS, "
            f"{len(frequencies)} sines, {frequencies.min():.0f} to {frequencies.max():.0f} Hz)"
        )
    if out is None:
        return 2
    return 1 if failed else 0
