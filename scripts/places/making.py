"""Makes a photo or an excerpt from its source."""

import shutil
from pathlib import Path

import soundfile
from PIL import Image, ImageOps

from photowave.atomic import replacing
from places.checking import UNREADABLE, check, looks_alike
from places.entries import BuildError, Entry

LONGEST_SIDE = 512
JPEG_QUALITY = 90
_VORBIS_COMPRESSION = 0.4  # libvorbis quality 6
_BLOCK = 4096  # frames written at once; libsndfile overflows its stack on minutes of Vorbis in one call


def make(source: Path, target: Path, entry: Entry) -> None:
    """Make one file of the set; it appears only if it passes the check.

    Raises:
        BuildError: The source is missing or foreign, or the result is not as the list says.
    """
    if not source.is_file():
        raise BuildError(f"{entry.path_in_source} is not in {entry.source} {entry.version}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with replacing(target) as temporary:
            if entry.sha256:
                shutil.copyfile(source, temporary)
            else:
                (_make_photo if entry.kind == "photo" else _make_sound)(source, temporary, entry)
            if wrong := check(temporary, entry):
                raise BuildError(f"the result {wrong}")
    except UNREADABLE as error:
        raise BuildError(str(error)) from error


def take(source: Path, target: Path, entry: Entry) -> None:
    """Copy a file that was built elsewhere, if it passes the check.

    Raises:
        BuildError: It is missing or not as the list says, or it cannot be copied.
    """
    if not source.is_file():
        raise BuildError("is not in the folder given with --from")
    if wrong := check(source, entry):
        raise BuildError(f"the file in the folder given with --from {wrong}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with replacing(target) as temporary:
            shutil.copyfile(source, temporary)
    except OSError as error:
        raise BuildError(str(error)) from error


def _make_photo(source: Path, target: Path, entry: Entry) -> None:
    """Write a photo upright, RGB, with its longest side at most 512 pixels, as JPEG."""
    with Image.open(source) as image:
        upright = ImageOps.exif_transpose(image).convert("RGB")
    upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    # The sides of an environment map lie turned or mirrored in their files: whichever looks as the list says.
    ways = [upright, *(upright.transpose(way) for way in Image.Transpose)]
    found = next((way for way in ways if looks_alike(way, entry)), upright)
    found.save(target, "JPEG", quality=JPEG_QUALITY)


def _make_sound(source: Path, target: Path, entry: Entry) -> None:
    """Write the excerpt as Ogg Vorbis at its own sample rate; one channel is the mean of those there are."""
    with soundfile.SoundFile(source) as file:
        rate = file.samplerate
        start, stop = round(entry.start_s * rate), round(entry.end_s * rate)
        file.seek(start)
        samples = file.read(stop - start, always_2d=True)
    if entry.channels == 1:
        samples = samples.mean(axis=1, keepdims=True)
    kind = {"format": "OGG", "subtype": "VORBIS", "compression_level": _VORBIS_COMPRESSION}
    with soundfile.SoundFile(target, "w", samplerate=rate, channels=samples.shape[1], **kind) as file:
        for place in range(0, len(samples), _BLOCK):
            file.write(samples[place : place + _BLOCK])
