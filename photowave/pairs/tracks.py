"""The picture and the sound of a video from any time on, read with PyAV (FFmpeg)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from photowave import extras
from photowave.errors import MediaError

QUALITY = 92
"""Of the JPEG files that pictures become."""
_FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,asf,flv,ogg"
"""What is opened, by FFmpeg's names. Files that name other files or addresses (playlists) are no videos."""
_JITTER_S = 0.05  # by which times of sound may be rounded
_EARLIER_S = 0.5  # sound before a start that is decoded and thrown away: decoders need a start
_TURNS = {90: Image.Transpose.ROTATE_90, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_270}


@contextmanager
def opened(path: Path, *kinds: str) -> Iterator[tuple[Any, ...]]:
    """Open a video.

    Args:
        path: Any format of FFmpeg that is one file.
        kinds: Which tracks are wanted: `video`, `audio`. Of several the one is taken that players choose.

    Yields:
        The container, and a track for each kind.

    Raises:
        MediaError: It cannot be read, or decoded within the block, or lacks a track.
        MissingPackageError: PyAV is not installed.
    """
    extras.require("video", "reading videos")
    import av

    try:
        file = path.open("rb")
    except OSError as error:
        raise MediaError(f"{path} cannot be read ({error.strerror or error}). Leave it out.") from error
    try:
        with file, av.open(file, options={"format_whitelist": _FORMATS}) as container:
            tracks = [container.streams.best("video" if kind == "video" else "audio") for kind in kinds]
            for kind, track in zip(kinds, tracks, strict=True):
                if track is None:
                    what = "picture" if kind == "video" else "sound track"
                    raise MediaError(f"{path} has no {what}. A pair needs both: leave the video out.")
            yield container, *tracks
    except av.FFmpegError as error:
        reason = error.strerror or type(error).__name__
        raise MediaError(
            f"{path} cannot be decoded as a video ({reason}). Copy or export it again, or leave it out."
        ) from error


def origin_s(container: Any) -> float:
    """When a video begins, in the seconds of its frames."""
    return (container.start_time or 0) / 1_000_000


def sound(container: Any, track: Any, *, start_s: float = 0.0) -> Iterator[NDArray[np.float32]]:
    """Decode the sound from a time on, [channels, time] each, at its own rate; gaps are silence.

    More than two channels are mixed to two. Lossy sound may go beyond full scale.

    Args:
        container: The video.
        track: Its sound.
        start_s: In seconds from the beginning of the video.
    """
    import av

    mono = track.codec_context.channels == 1
    resampler = av.AudioResampler(format="fltp", layout="mono" if mono else "stereo", rate=track.rate)
    _seek(container, track, start_s - _EARLIER_S)
    at: int | None = None  # samples after `start_s`

    def heard(frame: Any) -> Iterator[NDArray[np.float32]]:
        nonlocal at
        for part in resampler.resample(frame):
            samples = np.asarray(part.to_ndarray(), np.float32)
            at = (at or 0) + samples.shape[1]
            if at > 0:
                yield samples[:, -min(at, samples.shape[1]) :]

    for frame in container.decode(track):
        if frame.time is not None:
            here = round((frame.time - origin_s(container) - start_s) * track.rate)
            if at is None:
                at = min(here, 0)
            if here - at > _JITTER_S * track.rate and here > 0:
                yield np.zeros((1 if mono else 2, here - max(at, 0)), np.float32)
                at = here
        yield from heard(frame)
    yield from heard(None)


def pictures(path: Path, container: Any, track: Any, times_s: Sequence[float]) -> Iterator[Image.Image]:
    """Decode the picture that is shown at each time, upright, whatever the frame rate does.

    Args:
        path: The video.
        container: The same, opened.
        track: Its picture.
        times_s: Ascending, in seconds from the beginning of the video; beyond its end the last one stays.

    Raises:
        MediaError: No picture decodes.
    """
    track.thread_type = "AUTO"
    if len(times_s) == 1:
        _seek(container, track, times_s[0])
    number, shown = 0, None
    for frame in container.decode(track):
        if frame.time is None:
            continue
        while number < len(times_s) and frame.time - origin_s(container) > times_s[number]:
            yield _upright(shown or frame, track)
            number += 1
        if number == len(times_s):
            return
        shown = frame
    if shown is None:
        raise MediaError(f"{path}: no picture decodes. Copy or export it again.")
    for _ in times_s[number:]:
        yield _upright(shown, track)


def within_full_scale(samples: NDArray[np.float32]) -> Tensor:
    """Sound [channels, time] as it is written, [time] or [2, time], turned down if it goes beyond +-1."""
    found = torch.from_numpy(samples / max(1.0, float(np.abs(samples).max())))
    return found[0] if len(found) == 1 else found


def _seek(container: Any, track: Any, at_s: float) -> None:
    """Go to a frame at or before a time, from which decoding can begin."""
    if at_s > 0:
        container.seek(round((at_s + origin_s(container)) / track.time_base), stream=track)


def _upright(frame: Any, track: Any) -> Image.Image:
    """A frame as it is shown: with square pixels, and turned."""
    image: Image.Image = frame.to_image()
    aspect = track.codec_context.sample_aspect_ratio
    if aspect and aspect != 1:
        image = image.resize((max(1, round(image.width * aspect)), image.height), Image.Resampling.BICUBIC)
    turn = _TURNS.get(round(frame.rotation) % 360)
    return image if turn is None else image.transpose(turn)
