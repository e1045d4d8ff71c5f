"""Draws frames of many narrow bands: the compiled network between them, the distribution as it is trained."""

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from photowave.generation.joining import JoinedLanes, JoinedNetworks
from photowave.generation.kernel import Array
from photowave.generation.packing import PackedWaveNet, pack_output
from photowave.generation.randomness import Purpose, UniformStream
from photowave.generation.sampler import CachedSampler
from photowave.generation.spectral_kernel import draw_frame
from photowave.wavenet import PowerRegions, SpectralOutput, WaveNet
from photowave.wavenet.spectral import SpectralMemory
from photowave.wavenet.track import interpolate


class SpectralSampler:
    """Draws as `CachedSampler` does, for `SpectralOutput`.

    ::

        frame t-1 --> network_input --> compiled layers --> complete --> sharpened --> guidance --> sample
            `-------> recall -------------------------------^                                   frame t <-'

    Each lane is a sound of the compiled sampler, which follows what enters; what stands between two of its
    steps is compiled, too, see `spectral_kernel`.

    Args:
        wavenet: The decoder; its output is spectral.
        packed: Its weights in the kernel's layout.
        vectors: See `CachedSampler`.
        seeds: See `CachedSampler`.
        temperature: See `CachedSampler`.
        guidance: See `CachedSampler`.
        null: See `CachedSampler`.
        purpose: See `CachedSampler`.
        regions: Whose power `hold` tells; None, if it is left to chance.
        track: Other arguments of `CachedSampler`: `frames_per_knot` and `threads`.
    """

    def __init__(
        self,
        wavenet: WaveNet,
        packed: PackedWaveNet,
        *,
        vectors: Tensor,
        seeds: Sequence[int],
        temperature: float = 1.0,
        guidance: float = 1.0,
        null: Tensor | None = None,
        purpose: Purpose = Purpose.FRAMES,
        regions: PowerRegions | None = None,
        **track: Any,
    ):
        assert isinstance(wavenet.output, SpectralOutput)
        self._output = wavenet.output
        self._temperature, self._guidance = temperature, guidance
        self._streams = [UniformStream(seed, purpose=purpose) for seed in seeds]
        self._lanes = 1 if guidance == 1.0 else 2
        lanes = self._lanes * len(seeds)
        self._wavenet = wavenet
        vectors = self._in_lanes(vectors, null)
        self._network = CachedSampler(wavenet, packed, vectors=vectors, seeds=[0] * lanes, **track)
        self._knots_per_frame = 1.0 / track.get("frames_per_knot", 1.0)
        self._drawn, self._origin = 0, 0
        self._regions, self._held, self._held_from = regions, torch.empty(len(seeds), 0, 0), 0
        self._knots = self._told(vectors)
        blank = self._output.scale.new_zeros(1, lanes, self._output.bands)
        self._memory = self._output.empty_memory(blank)
        blank = self._output.scale.new_zeros(len(seeds), 0, self._output.bands)
        self._ready = blank, blank  # frames and spreads that were drawn ahead

    def lead(self, vectors: Tensor, *, null: Tensor | None = None, origin: int) -> None:
        """Do what `CachedSampler.lead` does."""
        vectors = self._in_lanes(vectors, null)
        self._network.lead(vectors, origin=origin)
        self._knots, self._origin = self._told(vectors), origin

    def hold(self, log_power: Tensor) -> None:
        """Tell the power that each region has in the next frames, [sounds, frames, regions], logarithms."""
        self._held, self._held_from = log_power.to(self._output.scale), self._drawn

    def draw(self, steps: int) -> Tensor:
        """Draw the next frames, [sounds, steps, bands]."""
        return self.draw_spread(steps)[0]

    def draw_spread(self, steps: int) -> tuple[Tensor, Tensor]:
        """Draw the next frames, and tell the spread that each number of them was drawn with, shaped alike."""
        if (missing := steps - self.ready) > 0:
            draw_together([self], missing)
        frames, spreads = self._ready
        self._ready = frames[:, steps:], spreads[:, steps:]
        return frames[:, :steps], spreads[:, :steps]

    @property
    def ready(self) -> int:
        """Frames that were drawn ahead."""
        return int(self._ready[0].shape[1])

    @property
    def kind(self) -> Hashable:
        """What samplers must have in common to draw together."""
        return self._output, self._temperature, self._guidance, self._regions

    @torch.no_grad()
    def follow(self, frames: Tensor) -> Tensor:
        """Do what `CachedSampler.follow` does."""
        output, usual = self._output, self._usual(frames.shape[1])
        lanes = frames.to(output.scale).repeat_interleave(self._lanes, 0).transpose(0, 1)
        raw = self._network.follow(output.network_input(lanes, usual).transpose(0, 1)).transpose(0, 1)
        recalled, self._memory = output.recall(lanes, usual, memory=self._memory)
        return self._guided(output.complete(raw.to(lanes), recalled, usual).transpose(0, 1))

    def _told(self, vectors: Tensor) -> Tensor:
        """What conditioning tells the output at each knot, [lanes, knots, cells]."""
        told = self._wavenet.usual(vectors if vectors.dim() == 3 else vectors[:, None])
        assert told is not None
        return told

    def _usual(self, steps: int) -> Tensor:
        """The same at the next frames, [steps, lanes, cells]."""
        frames = torch.arange(self._drawn, self._drawn + steps, dtype=torch.float64)
        self._drawn += steps
        places = (frames * self._knots_per_frame - self._origin).expand(len(self._knots), -1)
        return interpolate(self._knots, places).transpose(0, 1)

    def _in_lanes(self, vectors: Tensor, null: Tensor | None) -> Tensor:
        """A lane without photo follows each with it, where there is guidance."""
        if self._lanes == 1:
            return vectors
        assert null is not None
        return torch.stack([vectors, null.expand_as(vectors)], 1).flatten(0, 1)

    def _guided(self, parameters: Tensor) -> Tensor:
        if self._lanes == 1:
            return parameters
        first, second = parameters[::2], parameters[1::2]
        return second + self._guidance * (first - second)


