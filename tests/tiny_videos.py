"""Videos made on the spot: each second has its own grey, so that a picture tells when it was taken."""

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

RATE = 16_000


def write_video(
    path: Path,
    *,
    seconds: float = 3.0,
    sounds: int = 1,
    times_s: list[float] | None = None,
    picture: bool = True,
    size: tuple[int, int] = (64, 48),
) -> Path:
    """Write a video whose picture is black on its left half and of grey 60 t + 50 on its right at time t.

    Args:
        path: Its ending chooses the format.
        seconds: Its length.
        sounds: How many sound tracks; the n-th is a tone of 200 n Hz.
        times_s: When its frames are shown; ten a second by default.
        picture: Whether there is a picture at all.
        size: Of the picture.
    """
    codec = "mpeg4" if path.suffix != ".webm" else "libvpx"
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=10) if picture else None
        if stream is not None:
            stream.width, stream.height, stream.pix_fmt = (*size, "yuv420p")
            stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        kind = "pcm_s16le" if path.suffix == ".mkv" else "aac"
        tracks = [container.add_stream(kind, rate=RATE, layout="mono") for _ in range(sounds)]
        for time_s in times_s or np.arange(0, seconds, 0.1).tolist():
            if stream is None:
                break
            pixels = np.zeros((size[1], size[0], 3), np.uint8)
            pixels[:, size[0] // 2 :] = min(255, round(60 * time_s + 50))
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = round(1000 * time_s), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        for number, track in enumerate(tracks, 1):
            samples = 0.3 * np.sin(2 * np.pi * 200 * number * np.arange(round(seconds * RATE)) / RATE)
            steps = (samples * 32767).astype(np.int16)[None]
            sound = av.AudioFrame.from_ndarray(steps, format="s16", layout="mono")
            sound.sample_rate, sound.pts, sound.time_base = RATE, 0, Fraction(1, RATE)
            container.mux(track.encode(sound))
            container.mux(track.encode(None))
        if stream is not None:
            container.mux(stream.encode(None))
    return path


def turn(path: Path) -> None:
    """Say in an MP4 file that its picture is shown turned clockwise by 90 degrees, as telephones do."""
    content = bytearray(path.read_bytes())
    at = (
        content.index(b"tkhd") + 4 + 4 + 20 + 16
    )  # version and flags; times, track, duration; reserved to volume
    one = 0x0001_0000
    struct.pack_into(">9i", content, at, 0, one, 0, -one, 0, 0, 48 * one, 0, 0x4000_0000)
    path.write_bytes(content)
