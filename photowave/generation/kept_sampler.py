"""Follows an envelope that was kept, in pieces whose order is left to chance."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from photowave.generation.randomness import Purpose, UniformStream

SHORTEST_S, LONGEST_S = 0.5, 2.0
"""Length of a piece."""
_COMPARED_S = 0.1  # before a cut: what follows must have come after much the same
_FADED_S = 0.05  # after it
_TINY = 1e-6  # frames
_CHOICES = 8  # a cut leads to one of so many places that fit best


class KeptSampler:
    """Draws components as the sampler of a coarser WaveNet does, from stretches that were kept.

    ::

        kept   |....piece 2...|.....|......piece 1.....|....|..piece 3..|
        drawn  |......piece 1.....|....piece 2...|..piece 3..| ...

    A piece ends after half a second to two, and goes on where something much alike went before: so it is
    done with pictures in Schoedl et al. 2000, "Video textures", SIGGRAPH. What was heard less goes first, so
    that a call is not repeated before the others were heard. Over a cut it is faded for three
    or four steps. What is drawn does not depend on how many steps are asked for at once.

    Args:
        stretches: What was kept for each sound, [steps, components] each; at least one step.
        powers: What was kept beside it for each frame of the decoder, [frames, regions] each; none, if
            nothing was.
        seeds: A seed for each sound.
        knots_per_s: Steps per second.
        frames_per_knot: Frames of the decoder in a step.
        temperature: Below 1, what moves moves less about the mean of its stretch; above 1, as it was kept.
    """

    def __init__(
        self,
        stretches: Sequence[Tensor],
        *,
        seeds: Sequence[int],
        knots_per_s: float,
        temperature: float = 1.0,
        powers: Sequence[Tensor] = (),
        frames_per_knot: float = 1.0,
    ):
        assert len(stretches) == len(seeds)
        assert len(powers) in (0, len(seeds))
        calm, sounds = min(temperature, 1.0), zip(stretches, seeds, strict=True)
        told = bool(powers)
        self._paths = [_Path(_calmed(s, calm), seed, knots_per_s, remembers=told) for s, seed in sounds]
        self._powers = [_calmed(part, calm) for part in powers]
        self._frames_per_knot = frames_per_knot

    def draw(self, steps: int) -> Tensor:
        """Draw the next steps, [sounds, steps, components]."""
        return torch.from_numpy(np.stack([path.draw(steps) for path in self._paths]))

    def powers(self, first: int, count: int) -> Tensor | None:
        """What was kept for the frames from `first` on, [sounds, count, regions]; None where nothing was.

        Args:
            first: Counted from the first step; never smaller than in the call before.
            count: How many; the steps that they lie between were drawn.
        """
        if not self._powers:
            return None
        frames = np.arange(first, first + count)
        sounds = zip(self._paths, self._powers, strict=True)
        told = [_along(path, kept, frames, self._frames_per_knot) for path, kept in sounds]
        return torch.from_numpy(np.stack(told))


def _calmed(kept: Tensor, calm: float) -> NDArray[np.float32]:
    stretch = kept.cpu().numpy()
    mean = stretch.mean(0)
    return np.asarray(mean + calm * (stretch - mean), np.float32)


def _along(
    path: "_Path", kept: NDArray[np.float32], frames: NDArray[np.int64], frames_per_knot: float
) -> NDArray[np.float32]:
    """Read frame by frame what was kept, along a way that was gone step by step."""
    steps = frames / frames_per_knot
    whole = np.floor(steps).astype(np.int64)
    way = path.way(int(whole[0]), int(whole[-1]) + 1)[whole - whole[0]]

    def at(places: NDArray[np.float64]) -> NDArray[np.float32]:
        # Within a piece frames follow one another: halves, that are rounded now up, now down, do not occur.
        there = np.floor((places + steps - whole) * frames_per_knot + 0.5 + _TINY).astype(np.int64)
        read: NDArray[np.float32] = kept[there.clip(0, len(kept) - 1)]
        return read

    share = way[:, 2:].astype(np.float32)
    told: NDArray[np.float32] = share * at(way[:, 0]) + (1 - share) * at(way[:, 1])
    return told


class _Path:
    """The way of one sound through its stretch."""

    def __init__(self, stretch: NDArray[np.float32], seed: int, knots_per_s: float, *, remembers: bool):
        self._stretch = stretch
        self._remembers = remembers  # its way; else a stream without end would gather it
        self._way: list[tuple[int, int, float]] = []
        self._forgotten = 0  # steps of the way that nobody will ask for again
        self._stream = UniformStream(seed, purpose=Purpose.ENVELOPE)
        self._bounds = SHORTEST_S * knots_per_s, LONGEST_S * knots_per_s
        self._compared = max(1, round(_COMPARED_S * knots_per_s))
        self._faded = max(1, round(_FADED_S * knots_per_s))
        self._end = max(1, len(stretch) - self._faded)  # where a cut comes at last: something is left to fade
        self._before = len(stretch)  # where the piece before went on, which is faded out; nothing yet
        self._step = self._faded  # steps since the cut
        self._heard = np.zeros(len(stretch))  # how often each step was drawn
        first, length = self._stream.take(2)
        self._place = int(first * max(1, len(stretch) - int(self._bounds[0])))
        self._left = self._length(length)

    def draw(self, steps: int) -> NDArray[np.float32]:
        drawn, done = np.empty((steps, self._stretch.shape[1]), np.float32), 0
        while done < steps:
            if self._left == 0 or self._place >= self._end:
                self._cut()
            count = min(steps - done, self._left, self._end - self._place)
            drawn[done : done + count] = self._next(count)
            done += count
        return drawn

    def _next(self, count: int) -> NDArray[np.float32]:
        """The next steps, which lie in one piece."""
        steps, ahead = np.arange(count), slice(self._place, self._place + count)
        fading = (self._step + steps < self._faded) & (self._before + steps < len(self._stretch))
        share = np.where(fading, (self._step + steps + 1) / (self._faded + 1), 1.0)
        now = self._stretch[ahead].copy()
        last = np.count_nonzero(fading)  # the piece before is faded out at first
        if last:
            on, off = (part[:last, None].astype(np.float32) for part in (share, 1 - share))
            now[:last] = on * now[:last] + off * self._stretch[self._before : self._before + last]
        if self._remembers:
            told = (self._place + steps).tolist(), (self._before + steps).tolist(), share.tolist()
            self._way += zip(*told, strict=True)
        self._heard[ahead] += 1
        self._place, self._before = self._place + count, self._before + count
        self._left, self._step = self._left - count, self._step + count
        return now

    def way(self, first: int, end: int) -> NDArray[np.float64]:
        """Place, place in the piece before, and share of the first, [steps, 3]."""
        del self._way[: first - self._forgotten]
        self._forgotten = first
        return np.array(self._way[: end - first], np.float64)

    def _length(self, chance: float) -> int:
        low, high = self._bounds
        return max(1, round(low + chance * (high - low)))

    def _cut(self) -> None:
        """Go on at one of the places before which it went much as it did now."""
        which, length = self._stream.take(2)
        here, compared = self._place, self._compared
        self._before, self._step, self._left = here, 0, self._length(length)
        # A place needs something before it to compare, and a piece after it.
        places = np.arange(compared, len(self._stretch) - int(self._bounds[0]))
        places = places[np.abs(places - here) > self._bounds[0]]
        if here < compared or len(places) == 0:
            self._place = int(which * max(1, len(self._stretch) - int(self._bounds[0])))
            return
        now = self._stretch[here - compared : here]
        around = np.lib.stride_tricks.sliding_window_view(self._stretch, compared, axis=0)
        unlike = np.square(around[places - compared] - now.T).mean((1, 2))
        # What was heard already is put off, so that all of a stretch is heard about as often.
        ahead = int(self._bounds[0])
        heard = np.concatenate([[0.0], np.cumsum(self._heard)])  # whole numbers, so differences are exact
        often = (heard[places + ahead] - heard[places]) / ahead
        score = (unlike + unlike.mean()) * (1 + often) ** 2
        nearest = np.argsort(score, kind="stable")[:_CHOICES]
        self._place = int(places[nearest[int(which * len(nearest))]])
