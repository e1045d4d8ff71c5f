"""Networks of several samplers run as one, each lane from where it stands: weights are read once for all."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from photowave.generation import kernel
from photowave.generation.packing import PackedWaveNet
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
    threads run as the sampler with the most of them has, each with lanes of its own.

    Args:
        samplers: Of one WaveNet; none of them draws with guidance. They are not used until `run` has ended.
        steps: How many frames will be followed.
        twins: Neighbouring lanes that stay in one thread.
    """

    def __init__(self, samplers: Sequence[CachedSampler], steps: int, *, twins: int = 1):
        self._samplers, self._steps, self._twins = samplers, steps, twins
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

    def run(self, work: Callable[["JoinedLanes"], None]) -> None:
        """Let `work` follow all steps for each thread's lanes; then the samplers get their lanes back."""
        threads = max(len(sampler._groups) for sampler in self._samplers)
        cut = shares(len(self._taps) // self._twins, threads)
        parts = [
            JoinedLanes(
                self._packed,
                slice(part.start * self._twins, part.stop * self._twins),
                self._rings,
                self._taps,
                self._biases,
            )
            for part in cut
        ]
        if len(parts) == 1:
            work(parts[0])
        else:
            with ThreadPoolExecutor(len(parts)) as pool:
                list(pool.map(work, parts))
        assert all(part.done == self._steps for part in parts)
        first = 0
        for group in self._groups:
            lanes = slice(first, first + len(group.taps))
            group.rings[...], group.taps[...] = self._rings[lanes], self._taps[lanes]
            group.positions[...] = parts[0].positions
            first = lanes.stop
        for sampler in self._samplers:
            sampler._drawn += self._steps

    def _turned(self, positions: kernel.Array) -> kernel.Array:
        """Where the rings of a lane hold what they would hold with all positions at 0, [sum of dilations]."""
        dilations = self._packed.dilations
        starts = np.cumsum(dilations) - dilations
        rings = zip(starts, dilations, positions, strict=True)
        return np.concatenate([start + (np.arange(size) + place) % size for start, size, place in rings])


class JoinedLanes:
    """Some lanes of joined networks.

    Attributes:
        lanes: Which.
        done: Steps that were followed.
        positions: Where in its ring each layer stands, [layers].
    """

    def __init__(
        self,
        packed: PackedWaveNet,
        lanes: slice,
        rings: kernel.Array,
        taps: kernel.Array,
        biases: tuple[kernel.Array, kernel.Array, kernel.Array],
    ):
        self.lanes, self.done, self.positions = lanes, 0, np.zeros(len(packed.dilations), np.int64)
        self._rings, self._taps = rings[lanes], taps[lanes]
        gates, skips, hiddens = biases
        self._biases = gates[lanes], skips[lanes], hiddens[lanes]
        self._packed = packed
        self._embedding, first, scale, *rest = packed.weights
        # `enter` tells what frames are; so the kernel is given frames without any bands.
        self._weights = (self._embedding[:0], first, scale[:0], *rest)
        count = len(self._taps)
        self._frames = np.zeros((count, 1, 0), packed.dtype)
        self._parameters = np.zeros((count, 1, packed.channels), packed.dtype)
        self._no_chance = np.zeros((count, 0, 0))

    def follow(self) -> kernel.Array:
        """Go one frame on; give its parameters from those before, [lanes, channels], until the next call.

        What the frame is, `enter` says.
        """
        kernel.run(
            self._weights, self._biases, 1.0, self.done, 0.0, self._rings, self.positions, self._taps,
            _NO_LEVELS, self._frames, self._parameters, True, self._no_chance, 1.0, 1.0, FRAME_BOUND,
        )  # fmt: skip
        self.done += 1
        return self._parameters[:, 0]

    def enter(self, entering: kernel.Array) -> None:
        """Let what entered with the frame that was followed last be `entering` [lanes, inputs]."""
        entered = np.zeros((len(entering), self._embedding.shape[1]), self._packed.dtype)
        kernel.add_product(entering, self._embedding, entered)
        self._taps[:, 1] = entered


def _read(track: kernel.Array, sampler: CachedSampler, steps: int) -> kernel.Array:
    """Read tracks [lanes, knots, ...] at the next frames, [lanes, steps + 1, ...]; the last is unused."""
    read = np.zeros((len(track), steps + 1, *track.shape[2:]), track.dtype)
    for lane in range(len(track)):
        kernel.read_track(
            track[lane].reshape(track.shape[1], -1), sampler._knots_per_frame, sampler._drawn,
            float(sampler._origin), read[lane, :steps].reshape(steps, -1),
        )  # fmt: skip
    return read