@torch.no_grad()
def draw_together(samplers: Sequence[SpectralSampler], steps: int) -> None:
    """Let samplers of one `kind` draw their next frames in step, which shares what a step costs.

    No sample changes. Each sampler keeps its frames until it is asked for them.
    """
    first = samplers[0]
    output, twins = first._output, first._lanes
    count, kind = output.uniforms, output.scale.numpy().dtype
    streams = [stream for sampler in samplers for stream in sampler._streams]
    numbers = np.stack([stream.take(steps * count).reshape(steps, count) for stream in streams], 1)
    chance = output.chance(torch.from_numpy(numbers)).to(output.scale).numpy()
    held = np.zeros((steps, len(streams), 0), kind)
    if first._regions is not None:
        told = torch.cat([s._held[:, s._drawn - s._held_from :][:, :steps] for s in samplers])
        held = np.ascontiguousarray(told.transpose(0, 1).numpy())
    network = JoinedNetworks([sampler._network for sampler in samplers], steps, twins=twins)
    usuals = np.ascontiguousarray(torch.cat([sampler._usual(steps) for sampler in samplers], 1).numpy())
    memory = [_by_lane(sampler) for sampler in samplers]
    features, means, before = (np.concatenate(parts) for parts in zip(*memory, strict=True))
    frames = np.empty((steps, len(streams), output.bands), kind)
    spreads = np.empty_like(frames)
    packed = pack_output(output, first._regions)

    def work(part: JoinedLanes) -> None:
        lanes = part.lanes
        sounds = slice(lanes.start // twins, lanes.stop // twins)
        entering = np.empty((lanes.stop - lanes.start, output.inputs), kind)
        for step in range(steps):
            draw_frame(
                packed.tables, packed.limits, packed.around, output.contrast, first._temperature,
                first._guidance, part.follow().astype(kind, copy=False), usuals[step, lanes],
                chance[step, sounds], held[step, sounds], features[lanes], means[lanes], before[lanes],
                frames[step, sounds], spreads[step, sounds], entering,
            )  # fmt: skip
            part.enter(entering)

    network.run(work)
    drawn, beside = torch.from_numpy(frames).transpose(0, 1), torch.from_numpy(spreads).transpose(0, 1)
    sound = lane = 0
    for sampler in samplers:
        sounds, lanes = slice(sound, sound + len(sampler._streams)), slice(lane, lane + len(sampler._knots))
        sampler._ready = (
            torch.cat([sampler._ready[0], drawn[sounds]], 1),
            torch.cat([sampler._ready[1], beside[sounds]], 1),
        )
        sampler._memory = SpectralMemory(
            torch.from_numpy(features[lanes]).mT[None],
            torch.from_numpy(means[lanes]).transpose(0, 1),
            torch.from_numpy(before[lanes])[0],
        )
        sound, lane = sounds.stop, lanes.stop


def _by_lane(sampler: SpectralSampler) -> tuple[Array, Array, Array]:
    """Memory by lanes: features [lanes, FEATURES, cells], means [lanes, DECAYS, cells], frames [lanes]."""
    memory = sampler._memory
    counted = memory.frames.expand(len(sampler._knots))
    return memory.features[0].mT.numpy(), memory.means.transpose(0, 1).numpy(), counted.numpy()
