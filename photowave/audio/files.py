"""Sound files in and out: the only module that opens one."""

import io
import logging
import math
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import torch
from numpy.typing import NDArray
from torch import Tensor

from photowave.atomic import replacing, unwritten
from photowave.audio.containers import missing_bytes, ogg_fault, with_sizes
from photowave.audio.level import without_offset
from photowave.audio.resampling import resample
from photowave.errors import MediaError
from photowave.settings.drawing import MP3_RATES

SOUND_SUFFIXES = frozenset({".wav", ".flac", ".ogg", ".opus", ".mp3", ".aif", ".aiff"})
"""Suffixes, in lower case, of the files that count as sounds."""

SILENCE_PEAK_DBFS = -80.0
"""A sound whose peak stays below this level counts as silent."""

_LOWEST_SAMPLE_RATE, _HIGHEST_SAMPLE_RATE = 1_000, 768_000
_log = logging.getLogger(__name__)
_BLOCK = 1 << 20
_MP3_FRAME = 1_152  # samples
_UNKNOWN_LENGTH = 2**63 - 1  # frames, as the library tells it
_WRITTEN = {
    (".wav", 16): ("WAV", "PCM_16"),
    (".wav", 24): ("WAV", "PCM_24"),
    (".wav", 32): ("WAV", "FLOAT"),
    (".flac", 16): ("FLAC", "PCM_16"),
    (".flac", 24): ("FLAC", "PCM_24"),
    (".ogg", 16): ("OGG", "VORBIS"),
    (".mp3", 16): ("MP3", "MPEG_LAYER_III"),
}


class _StraightOn(soundfile.SoundFile):  # type: ignore[misc]  # which brings no types
    """A file read from its beginning to its end; in a FLAC of unknown length nothing else works."""

    def seekable(self) -> bool:
        return False


@dataclass(frozen=True)
class SoundInfo:
    """What a sound file holds, without its samples."""

    duration_s: float
    """Length in seconds."""
    sample_rate: int
    """Samples per second and channel, in Hz."""
    channels: int
    """Number of channels."""


def read_sound(path: str | Path, *, sample_rate: int | None = None) -> tuple[Tensor, int]:
    """Read a sound as one channel, the mean of all.

    A WAV or AIFF file cut short is read as far as it goes, and a warning in the log says so, as for an MP3
    file of another length than its header tells; FLAC and Ogg files cut short are refused, but for
    a FLAC that says no length, whose whole frames are read. A constant offset of a channel is taken out, see
    `without_offset`.

    Args:
        path: The file; any format of libsndfile (WAV, FLAC, Ogg Vorbis, Opus, MP3, AIFF).
        sample_rate: Resample to this rate in Hz; None keeps the file's own.

    Returns:
        The samples (float32, [time], full scale is +-1) and their sample rate in Hz.

    Raises:
        MediaError: No such file, a folder, an empty, damaged or foreign file, NaN or infinite samples,
            fewer than two samples, or silence.
    """
    channels, rate = _decode(Path(path))
    samples = channels.mean(0)
    _refuse_cancelled(path, channels, samples)
    if sample_rate is not None:
        samples = resample(samples, old_rate=rate, new_rate=sample_rate)
    _refuse_silence(path, samples)
    return samples, rate if sample_rate is None else sample_rate


def read_channels(path: str | Path, *, sample_rate: int) -> tuple[Tensor, int]:
    """Read a sound with its channels, at most two of them.

    Args:
        path: See `read_sound`.
        sample_rate: Resample to this rate in Hz.

    Returns:
        The samples (float32, [channels, time]), and the file's own sample rate in Hz.

    Raises:
        MediaError: See `read_sound`.
    """
    channels, rate = _decode(Path(path))
    resampled = resample(channels[:2], old_rate=rate, new_rate=sample_rate)
    _refuse_silence(path, resampled)
    return resampled, rate


def sound_blocks(path: str | Path, *, block_s: int | None = None) -> Iterator[tuple[Tensor, int]]:
    """Read a sound block by block, as it stands in its file, so that hours of it need little memory.

    Args:
        path: See `read_sound`; silence and an offset are no error here.
        block_s: Length of each block but the last, in whole seconds; None leaves it open.

    Yields:
        The samples of each block (float32, [channels, time]) and the file's sample rate in Hz.

    Raises:
        MediaError: See `read_sound`; what is wrong may show only after some blocks.
    """
    path, count = Path(path), 0
    with _opened(path) as file:
        rate, declared = int(file.samplerate), int(file.frames)
        for block in _blocks(file, _BLOCK if block_s is None else block_s * rate):
            count += len(block)
            samples = torch.from_numpy(block).t()
            if not bool(samples.isfinite().all()):
                raise MediaError(
                    f"{path} holds NaN or infinite samples; all must be finite. Export it again."
                )
            yield samples, rate
    if (note := _shortfall(path, file, count)) is not None:
        _log.warning(note)
    if count < declared and not _length_is_estimate(file):
        raise MediaError(f"{path}: only {count} of {declared} samples decode; all must. Replace the file.")
    if count < 2:
        raise MediaError(f"{path} holds {count} sample(s); a sound needs at least 2. Replace it.")


