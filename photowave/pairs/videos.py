"""Pairs out of videos: for each excerpt the picture in its middle and its sound, as files of their own.

::

    video  |----------|----------|----------|---|      excerpts of the same length; a rest of
    photo       x          x          x                half of it or more is one, too
    sound  [========] [========] [========]

An excerpt is named after the content of its video and its place in it. So what is there is whole, and a run
that was killed goes on where it stopped.
"""

import hashlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from photowave.atomic import replacing
from photowave.audio import write_sound
from photowave.errors import MediaError
from photowave.pairs import tracks
from photowave.pairs.rows import Row

VIDEO_SUFFIXES = frozenset(
    {".3gp", ".avi", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".ogv", ".ts"}
    | {".webm", ".wmv"}
)
"""Endings, in lower case, by which a video is known in a folder."""
SHORTEST_S = 1.0
"""An excerpt is at least so long, in seconds."""

_SLACK_S = 1.0  # by which the declared length of a whole video may be wrong
_STALE_S = 3600.0


class _Excerpt(NamedTuple):
    start_s: float
    end_s: float

    def name(self, video: str, suffix: str) -> str:
        return f"{video}__{self.start_s:g}-{self.end_s:g}s{suffix}"


def cut_video(path: Path, folder: Path, *, excerpt_s: float) -> list[Row]:
    """Cut a video into excerpts, as JPEG and FLAC files; those that are there already are kept.

    Pictures are upright. Of several sound tracks the one is taken that players choose.

    Args:
        path: The video; any format of FFmpeg that is one file.
        folder: Where the excerpts go; made if it is not there.
        excerpt_s: Length of an excerpt in seconds; a shorter video is one.

    Returns:
        A row per excerpt, without scene, not yet dealt to the splits.

    Raises:
        MediaError: The video is damaged, breaks off, is too short, or has no picture or no sound.
        OSError: The folder cannot be written.
    """
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()[:16]
    stem = path.stem.encode("utf-8", "replace")[:80].decode("utf-8", "ignore").replace("__", "_")
    video = f"{stem}-{digest}"
    folder.mkdir(parents=True, exist_ok=True)
    done = folder / f"{video}__every-{excerpt_s:g}s.json"
    excerpts = _finished(done)
    if excerpts is None or not all(_is_there(folder, video, excerpt) for excerpt in excerpts):
        excerpts = _cut(path, folder, video, excerpt_s)
        with replacing(done) as temporary:
            temporary.write_text(json.dumps(excerpts), encoding="utf-8")
    folder = folder.absolute()
    return [
        Row(folder / each.name(video, ".jpg"), folder / each.name(video, ".flac"), None, "train")
        for each in excerpts
    ]


def remove_stale(folder: Path) -> None:
    """Remove what killed runs left half written under hidden names, once it is an hour old."""
    for path in folder.glob(".*-????????????.*"):
        if path.suffix in (".jpg", ".flac", ".json") and time.time() - path.stat().st_mtime > _STALE_S:
            path.unlink(missing_ok=True)


def _is_there(folder: Path, video: str, excerpt: _Excerpt) -> bool:
    return all((folder / excerpt.name(video, suffix)).is_file() for suffix in (".jpg", ".flac"))


def _finished(done: Path) -> list[_Excerpt] | None:
    """The excerpts of a video that was cut to its end; None if it was not."""
    try:
        return [_Excerpt(float(start), float(end)) for start, end in json.loads(done.read_text("utf-8"))]
    except (OSError, ValueError, TypeError):
        return None


def _cut(path: Path, folder: Path, video: str, excerpt_s: float) -> list[_Excerpt]:
    """Write the excerpts. Those of a video that turns out to be damaged are removed again."""
    written: list[Path] = []
    try:
        excerpts = []
        with tracks.opened(path, "video", "audio") as (container, _, _):
            _refuse_if_cut_short(path, container)
        with tracks.opened(path, "audio") as (container, sound):
            for excerpt, samples in _sounds(path, container, sound, excerpt_s):
                target = folder / excerpt.name(video, ".flac")
                if not target.is_file():
                    write_sound(target, tracks.within_full_scale(samples), sound.rate)
                    written.append(target)
                excerpts.append(excerpt)
        with tracks.opened(path, "video") as (container, picture):
            times = [(excerpt.start_s + excerpt.end_s) / 2 for excerpt in excerpts]
            shown = tracks.pictures(path, container, picture, times)
            for excerpt, image in zip(excerpts, shown, strict=True):
                target = folder / excerpt.name(video, ".jpg")
                if not target.is_file():
                    with replacing(target) as temporary:
                        image.save(temporary, quality=tracks.QUALITY)
                    written.append(target)
    except MediaError:
        for target in written:
            target.unlink(missing_ok=True)
        raise
    return excerpts


def _refuse_if_cut_short(path: Path, container: Any) -> None:
    """Compare what is there with the length that the file declares; nothing is decoded."""
    end_s = max(
        (float((p.pts + (p.duration or 0)) * p.time_base) for p in container.demux() if p.pts is not None),
        default=0.0,
    )
    there_s = end_s - tracks.origin_s(container)
    declared_s = (container.duration or 0) / 1_000_000
    if there_s < declared_s - _SLACK_S:
        raise MediaError(f"{path} breaks off: {there_s:.3g} of {declared_s:.3g} s are there. Copy it again.")


def _sounds(
    path: Path, container: Any, stream: Any, excerpt_s: float
) -> Iterator[tuple[_Excerpt, NDArray[np.float32]]]:
    """Each excerpt with its sound, [channels, time]; memory holds one of them."""
    rate, start = stream.rate, 0
    held, length = list[NDArray[np.float32]](), round(excerpt_s * stream.rate)

    def cut(count: int) -> tuple[_Excerpt, NDArray[np.float32]]:
        nonlocal start
        whole = np.concatenate(held, axis=1)
        held[:] = [whole[:, count:]]
        excerpt = _Excerpt(round(start / rate, 3), round((start + count) / rate, 3))
        start += count
        return excerpt, whole[:, :count]

    for samples in tracks.sound(container, stream):
        held.append(samples)
        while (there := sum(part.shape[1] for part in held)) >= length:
            yield cut(length)
    there = sum(part.shape[1] for part in held)
    total_s = (start + there) / rate
    if total_s < SHORTEST_S:
        raise MediaError(
            f"{path}: its sound lasts {total_s:.3g} s; {SHORTEST_S:g} s are needed. Leave the video out."
        )
    if there >= SHORTEST_S * rate and (start == 0 or 2 * there >= length):
        yield cut(there)
