"""Videos in: of an excerpt the frame in its middle as a photo, and its sound; read with PyAV (FFmpeg)."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from photowave import extras
from photowave.atomic import replacing
from photowave.audio import write_sound
from photowave.errors import MediaError

if TYPE_CHECKING:
    from av.container import InputContainer

VIDEO_SUFFIXES = (".avi", ".flv", ".m4v", ".mkv", ".mov", ".mp4", ".mpg", ".mts", ".webm")
"""Endings, in lower case, by which a video is known in a folder."""
_QUALITY = 95  # of the JPEG


def extract(video: Path, start_s: float, duration_s: float, folder: Path) -> tuple[Path, Path]:
    """Make a photo and a sound of an excerpt; what is there already is not made again.

    Args:
        video: With at least one video and one audio track; the first of each counts.
        start_s: Where the excerpt starts, in seconds.
        duration_s: How long it is, in seconds; where the video ends before, it is shorter.
        folder: For both files, which bear the name of the video and `__START-ENDs`, as excerpts do elsewhere.

    Returns:
        The frame in the middle, upright, as JPEG; and the sound, at its own rate, as FLAC.

    Raises:
        MediaError: The video is missing, damaged, or lacks one of the tracks; or a file cannot be written.
        MissingPackageError: PyAV is not installed.
    """
    name = f"{video.stem}__{round(start_s, 3):.10g}-{round(start_s + duration_s, 3):.10g}s"
    photo, sound = folder / f"{name}.jpg", folder / f"{name}.flac"
    if not photo.exists():
        extract_frame(video, start_s + duration_s / 2, photo)
    if not sound.exists():
        samples, sample_rate = _read_sound(video, start_s, duration_s)
        write_sound(sound, samples, sample_rate)
    return photo, sound


def extract_frame(video: Path, at_s: float, target: Path) -> None:
    """Write the frame that is shown at `at_s` seconds, or the last before it, upright, as JPEG.

    Raises:
        MediaError: The video is missing, damaged, or has no picture; or the file cannot be written.
        MissingPackageError: PyAV is not installed.
    """
    with _opened(video) as container:
        if not container.streams.video:
            raise MediaError(f"{video} has no video track, so no photo can be taken from it. Leave it out.")
        stream = container.streams.video[0]
        if at_s > 0:
            container.seek(round(at_s / stream.time_base), stream=stream)  # type: ignore[operator]
        shown = None
        for frame in container.decode(stream):
            if shown is not None and (frame.time or 0.0) > at_s:
                break
            shown = frame
        if shown is None:
            raise MediaError(
                f"{video}: no frame can be decoded at {at_s:g} s. Leave it out or encode it anew."
            )
        picture = shown.to_image()  # type: ignore[no-untyped-call]
        picture = picture.convert("RGB").rotate(shown.rotation, expand=True)
    try:
        with replacing(target) as temporary:
            picture.save(temporary, "JPEG", quality=_QUALITY)
    except OSError as error:
        raise MediaError(
            f"{target} cannot be written ({error.strerror or error}). Make room for it."
        ) from error


def _read_sound(video: Path, start_s: float, duration_s: float) -> tuple[torch.Tensor, int]:
    """Samples of an excerpt, [time] or [2, time], within +-1; more than two channels are mixed to two."""
    from av import AudioResampler

    with _opened(video) as container:
        if not container.streams.audio:
            raise MediaError(f"{video} has no audio track, so it has no sound to learn from. Leave it out.")
        stream = container.streams.audio[0]
        rate, layout = stream.rate, "mono" if stream.channels == 1 else "stereo"
        resampler = AudioResampler(format="fltp", layout=layout, rate=rate)
        if start_s > 0:
            container.seek(math.floor(start_s / stream.time_base), stream=stream)  # type: ignore[operator]
        parts: list[np.ndarray] = []
        first_s, wanted = None, round(duration_s * rate)
        for frame in container.decode(stream):
            if first_s is None:
                first_s = frame.time or 0.0
                wanted += max(round((start_s - first_s) * rate), 0)
            parts += [part.to_ndarray() for part in resampler.resample(frame)]
            if sum(part.shape[1] for part in parts) >= wanted:
                break
        if first_s is None or not parts:
            raise MediaError(f"{video}: no sound can be decoded at {start_s:g} s. Leave it out.")
    samples = np.concatenate(parts, 1)[:, max(round((start_s - first_s) * rate), 0) : wanted]
    if samples.shape[1] == 0:
        raise MediaError(f"{video}: its sound ends before {start_s:g} s. Leave the excerpt out.")
    found = torch.from_numpy(np.ascontiguousarray(samples)).nan_to_num(0.0).clamp(-1, 1)
    return (found[0] if len(found) == 1 else found), rate


@contextmanager
def _opened(video: Path) -> Iterator["InputContainer"]:
    """Open a video; whatever FFmpeg says against it becomes a `MediaError`."""
    extras.require("video", "reading videos")
    import av

    try:
        with av.open(str(video)) as container:
            yield container
    except (av.FFmpegError, OSError, ValueError) as error:
        raise MediaError(
            f"{video} cannot be read as a video ({getattr(error, 'strerror', None) or error}). "
            "Leave it out or encode it anew."
        ) from error
