"""How many sounds this machine draws in real time: measured at the start, as the server draws them."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import torch

from photowave.audio import WIDTH_BANDS
from photowave.generation import SoundscapeGenerator
from photowave.generation.hearing import Hearing
from photowave.generation.reading import PhotoReading, Voice
from photowave.generation.streaming import SoundStream, draw_ahead
from photowave.settings import DrawSettings

MOST = 64
"""More are let in only if `--listeners` says so."""
_LEAST = 2
"""One listener needs so many: a sound that begins cross-fades into the one before."""
_LANES, _PIECE_S, _PIECES = 6, 0.1, 4  # sounds of each thread, and how they are drawn
_USED = 0.75  # of the time: photos are read and sound is sent beside it
_DRAW = DrawSettings(threads=1)


def sounds_in_real_time(
    generator: SoundscapeGenerator, *, threads: int, clock: Callable[[], float] = time.perf_counter
) -> int:
    """Let all threads draw a piece of a few sounds, and count how many would be drawn as fast as they play.

    It takes about a second. The machine is measured as it is now: what else it does takes its share.

    Args:
        generator: What draws; it is warm.
        threads: How many draw.
        clock: Tells the time in seconds.

    Returns:
        2 to `MOST`.
    """
    batches = [[_begun(generator, seed) for seed in range(_LANES)] for _ in range(threads)]
    began = clock()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(_draw, batches))
    drawn_s = threads * _LANES * _PIECES * _PIECE_S
    return min(MOST, max(_LEAST, int(_USED * drawn_s / (clock() - began))))


def _begun(generator: SoundscapeGenerator, seed: int) -> SoundStream:
    """A sound for no photo, whose first piece is drawn."""
    conditioner = generator.model.conditioner
    voice = Voice(conditioner.null.detach(), torch.zeros(WIDTH_BANDS), "", seed)
    reading = PhotoReading(
        (voice,), None, hearing=Hearing(), sha256=None, picture=None, steered={}, seed=seed, variation=0
    )
    stream = generator.stream_read(reading, _DRAW, chunk_s=_PIECE_S, endless=True)
    next(stream)
    return stream


def _draw(streams: list[SoundStream]) -> None:
    draw_ahead(streams, _PIECES)
    for stream in streams:
        stream.take(_PIECES)
