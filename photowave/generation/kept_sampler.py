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
        seeds: A seed for each sound.
        knots_per_s: Steps per second.
        temperature: Below 1, what moves moves less about the mean of its stretch; above 1, as it was kept.
    """

    def __init__(
        self,
        stretches: Sequence[Tensor],
        *,
        seeds: Sequence[int],
        knots_per_s: float,
        temperature: float = 1.0,
    ):
        assert len(stretches) == len(seeds)
        sounds = zip(stretches, seeds, strict=True)
        self._paths = [_Path(s.cpu().numpy(), seed, knots_per_s, min(temperature, 1.0)) for s, seed in sounds]

    def draw(self, steps: int) -> Tensor:
        """Draw the next steps, [sounds, steps, components]."""
        return torch.from_numpy(np.stack([path.draw(steps) for path in self._paths]))


class _Path:
    """The way of one sound through its stretch."""

    def __init__(self, stretch: NDArray[np.float32], seed: int, knots_per_s: float, calm: float):
        mean = stretch.mean(0)
        self._stretch = mean + calm * (stretch - mean)
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
        drawn = np.empty((steps, self._stretch.shape[1]), np.float32)
        for step in range(steps):
            if self._left == 0 or self._place >= self._end:
                self._cut()
            drawn[step] = self._now()
            self._heard[self._place] += 1
            self._place, self._before = self._place + 1, self._before + 1
            self._left, self._step = self._left - 1, self._step + 1
        return drawn

    def _now(self) -> NDArray[np.float32]:
        now: NDArray[np.float32] = self._stretch[self._place]
        if self._step < self._faded and self._before < len(self._stretch):
            share = (self._step + 1) / (self._faded + 1)
            now = share * now + (1 - share) * self._stretch[self._before]
        return now

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
        ahead = places[:, None] + np.arange(int(self._bounds[0]))
        score = (unlike + unlike.mean()) * (1 + self._heard[ahead].mean(1)) ** 2
        nearest = np.argsort(score, kind="stable")[:_CHOICES]
        self._place = int(places[nearest[int(which * len(nearest))]])
