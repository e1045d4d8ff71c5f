"""An excerpt of a video as files: the frame in its middle, and its sound; read with PyAV (FFmpeg)."""

import errno
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from photowave.atomic import replacing
from photowave.audio import write_sound
from photowave.errors import MediaError
from photowave.pairs import tracks


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
    with tracks.opened(video, "video") as (container, track):
        picture = next(tracks.pictures(video, container, track, [at_s]))
    try:
        with replacing(target) as temporary:
            picture.save(temporary, "JPEG", quality=tracks.QUALITY)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise  # all others would fail as well
        raise MediaError(
            f"{target} cannot be written ({error.strerror or error}). Choose a folder that is writable."
        ) from error


def _read_sound(video: Path, start_s: float, duration_s: float) -> tuple[Tensor, int]:
    """Samples of an excerpt, [time] or [2, time], within +-1, and their rate."""
    with tracks.opened(video, "audio") as (container, track):
        parts, length = list[NDArray[np.float32]](), round(duration_s * track.rate)
        for part in tracks.sound(container, track, start_s=start_s):
            parts.append(part)
            if sum(each.shape[1] for each in parts) >= length:
                break
        if not parts:
            raise MediaError(f"{video}: its sound ends before {start_s:g} s. Leave the excerpt out.")
        return tracks.within_full_scale(np.concatenate(parts, 1)[:, :length]), track.rate
