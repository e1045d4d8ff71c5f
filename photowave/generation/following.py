"""Two samplers, one led by the other: the coarser stack draws the envelope, the decoder follows it."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from photowave.generation.graph_sampler import GraphSampler
from photowave.generation.kept_sampler import KeptSampler
from photowave.generation.sampler import CachedSampler
from photowave.generation.spectral_sampler import SpectralSampler
from photowave.model import Envelope, EnvelopeStack

BLOCK = 512
"""Frames of the decoder for which the envelope is drawn at once; a multiple of `graph_sampler.BLOCK`."""

Sampler = CachedSampler | SpectralSampler | GraphSampler


class FollowingSampler:
    """Draws frames of a decoder that is led by an envelope, which is drawn as it is needed.

    What is drawn does not depend on how it is asked for: blocks begin at fixed frames. The decoder's sampler,
    `fine`, has room for a track of `knots_per_block` knots; for the other arguments see `CachedSampler`.
    Guidance also leads mean and spread of the envelope away from those without photo; in the coarser stack,
    the lane without photo hears movements about the guided mean, not about its own. `unheard` steps of the
    envelope are drawn and dropped, so that the sound does not begin on an empty past.
    """

    def __init__(
        self,
        envelope: Envelope,
        *,
        coarse: Sampler | KeptSampler,
        fine: Sampler,
        vectors: Tensor,
        null: Tensor,
        frames_per_knot: float,
        guidance: float,
        unheard: int = 0,
    ):
        self._unheard = unheard
        self._envelope, self._coarse, self._fine = envelope, coarse, fine
        self._vectors, self._null = vectors, null
        self._frames_per_knot = frames_per_knot
        self._knots = envelope.mean.new_zeros(len(vectors), 0, envelope.basis.shape[1])
        self._mean, self._spread = torch.zeros(()), torch.ones(())
        if isinstance(envelope, EnvelopeStack):
            self._mean, self._spread = _drawn(envelope, vectors, null, guidance)
        self._first_knot = 0
        self._block = 0
        self._left = 0

    def draw(self, steps: int) -> Tensor:
        """Draw the next frames: levels [sounds, steps] or band frames [sounds, steps, bands]."""
        return torch.cat([self._fine.draw(count) for count in self._counts(steps)], 1)

    def draw_spread(self, steps: int) -> tuple[Tensor, Tensor]:
        """Do what `SpectralSampler.draw_spread` does; the decoder's output is spectral."""
        assert not isinstance(self._fine, CachedSampler)
        drawn = [self._fine.draw_spread(count) for count in self._counts(steps)]
        frames, spreads = zip(*drawn, strict=True)
        return torch.cat(frames, 1), torch.cat(spreads, 1)

    def within_block(self, steps: int) -> int:
        """How many of the next `steps` frames lie in blocks that have begun.

        A block begins where more are asked for, and all before it were drawn.
        """
        drawn = self._fine.ready if isinstance(self._fine, SpectralSampler) else 0
        if steps > self._left == drawn:
            self._begin_block()
        return min(steps, self._left)

    @property
    def fine(self) -> Sampler:
        """What draws the frames."""
        return self._fine

    def _counts(self, steps: int) -> Iterator[int]:
        """Frames to be drawn, block by block; a block begins before them."""
        while steps > 0:
            count = self.within_block(steps)
            yield count
            steps, self._left = steps - count, self._left - count

    @torch.no_grad()
    def _begin_block(self) -> None:
        """Draw the envelope up to the end of the next block, and lead the decoder along it."""
        if self._unheard:
            self._coarse.draw(self._unheard)
            self._unheard = 0
        count = knots_per_block(self._frames_per_knot)
        first = int(self._block * BLOCK / self._frames_per_knot)
        missing = first + count - self._first_knot - self._knots.shape[1]
        moved = self._coarse.draw(missing).to(self._knots)
        drawn = self._mean.to(moved) + self._spread.to(moved) * moved
        self._knots = torch.cat([self._knots, drawn], 1)[:, first - self._first_knot :]
        self._first_knot = first
        # Sound by sound: a product over several rows may round differently from one over a single row.
        pairs = zip(torch.split(self._vectors, 1), torch.split(self._knots, 1), strict=True)
        tracks = [
            (self._envelope.knots(vector, frames), self._envelope.knots(self._null[None], frames))
            for vector, frames in pairs
        ]
        with_photo, without = (torch.cat(part) for part in zip(*tracks, strict=True))
        self._fine.lead(with_photo, null=without, origin=first)
        if isinstance(self._coarse, KeptSampler):
            powers = self._coarse.powers(self._block * BLOCK, BLOCK)
            if powers is not None:
                assert not isinstance(self._fine, CachedSampler)  # ModelConfig sees to it
                self._fine.hold(powers)
        self._block += 1
        self._left += BLOCK


def knots_per_block(frames_per_knot: float) -> int:
    """Knots that the frames of any block lie between."""
    return math.ceil(BLOCK / frames_per_knot) + 2


@torch.no_grad()
def _drawn(envelope: EnvelopeStack, vectors: Tensor, null: Tensor, guidance: float) -> tuple[Tensor, Tensor]:
    """Mean and spread of the components of each sound, guided as the frames are."""
    mean_without, spread_without = envelope.drawn(null[None])

    def guided(vector: Tensor) -> tuple[Tensor, Tensor]:
        mean, spread = envelope.drawn(vector)
        if guidance == 1:
            return mean, spread
        mean = mean_without + guidance * (mean - mean_without)
        return mean, envelope.bounded(spread_without * (spread / spread_without) ** guidance)

    # Sound by sound, as in the blocks: a power, too, may round differently in company.
    rows = [guided(vector) for vector in torch.split(vectors, 1)]
    mean, spread = (torch.cat(part) for part in zip(*rows, strict=True))
    return mean, spread
