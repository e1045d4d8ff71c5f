"""Whether a file is what the list says, and what the list has to say of a file."""

import hashlib
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile
from PIL import Image

from places.entries import BuildError, Entry
from places.looking import difference, perceptual_hash

UNREADABLE = (OSError, ValueError, soundfile.SoundFileError, Image.DecompressionBombError)
"""What damaged and foreign files raise."""
MOST_OFF_S = 0.05
MOST_OFF_DB = 0.5
MOST_OFF_BITS = 10
_BLOCK = 1 << 20
_SPECTRUM = 1024


def check(path: Path, entry: Entry) -> str:
    """Compare a file with its entry: what differs, or '' if it is as it should be.

    A file with a sha256 in the list must have these bytes. Otherwise a photo must have the size and look
    alike, and a sound must have sample rate, channels, duration (0.05 s) and level (0.5 dB).
    """
    try:
        if entry.sha256:
            return "" if _sha256(path) == entry.sha256 else f"has other bytes than sha256 {entry.sha256}"
        return (_check_photo if entry.kind == "photo" else _check_sound)(path, entry)
    except UNREADABLE as error:
        return f"cannot be read: {error}"


def _check_photo(path: Path, entry: Entry) -> str:
    with Image.open(path) as image:
        image.load()
        if image.size != (entry.width, entry.height):
            return f"has {image.size} pixels instead of {(entry.width, entry.height)}"
        if (image.format, image.mode) != ("JPEG", "RGB"):
            return f"is {image.format} in {image.mode} instead of JPEG in RGB"
        return "" if looks_alike(image, entry) else f"does not look as phash {entry.phash} says"


def looks_alike(image: Image.Image, entry: Entry) -> bool:
    """Whether a picture looks as the list says."""
    return difference(perceptual_hash(image), int(entry.phash, 16)) <= MOST_OFF_BITS


def _check_sound(path: Path, entry: Entry) -> str:
    samples, rate = _read(path)
    if (rate, samples.shape[1]) != (entry.sample_rate, entry.channels):
        there = f"{rate} Hz and {samples.shape[1]} channels"
        return f"has {there} instead of {entry.sample_rate} Hz and {entry.channels}"
    if abs(len(samples) / rate - entry.duration_s) > MOST_OFF_S:
        return f"lasts {len(samples) / rate:.2f} s instead of {entry.duration_s:.2f} s"
    rms_dbfs = _level(samples)
    if abs(rms_dbfs - entry.rms_dbfs) > MOST_OFF_DB:
        return f"has a level of {rms_dbfs:.1f} dBFS instead of {entry.rms_dbfs:.1f} dBFS"
    return ""


def measure(path: Path, entry: Entry) -> Entry:
    """Fill in what `check` compares, and a bandwidth where none is known.

    Raises:
        BuildError: The file cannot be read.
    """
    try:
        if entry.kind == "photo":
            with Image.open(path) as image:
                look = f"{perceptual_hash(image):016x}"
                return replace(entry, width=image.width, height=image.height, phash=look)
        samples, rate = _read(path)
    except UNREADABLE as error:
        raise BuildError(f"{entry.file} cannot be read: {error}") from error
    known = not math.isnan(entry.bandwidth_hz)
    return replace(
        entry,
        duration_s=round(len(samples) / rate, 3),
        sample_rate=rate,
        channels=samples.shape[1],
        rms_dbfs=round(_level(samples), 2),
        bandwidth_hz=entry.bandwidth_hz if known else round(_bandwidth(samples.mean(axis=1), rate)),
        sha256=_sha256(path) if "original bytes" in entry.remark else "",
    )


def _read(path: Path) -> tuple[np.ndarray, int]:
    """All samples, [time, channels], to where they end, whatever the header of an MP3 says."""
    with soundfile.SoundFile(path) as file:
        blocks = [np.zeros((0, file.channels))]
        while len(block := file.read(_BLOCK, always_2d=True)):
            blocks.append(block)
        return np.concatenate(blocks), file.samplerate


def _level(samples: np.ndarray) -> float:
    return 10 * math.log10(max(float(np.mean(samples**2)), 1e-20)) if len(samples) else -200.0


def _bandwidth(mono: np.ndarray, rate: int) -> float:
    """The highest frequency at which the mean spectrum is within 60 dB of its peak, in Hz."""
    frames = np.lib.stride_tricks.sliding_window_view(mono, _SPECTRUM)[:: _SPECTRUM // 2]
    power = (np.abs(np.fft.rfft(frames * np.hanning(_SPECTRUM))) ** 2).mean(axis=0)
    return float(np.nonzero(power > power.max() * 1e-6)[0].max()) * rate / _SPECTRUM


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
