"""A sound that is drawn piece by piece, alone or in step with others."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from photowave.generation.decoding import Pieces, mix
from photowave.generation.following import FollowingSampler
from photowave.generation.one_thread import one_thread
from photowave.generation.samplers import Sampler
from photowave.generation.spectral_sampler import SpectralSampler, draw_together


class SoundStream(Iterator[NDArray[np.float32]]):
    """Pieces of a sound, as `SoundscapeGenerator.stream` gives them.

    Args:
        pieces: Draws them.
        shares: Of its voices, see `mix`.
        sampler: What it draws the frames with.
        frames: In a piece.
    """

    def __init__(self, pieces: Pieces, shares: Sequence[Sequence[float]], sampler: Sampler, *, frames: int):
        self._pieces, self._shares, self._sampler, self._frames = pieces, shares, sampler, frames

    def __next__(self) -> NDArray[np.float32]:
        part = self.take(1)
        if part is None:
            raise StopIteration
        return part

    def take(self, pieces: int) -> NDArray[np.float32] | None:
        """Draw the next pieces as one, which is quicker and changes no sample; None if there are no more."""
        with one_thread():
            part = self._pieces.take(pieces)
            if part is None:
                return None
            mixed: NDArray[np.float32] = mix(part, self._shares)[0].numpy()
            return mixed

    def missing(self, pieces: int) -> tuple[SpectralSampler, int] | None:
        """What draws the frames of the next pieces, and how many it lacks; None where it draws alone."""
        sampler, count = self._sampler, pieces * self._frames
        if isinstance(sampler, FollowingSampler):
            count, sampler = sampler.within_block(count), sampler.fine
        return (sampler, count - sampler.ready) if isinstance(sampler, SpectralSampler) else None


def draw_ahead(streams: Sequence[SoundStream], pieces: int) -> None:
    """Draw what the next pieces of several streams need, in step, which is quicker and changes no sample.

    Those that differ in temperature or guidance draw by themselves when they are asked.

    Args:
        streams: No thread but this one may use them meanwhile.
        pieces: How many.
    """
    while True:
        found: dict[object, list[tuple[SpectralSampler, int]]] = {}
        for stream in streams:
            # What lies in a block that has not begun is missing only when the frames before it are there.
            if (missing := stream.missing(pieces)) is not None and missing[1] > 0:
                found.setdefault(missing[0].kind, []).append(missing)
        groups = [group for group in found.values() if len(group) > 1]
        if not groups:
            return
        for group in groups:
            draw_together([sampler for sampler, _ in group], min(count for _, count in group))