def _decode(path: Path) -> tuple[Tensor, int]:
    """Samples of all channels, float32 [channels, time], and their rate."""
    blocks, rate = [], 0
    for samples, rate in sound_blocks(path):  # noqa: B007
        blocks.append(samples)
    return without_offset(torch.cat(blocks, 1).contiguous()), rate


def _shortfall(path: Path, file: soundfile.SoundFile, decoded: int) -> str | None:
    """Say that a file has not the length which its header tells, if it is read all the same."""
    if (missing := missing_bytes(path)) is not None:
        return f"{path} breaks off: {missing[0]} of {missing[1]} bytes of its sound are there, and are read."
    if file.format == "MP3" and abs(decoded - file.frames) > _MP3_FRAME:
        told, there = file.frames / file.samplerate, decoded / file.samplerate
        return f"{path} says that it lasts {told:.2f} s; {there:.2f} s decode, and are read."
    return None


def declared_s(path: str | Path) -> float:
    """How long a sound file says it is, in seconds; of MP3 that may be a guess, and nothing is decoded.

    Raises:
        MediaError: See `probe_sound`.
    """
    with _opened(Path(path)) as file:
        return float(file.frames / file.samplerate)


def _blocks(file: soundfile.SoundFile, size: int = _BLOCK) -> Iterator[NDArray[np.float32]]:
    """All that decodes, [time, channels] each, whatever the header says of its length."""
    while len(block := file.read(size, dtype="float32", always_2d=True)):
        yield block


def _refuse_cancelled(path: str | Path, channels: Tensor, mixed: Tensor) -> None:
    """Refuse a sound whose channels are in opposite phase, with its own reason: it is not silent."""
    loudest, left = float(channels.abs().max()), float(mixed.abs().max())
    least = 10 ** (SILENCE_PEAK_DBFS / 20)
    if left < least <= loudest:
        raise MediaError(
            f"{path} is silent once its channels are mixed: they cancel each other. Turn one of them over, "
            "or keep only one."
        )


def _refuse_silence(path: str | Path, samples: Tensor) -> None:
    peak = float(samples.abs().max())
    if peak < 10 ** (SILENCE_PEAK_DBFS / 20):
        level = f"{20 * math.log10(peak):.0f} dBFS" if peak > 0 else "0"
        raise MediaError(
            f"{path} is silent: its peak is {level}; at least {SILENCE_PEAK_DBFS:.0f} dBFS is needed. "
            "Remove the file or raise its level."
        )


