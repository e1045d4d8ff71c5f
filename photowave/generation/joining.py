"""Networks of several samplers run as one, each lane from where it stands: weights are read once for all."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor

from photowave.generation import kernel
from photowave.generation.sampler import CachedSampler, shares
from photowave.wavenet import FRAME_BOUND

_NO_LEVELS = np.zeros((0, 0), np.int64)


class JoinedNetworks:
    """Follows frames for the lanes of several samplers at once; no number changes.

    ::

        sampler a   rings, taps, biases --.                     .--> sampler a
        sampler b   rings, taps, biases --+--> one run a step --+--> sampler b
        sampler c   rings, taps, biases --'                     '--> sampler c

    Lanes that began at different times stand at different places of their rings and tracks. So rings are
    turned until all begin at their oldest frame, and tracks are read beforehand, frame by frame. As many
    threads run as the sampler with the most of them has.

    Args:
        samplers: Of one WaveNet; none of them draws with guidance. They are not used until `part`.
        steps: How many frames will be followed.
    """

    def __init__(self, samplers: Sequence[CachedSampler], steps: int):
        self._samplers, self._steps, self._done = samplers, steps, 0
        self._packed = samplers[0]._packed
        self._groups = [group for sampler in samplers for group in sampler._groups]
        self._rings = np.concatenate(
            [np.take(group.rings, self._turned(group.positions), 1) for group in self._groups]
        )
        self._taps = np.concatenate([group.taps for group in self._groups])
        parts = [
            [_read(track, sampler, steps) for track in group.biases]
            for sampler in samplers
            for group in sampler._groups
        ]
        gates, skips, hiddens = (np.concatenate(tracks) for tracks in zip(*parts, strict=True))
        self._biases = gates, skips, hiddens
        packed, lanes = self._packed, len(self._taps)
        self._embedding, first, self._scale, *rest = packed.weights
        # `enter` tells what frames are; so the kernel is given frames without any bands.
        self._weights = (self._embedding[:0], first, self._scale[:0], *rest)
        self._frames = np.zeros((lanes, 1, 0), packed.dtype)
        self._parameters = np.zeros((lanes, 1, packed.channels), packed.dtype)
        threads = max(len(sampler._groups) for sampler in samplers)
        self._parts = [(part, np.zeros(len(packed.dilations), np.int64)) for part in shares(lanes, threads)]
        self._no_chance = np.zeros((lanes, 0, 0))
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None

    def follow(self) -> Tensor:
        """Go one frame on; give its parameters from those before, [lanes, 1, channels], until the next call.

        What the frame is, `enter` says.
        """
        if self._pool is None:
            self._run(*self._parts[0])
        else:
            list(self._pool.map(self._run, *zip(*self._parts, strict=True)))
        self._done += 1
        return torch.from_numpy(self._parameters)

    def _run(self, lanes: slice, positions: kernel.Array) -> None:
        gates, skips, hiddens = self._biases
        kernel.run(
            self._weights, (gates[lanes], skips[lanes], hiddens[lanes]), 1.0, self._done, 0.0,
            self._rings[lanes], positions, self._taps[lanes], _NO_LEVELS, self._frames[lanes],
            self._parameters[lanes], True, self._no_chance, 1.0, 1.0, FRAME_BOUND,
        )  # fmt: skip

    def enter(self, frames: Tensor) -> None:
        """Let frames [lanes, bands] be those that were followed last."""
        entered = np.zeros((len(self._taps), self._embedding.shape[1]), self._packed.dtype)
        entering = np.ascontiguousarray(frames.numpy(), self._packed.dtype) / self._scale
        kernel.add_product(entering, self._embedding, entered)
        self._taps[:, 1] = entered

    def part(self) -> None:
        """Give each sampler its lanes back, after the last step."""
        assert self._done == self._steps
        if self._pool is not None:
            self._pool.shutdown()
        positions, first = self._parts[0][1], 0
        for group in self._groups:
            lanes = slice(first, first + len(group.taps))
            group.rings[...], group.taps[...] = self._rings[lanes], self._taps[lanes]
            group.positions[...] = positions
            first = lanes.stop
        for sampler in self._samplers:
            sampler._drawn += self._steps

    def _turned(self, positions: kernel.Array) -> kernel.Array:
        """Where the rings of a lane hold what they would hold with all positions at 0, [sum of dilations]."""
        dilations = self._packed.dilations
        starts = np.cumsum(dilations) - dilations
        rings = zip(starts, dilations, positions, strict=True)
        return np.concatenate([start + (np.arange(size) + place) % size for start, size, place in rings])


def _read(track: kernel.Array, sampler: CachedSampler, steps: int) -> kernel.Array:
    """Read tracks [lanes, knots, ...] at the next frames, [lanes, steps + 1, ...]; the last is unused."""
    read = np.zeros((len(track), steps + 1, *track.shape[2:]), track.dtype)
    for lane in range(len(track)):
        kernel.read_track(
            track[lane].reshape(track.shape[1], -1), sampler._knots_per_frame, sampler._drawn,
            float(sampler._origin), read[lane, :steps].reshape(steps, -1),
        )  # fmt: skip
    return read
