"""The cached sampler: draws several sounds, chunk by chunk, on several cores."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from photowave.generation import kernel
from photowave.generation.kernel import Array
from photowave.generation.packing import PackedWaveNet, lane_biases
from photowave.generation.randomness import Purpose, UniformStream
from photowave.wavenet import FRAME_BOUND, WaveNet


@dataclass
class _Group:
    """The lanes that one thread draws, with their state; see `kernel.run` for the shapes."""

    sounds: slice
    rings: Array
    positions: Array
    taps: Array
    biases: tuple[Array, Array, Array] = field(init=False)


class CachedSampler:
    """Draws frames with compiled code; what is drawn depends only on weights, vector, seed and settings.

    Args:
        wavenet: The decoder.
        packed: Its weights in the kernel's layout.
        vectors: Conditioning vector of each sound [sounds, conditioning], or the knots of its track
            [sounds, knots, conditioning].
        seeds: A seed for each sound.
        frames_per_knot: Frames from one knot to the next.
        temperature: Above 0; 1 draws as learned.
        guidance: 1 draws as learned; above 1 moves away from `null`, which doubles the work.
        null: Vector without photo, [conditioning]; needed for a guidance other than 1.
        threads: Threads to spread the sounds over; None: one per core.
        purpose: Of its random streams: two samplers that share a seed must not share their chance.
    """

    def __init__(
        self,
        wavenet: WaveNet,
        packed: PackedWaveNet,
        *,
        vectors: Tensor,
        seeds: Sequence[int],
        frames_per_knot: float = 1.0,
        temperature: float = 1.0,
        guidance: float = 1.0,
        null: Tensor | None = None,
        threads: int | None = None,
        purpose: Purpose = Purpose.FRAMES,
    ):
        assert len(vectors) == len(seeds)
        self._wavenet = wavenet
        self._packed = packed
        self._temperature = float(temperature)
        self._guidance = float(guidance)
        self._streams = [UniformStream(seed, purpose=purpose) for seed in seeds]
        self._lanes = 1 if guidance == 1.0 else 2
        self._knots_per_frame = 1.0 / frames_per_knot
        self._drawn = 0
        residual = len(packed.weights[1])
        self._groups = []
        for sounds in shares(len(seeds), os.cpu_count() or 1 if threads is None else threads):
            count = (sounds.stop - sounds.start) * self._lanes
            self._groups.append(
                _Group(
                    sounds=sounds,
                    rings=np.zeros((count, int(packed.dilations.sum()), residual), packed.dtype),
                    positions=np.zeros(len(packed.dilations), np.int64),
                    taps=np.zeros((count, 2, 2 * residual), packed.dtype),
                )
            )
        self.lead(vectors, null=null, origin=0)

    def lead(self, vectors: Tensor, *, null: Tensor | None = None, origin: int) -> None:
        """Lay out the piece of track for the frames that come next; state and chance go on.

        `vectors` and `null` are as at first, and `origin` tells which knot of the whole track is their first.
        """
        if self._lanes == 2:
            assert null is not None
            # A lane without photo follows each with it.
            vectors = torch.stack([vectors, null.expand_as(vectors)], 1).flatten(0, 1)
        gates, skips, hiddens = lane_biases(self._wavenet, vectors, dtype=self._packed.dtype)
        for group in self._groups:
            part = slice(group.sounds.start * self._lanes, group.sounds.stop * self._lanes)
            group.biases = gates[part], skips[part], hiddens[part]
        self._origin = origin

    def draw(self, steps: int) -> Tensor:
        """Draw the next frames: levels [sounds, steps] (int64) or band frames [sounds, steps, bands]."""
        per_step = self._packed.uniforms
        uniforms = np.stack([s.take(steps * per_step).reshape(steps, per_step) for s in self._streams])
        chance = self._wavenet.output.chance(torch.from_numpy(uniforms)).numpy()
        frames = self._empty_frames(steps)
        self._run(frames, np.zeros((0, 0, 0), self._packed.dtype), chance, forced=False)
        return torch.from_numpy(frames)

    def follow(self, frames: Tensor) -> Tensor:
        """Go along given frames; give the parameters of each from those before, [sounds, steps, channels]."""
        given = self._empty_frames(frames.shape[1])
        given[...] = frames.numpy()
        parameters = np.empty((*frames.shape[:2], self._packed.channels), self._packed.dtype)
        self._run(given, parameters, np.zeros((len(frames), 0, 0)), forced=True)
        return torch.from_numpy(parameters)

    def _empty_frames(self, steps: int) -> Array:
        shape = (len(self._streams), steps)
        if self._packed.softmax:
            return np.zeros(shape, np.int64)
        return np.zeros((*shape, self._packed.bands), self._packed.dtype)

    def _run(self, frames: Array, parameters: Array, chance: Array, *, forced: bool) -> None:
        packed = self._packed

        def run(group: _Group) -> None:
            part = frames[group.sounds]
            kernel.run(
                packed.weights, group.biases, self._knots_per_frame, self._drawn, float(self._origin),
                group.rings, group.positions, group.taps,
                part if packed.softmax else np.zeros((0, 0), np.int64),
                np.zeros((0, 0, 0), packed.dtype) if packed.softmax else part,
                parameters[group.sounds] if len(parameters) else parameters,
                forced, chance[group.sounds], self._temperature, self._guidance, FRAME_BOUND,
            )  # fmt: skip

        if len(self._groups) == 1:
            run(self._groups[0])
        else:
            with ThreadPoolExecutor(len(self._groups)) as pool:
                list(pool.map(run, self._groups))
        self._drawn += frames.shape[1]


def shares(count: int, threads: int) -> list[slice]:
    """Cut `count` sounds into at most `threads` runs of nearly equal length."""
    parts = min(count, threads)
    edges = [count * part // parts for part in range(parts + 1)]
    return [slice(a, b) for a, b in pairwise(edges)]