def write_sound(
    path: str | Path,
    samples: Tensor,
    sample_rate: int,
    *,
    bits: int = 16,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Write a sound file; it appears under its name only when it is complete.

    With 16 and 24 bits samples are rounded to steps, and +1 itself becomes the highest; with 32 bits they
    stay as they are. Ogg Vorbis and MP3 lose what the ear hardly misses.

    Args:
        path: A name that ends in `.wav`, `.flac`, `.ogg` or `.mp3`, in a folder that exists.
        samples: Float, [time] or [2, time], within +-1.
        sample_rate: In Hz.
        bits: 16, 24 (WAV and FLAC) or 32 (WAV: floating point).
        ready: Called when the file is whole, and one that it replaces is still there.

    Raises:
        MediaError: Another suffix or number of bits; a rate that the format lacks; samples that are not one
            or two channels, are none, NaN, infinite or beyond +-1; or the file cannot be written.
    """
    path = Path(path)
    kind = _WRITTEN.get((path.suffix.lower(), bits))
    if kind is None:
        asked = f"{path.suffix or 'a name without suffix'} with {bits} bits"
        raise MediaError(
            f"{path}: cannot write {asked}. Use .wav (16, 24 or 32 bits), .flac (16 or 24), or .ogg or .mp3 "
            "(16)."
        )
    if kind[0] == "MP3" and sample_rate not in MP3_RATES:
        raise MediaError(f"{path}: MP3 has no rate of {sample_rate} Hz. Use 44100 or 48000.")
    if samples.numel() == 0 or not (samples.dim() == 1 or (samples.dim() == 2 and len(samples) == 2)):
        raise MediaError(
            f"{path}: samples have the shape {list(samples.shape)}; [time] or [2, time] with at least one "
            "sample is needed. Pass one sound at a time."
        )
    samples = samples.detach().cpu().double()
    if not bool(samples.isfinite().all()):
        raise MediaError(f"{path}: the samples hold NaN or infinite values. Look for their cause.")
    peak = float(samples.abs().max())
    if peak > 1.0:
        raise MediaError(
            f"{path}: the peak is {peak:.4g}; it must not exceed 1, or the sound would clip. "
            "Lower the level first."
        )
    try:
        with replacing(path) as temporary:
            temporary.write_bytes(_encoded(samples, sample_rate, *kind))
            ready()
    except OSError as error:
        raise MediaError(unwritten(path, error)) from error
    except soundfile.SoundFileError as error:
        raise MediaError(
            f"{path} cannot be written ({_reason(error)}). Choose another rate or another format."
        ) from error


def _encoded(samples: Tensor, sample_rate: int, file_format: str, subtype: str) -> memoryview:
    """The bytes of a sound file of samples [time] or [2, time].

    In memory: the library knows neither names that are no text nor what a full disk is. In blocks: its Vorbis
    encoder cannot take minutes at once.
    """
    rows, content = samples.t() if samples.dim() == 2 else samples[:, None], io.BytesIO()
    with soundfile.SoundFile(
        content, "w", sample_rate, rows.shape[1], format=file_format, subtype=subtype
    ) as file:
        for part in torch.split(rows, _BLOCK // 16):
            if subtype.startswith("PCM"):
                # Rounded here: the library would cut off. Its integers fill 32 bits from the top.
                steps = 2 ** (int(subtype[4:]) - 1)
                levels = (part * steps).round().clamp(max=steps - 1).to(torch.int32)
                file.write((levels * (2**31 // steps)).numpy())
            else:
                file.write(part.float().numpy())
    return content.getbuffer()


def probe_sound(path: str | Path) -> SoundInfo:
    """Tell length, rate and channels.

    Only a file whose header may be wrong about its length, or says none, is decoded.

    Raises:
        MediaError: No such file, a folder, an empty, damaged or foreign file.
    """
    with _opened(Path(path)) as file:
        frames = int(file.frames)
        if _length_is_estimate(file):
            frames = sum(map(len, _blocks(file)))
        return SoundInfo(frames / file.samplerate, int(file.samplerate), int(file.channels))


def find_sounds(folder: str | Path) -> list[Path]:
    """List the sound files in a folder and its subfolders, sorted, hidden ones left out.

    Raises:
        MediaError: `folder` is no folder.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise MediaError(f"{folder} is no folder. Name the folder that holds the sounds.")
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SOUND_SUFFIXES and not path.name.startswith(".") and path.is_file()
    )


@contextmanager
def _opened(path: Path) -> Iterator[soundfile.SoundFile]:
    if not path.exists():
        raise MediaError(f"{path}: no such file. Check the name.")
    if path.is_dir():
        raise MediaError(f"{path} is a folder; a sound file is needed. Name one of the files in it.")
    try:
        if path.stat().st_size == 0:
            raise MediaError(f"{path} is empty; a sound file is needed. Replace or remove it.")
        if (fault := ogg_fault(path)) is not None:
            raise MediaError(f"{path} {fault}")
        with _StraightOn(with_sizes(path) or _named(path)) as file:
            if not _LOWEST_SAMPLE_RATE <= file.samplerate <= _HIGHEST_SAMPLE_RATE:
                raise MediaError(
                    f"{path} claims {file.samplerate} samples per second; {_LOWEST_SAMPLE_RATE} to "
                    f"{_HIGHEST_SAMPLE_RATE} can be read. Replace the file."
                )
            if file.format == "OGG" and not _ogg_is_complete(path):
                raise MediaError(f"{path} breaks off before its end; a sound must be whole. Replace it.")
            yield file
    # A name that ends in .raw raises TypeError: headerless data is not read.
    except (OSError, soundfile.SoundFileError, TypeError) as error:
        raise MediaError(
            f"{path} cannot be read as a sound ({_reason(error)}). Use WAV, FLAC, Ogg or MP3, undamaged."
        ) from error


def _named(path: Path) -> Path | bytes:
    """A path as the library can take it: as bytes it need not be text, but Windows knows only text."""
    return path if sys.platform == "win32" else os.fsencode(path)


def _ogg_is_complete(path: Path) -> bool:
    """Whether the last Ogg page is whole and marked as the end of its stream (RFC 3533, section 6)."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 65_307))  # the longest page
        tail = file.read()
    page = tail[max(0, tail.rfind(b"OggS")) :]
    if len(page) < 27 or not page[5] & 4:
        return False
    segments = page[26]
    return len(page) >= 27 + segments + sum(page[27 : 27 + segments])


def _length_is_estimate(file: soundfile.SoundFile) -> bool:
    """Whether the header may be wrong about the length, or says none: a FLAC that went through a pipe."""
    mpeg = file.format == "MP3" or file.subtype.startswith("MPEG")
    return bool(mpeg or file.frames == _UNKNOWN_LENGTH)


def _reason(error: Exception) -> str:
    text = getattr(error, "error_string", None) or getattr(error, "strerror", None) or str(error)
    return " ".join(str(text).split()).rstrip(".")
