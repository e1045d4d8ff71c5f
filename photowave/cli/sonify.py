"""`photowave sonify`: photos and folders in, sums of sines out; the baseline of the first day."""

import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from jsonargparse import ArgumentParser

from photowave._version import __version__
from photowave.batch.existing import Existing, is_there
from photowave.batch.files import save_sound
from photowave.batch.targets import Target, find_targets, not_used
from photowave.cli.output import open_folder, tell_failure, tell_left_alone
from photowave.cli.parsing import make_parser, parse, settings_of
from photowave.errors import MediaError, PhotowaveError
from photowave.image import photo_sha256, read_photo
from photowave.settings import AudioConfig, DrawSettings, OutputSettings


def build_parser(command: str) -> ArgumentParser:
    """Make the parser."""
    parser = make_parser(command, "Turns the corners of each photo into sines, without any model.")
    parser.add_argument("photos", nargs="+", metavar="PHOTO|FOLDER", help="photos, and folders of photos")
    parser.add_argument(
        "--recursive", action="store_true", help="search folders below their first level, too"
    )
    parser.add_class_arguments(DrawSettings, skip={"variation", "temperature", "guidance", "loop", "threads"})
    parser.add_class_arguments(
        OutputSettings, skip={"takes", "shard_size", "sample_rate", "channels", "fade_s", "loudness_lufs"}
    )
    parser.set_defaults(out="sonified")
    parser.add_argument("--overwrite", action="store_true", help="replace sounds that were made otherwise")
    parser.add_argument("--skip_existing", action="store_true", help="make only what is not there yet")
    return parser


def run(command: str, arguments: Sequence[str]) -> int:
    """Write the sines of each photo; what fails and what is returned is as in `photowave generate`."""
    parsed = parse(build_parser(command), arguments)
    draw, output = settings_of(DrawSettings, parsed), settings_of(OutputSettings, parsed)
    targets = find_targets(parsed.photos, recursive=parsed.recursive)
    existing = Existing(overwrite=parsed.overwrite, skip=parsed.skip_existing)
    sample_rate = AudioConfig().sample_rate

    def file(target: Target) -> Path:
        return (Path(output.out) / target.name).with_name(f"{target.name.name}.{output.format}")

    def asked(target: Target) -> dict[str, Any]:
        assert target.photo is not None
        told: dict[str, Any] = {}
        with suppress(MediaError):  # told when it is read
            told["photo_sha256"] = photo_sha256(target.photo)
        return {**told, "seed": draw.seed, "duration_s": draw.duration_s, "sample_rate": sample_rate}

    wanted = [
        target
        for target in targets
        if existing.overwrite or not (is_there(file(target), partial(asked, target)) and existing.skip)
    ]
    if skipped := len(targets) - len(wanted):
        print(f"{skipped} of {len(targets)} sounds are there already")
    # Importing these takes a while: the checks above come first.
    from photowave.evaluation.sounds.sonify import corner_frequencies, oscillate
    from photowave.generation import Soundscape

    out: Path | None = None
    failed = done = 0
    for target in wanted:
        began = time.perf_counter()
        assert target.photo is not None
        try:
            image = read_photo(target.photo)
            asks = asked(target)
        except PhotowaveError as error:
            tell_failure(error)
            failed += 1
            continue
        frequencies = corner_frequencies(image)
        samples = oscillate(frequencies, sample_rate=sample_rate, duration_s=draw.duration_s, seed=draw.seed)
        info = {
            **asks,
            "frequencies_hz": [round(float(frequency), 2) for frequency in frequencies],
            "seconds_taken": time.perf_counter() - began,
            "photowave_version": __version__,
        }
        out = out or open_folder(output.out)
        range_hz = f"{frequencies.min():.0f} to {frequencies.max():.0f} Hz"
        sound = Soundscape(samples, sample_rate, info=info)
        note = f"{len(frequencies)} sines, {range_hz}"
        named = target.photo_name
        try:
            told = save_sound(file(target), target.told, sound, photo=named, note=note, bits=output.bits)
        except PhotowaveError as error:
            tell_failure(error)
            failed += 1
            continue
        print(told)
        done += 1
    tell_left_alone(not_used(parsed.photos, recursive=parsed.recursive))
    return 2 if failed and not done + skipped else min(failed, 1)
