"""`photowave sonify`: photos and folders in, sums of sines out; the baseline of the first day."""

import time
from collections.abc import Sequence
from pathlib import Path

from jsonargparse import ArgumentParser

from photowave._version import __version__
from photowave.batch.files import save_sound
from photowave.batch.targets import find_targets
from photowave.cli.output import open_folder, tell_failure
from photowave.cli.parsing import make_parser, parse, settings_of
from photowave.errors import PhotowaveError
from photowave.image import photo_sha256, read_photo
from photowave.settings import AudioConfig, DrawSettings, OutputSettings


def build_parser(command: str) -> ArgumentParser:
    """Make the parser."""
    parser = make_parser(command, "Turns the corners of each photo into sines, without any model.")
    parser.add_argument("photos", nargs="+", metavar="PHOTO|FOLDER", help="photos, and folders of photos")
    parser.add_class_arguments(DrawSettings, skip={"variation", "temperature", "guidance", "loop", "threads"})
    parser.add_class_arguments(
        OutputSettings, skip={"takes", "shard_size", "sample_rate", "channels", "fade_s", "loudness_lufs"}
    )
    parser.set_defaults(out="sonified")
    return parser


def run(command: str, arguments: Sequence[str]) -> int:
    """Write the sines of each photo; what fails and what is returned is as in `photowave generate`."""
    parsed = parse(build_parser(command), arguments)
    draw, output = settings_of(DrawSettings, parsed), settings_of(OutputSettings, parsed)
    targets = find_targets(parsed.photos)
    # Importing these takes a while: the checks above come first.
    from photowave.evaluation.sounds.sonify import corner_frequencies, oscillate
    from photowave.generation import Soundscape

    out: Path | None = None
    failed = done = 0
    sample_rate = AudioConfig().sample_rate
    for target in targets:
        began = time.perf_counter()
        assert target.photo is not None
        try:
            image, sha256 = read_photo(target.photo), photo_sha256(target.photo)
        except PhotowaveError as error:
            tell_failure(error)
            failed += 1
            continue
        frequencies = corner_frequencies(image)
        samples = oscillate(frequencies, sample_rate=sample_rate, duration_s=draw.duration_s, seed=draw.seed)
        info = {
            "photo_sha256": sha256,
            "frequencies_hz": [round(float(frequency), 2) for frequency in frequencies],
            "seed": draw.seed,
            "duration_s": draw.duration_s,
            "sample_rate": sample_rate,
            "seconds_taken": time.perf_counter() - began,
            "photowave_version": __version__,
        }
        out = out or open_folder(output.out)
        range_hz = f"{frequencies.min():.0f} to {frequencies.max():.0f} Hz"
        sound = Soundscape(samples, sample_rate, info=info)
        file = (out / target.name).with_name(f"{target.name.name}.{output.format}")
        note = f"{len(frequencies)} sines, {range_hz}"
        try:
            told = save_sound(file, target.told, sound, photo=target.photo_name, note=note)
        except PhotowaveError as error:
            tell_failure(error)
            failed += 1
            continue
        print(told)
        done += 1
    return 2 if failed and not done else min(failed, 1)
