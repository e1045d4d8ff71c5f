"""An excerpt of a video as files: the frame in its middle, and its sound; read with PyAV (FFmpeg)."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from photowave import extras
from photowave.atomic import replacing
from photowave.audio import write_sound
from photowave.errors import MediaError
from photowave.pairs.videos import FORMATS, upright

_QUALITY = 92  # of the JPEG
_EARLIER_S = 0.5  # sound before an excerpt that is decoded and thrown away: decoders need a start


def extract(video: Path, start_s: float, duration_s: float, folder: Path) -> tuple[Path, Path]:
    """Make a photo and a sound of an excerpt; what is there already is not made again.

    Args:
        video: With picture and sound; of several tracks the one that players choose.
        start_s: Where the excerpt starts, in seconds.
        duration_s: How long it is, in seconds; where the video ends before, it is shorter.
        folder: For both files, which bear the name of the video and `__START-ENDs`, as excerpts do elsewhere.

    Returns:
        The frame in the middle, upright, as JPEG; and the sound, at its own rate, as FLAC.

    Raises:
        MediaError: The video is damaged, has no picture, or no sound there; or a file cannot be written.
        MissingPackageError: PyAV is not installed.
    """
    name = f"{video.stem}__{start_s:g}-{start_s + duration_s:g}s"
    photo, sound = folder / f"{name}.jpg", folder / f"{name}.flac"
    if not (photo.exists() and sound.exists()):
        samples, sample_rate = _read_sound(video, start_s, duration_s)
        # The sound comes last, so that no sound is left without its photo.
        extract_frame(video, start_s + duration_s / 2, photo)
        write_sound(sound, samples, sample_rate)
    return photo, sound


def extract_frame(video: Path, at_s: float, target: Path) -> None:
    """Write the frame that is shown at `at_s` seconds, or the last one before the end, upright, as JPEG.

    Raises:
        MediaError: The video is damaged or has no picture; or the file cannot be written.
        OSError: The disk is full.
        MissingPackageError: PyAV is not installed.
    """
    with _opened(video, "video") as (container, stream):
        _seek(container, stream, at_s)
        shown = None
        for frame in container.decode(stream):
            if shown is not None and frame.time is not None and frame.time - _origin(container) > at_s:
                break
            shown = frame
        if shown is None:
            raise MediaError(f"{video}: no picture decodes at {at_s:g} s. Leave the video out.")
        picture = upright(shown, stream)
    try:
        with replacing(target) as temporary:
            picture.save(temporary, "JPEG", quality=_QUALITY)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise  # all others would fail as well
        raise MediaError(
            f"{target} cannot be written ({error.strerror or error}). Choose a folder that is writable."
        ) from error


def _read_sound(video: Path, start_s: float, duration_s: float) -> tuple[torch.Tensor, int]:
    """Samples of an excerpt, [time] or [2, time], within +-1; more than two channels are mixed to two."""
    import av

    with _opened(video, "audio") as (container, stream):
        rate = int(stream.rate)
        layout = "mono" if stream.codec_context.channels == 1 else "stereo"
        resampler = av.AudioResampler(format="fltp", layout=layout, rate=rate)
        _seek(container, stream, start_s - _EARLIER_S)
        parts: list[Any] = []
        skipped, there = 0, 0
        for frame in container.decode(stream):
            if not parts and frame.time is not None:
                skipped = round((start_s + _origin(container) - frame.time) * rate)
            parts += [part.to_ndarray() for part in resampler.resample(frame)]
            there = sum(part.shape[1] for part in parts)
            if there - skipped >= duration_s * rate:
                break
        first = max(skipped, 0)
        if there <= first:
            raise MediaError(f"{video}: its sound ends before {start_s:g} s. Leave the excerpt out.")
        samples = np.concatenate(parts, 1)[:, first : max(skipped, 0) + round(duration_s * rate)]
    # Lossy sound may go beyond full scale.
    found = torch.from_numpy(samples / max(1.0, float(np.abs(samples).max())))
    return (found[0] if len(found) == 1 else found), rate


def _origin(container: Any) -> float:
    """When the video begins, in the seconds of its frames."""
    return (container.start_time or 0) / 1_000_000


def _seek(container: Any, stream: Any, at_s: float) -> None:
    """Go to a frame at or before a time, from which decoding can begin."""
    if at_s > 0:
        container.seek(round((at_s + _origin(container)) / stream.time_base), stream=stream)


@contextmanager
def _opened(video: Path, kind: str) -> Iterator[tuple[Any, Any]]:
    """A container and its best track of a kind; what FFmpeg says against it becomes a `MediaError`."""
    extras.require("video", "reading videos")
    import av

    try:
        with video.open("rb") as file, av.open(file, options={"format_whitelist": FORMATS}) as container:
            stream: Any = container.streams.best("video" if kind == "video" else "audio")
            if stream is None:
                raise MediaError(f"{video} has no {kind} track. A pair needs both: leave the video out.")
            yield container, stream
    except (av.FFmpegError, OSError) as error:
        raise MediaError(
            f"{video} cannot be decoded as a video ({error.strerror or type(error).__name__}). Leave it out."
        ) from error
