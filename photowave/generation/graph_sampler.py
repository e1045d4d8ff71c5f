"""The sampler for CUDA: a block of frames is recorded once and replayed, without a Python step per frame.

Everything a frame changes lies in tensors that stay where they are: the rings of past layer inputs, their
positions, the last two embeddings. So a recording of `BLOCK` frames can be played again and again (CUDA
graphs, https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs). On other devices the same steps run
one by one.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from photowave.generation.randomness import Purpose, UniformStream
from photowave.wavenet import BandOutput, PowerRegions, SpectralOutput, WaveNet
from photowave.wavenet.spectral import SpectralMemory

BLOCK = 32
"""Frames in one recording."""


class GraphSampler:
    """Draws frames block by block; same seeds, same numbers, as `CachedSampler` up to rounding."""

    @torch.no_grad()
    def __init__(
        self,
        wavenet: WaveNet,
        *,
        vectors: Tensor,
        seeds: Sequence[int],
        frames_per_knot: float = 1.0,
        temperature: float = 1.0,
        guidance: float = 1.0,
        null: Tensor | None = None,
        purpose: Purpose = Purpose.FRAMES,
        regions: PowerRegions | None = None,
    ):
        assert len(vectors) == len(seeds)
        self._wavenet = wavenet
        self._sounds = len(seeds)
        self._temperature, self._guidance = temperature, guidance
        self._streams = [UniformStream(seed, purpose=purpose) for seed in seeds]
        vectors = self._lanes(vectors, null)
        layers, output = wavenet.gated_layers, wavenet.output
        lanes, residual = len(vectors), len(wavenet.input_bias)
        self._tracks = self._laid_out(vectors)
        self._last_knot = len(self._tracks[0]) - 1
        self._knots_per_frame = 1.0 / frames_per_knot
        # In float64: a float32 loses the place within a knot after some minutes.
        self._time = torch.zeros(1, dtype=torch.float64, device=vectors.device)
        self._origin = torch.zeros_like(self._time)
        self._rings = [vectors.new_zeros(layer.dilation, lanes, residual) for layer in layers]
        self._places = [torch.zeros(1, dtype=torch.long, device=vectors.device) for _ in layers]
        self._taps = vectors.new_zeros(2, lanes, 2 * residual)
        self._chance = vectors.new_full((self._sounds, BLOCK, output.uniforms), 0.5)
        if isinstance(output, BandOutput):
            self._frames = vectors.new_zeros(self._sounds, BLOCK, output.bands)
        else:
            self._frames = torch.zeros(self._sounds, BLOCK, dtype=torch.long, device=vectors.device)
        self._memory: SpectralMemory | None = None
        if isinstance(output, SpectralOutput):
            self._memory = output.empty_memory(vectors.new_zeros(1, lanes, output.bands))
        self._spreads = torch.zeros_like(self._frames)
        self._regions = regions
        self._held = vectors.new_zeros(self._sounds, BLOCK, 0 if regions is None else regions.count)
        self._told: Tensor = self._held  # of the frames that follow, block after block
        self._ready = self._ready_spreads = self._frames[:, :0].cpu()
        self._graph = self._record() if vectors.device.type == "cuda" else None

    @torch.no_grad()
    def lead(self, vectors: Tensor, *, null: Tensor | None = None, origin: int) -> None:
        """Do what `CachedSampler.lead` does; there must be as many knots as at first."""
        # A recorded block reads these very tensors, so they are filled and not replaced.
        for track, laid in zip(self._tracks, self._laid_out(self._lanes(vectors, null)), strict=True):
            track.copy_(laid)
        self._origin.fill_(origin)

    def hold(self, log_power: Tensor) -> None:
        """Do what `SpectralSampler.hold` does, for a multiple of `BLOCK` frames."""
        assert log_power.shape[1] % BLOCK == 0
        self._told = log_power.to(self._held)

    def _lanes(self, vectors: Tensor, null: Tensor | None) -> Tensor:
        if self._guidance == 1.0:
            return vectors
        assert null is not None
        return torch.cat([vectors, null.expand_as(vectors)])

    def _laid_out(self, vectors: Tensor) -> tuple[Tensor, ...]:
        """What conditioning adds to gates, skip sum and hidden layer, [knots, lanes, channels] each.

        Last comes what it tells the output, if that is anything.
        """
        net = self._wavenet
        knots = vectors[None] if vectors.dim() == 2 else vectors.transpose(0, 1)
        heard = knots[..., : net.heard_channels]
        laid = [linear(heard) for linear in (net.condition_gates, net.condition_skip, net.condition_hidden)]
        usual = net.usual(knots)
        return tuple(part.contiguous() for part in (*laid, *([] if usual is None else [usual])))

    def draw(self, steps: int) -> Tensor:
        """Draw the next frames: levels [sounds, steps] or band frames [sounds, steps, bands], on the CPU."""
        return self.draw_spread(steps)[0]

    @torch.no_grad()
    def draw_spread(self, steps: int) -> tuple[Tensor, Tensor]:
        """Do what `CachedSampler.draw_spread` does; outputs other than the spectral one tell zeros."""
        count, kind = self._wavenet.output.uniforms, self._chance.dtype
        parts, spreads, there = [self._ready], [self._ready_spreads], self._ready.shape[1]
        while there < steps:
            numbers = np.stack([s.take(BLOCK * count).reshape(BLOCK, count) for s in self._streams])
            self._chance.copy_(self._wavenet.output.chance(torch.from_numpy(numbers)).to(kind))
            if self._regions is not None:
                self._held.copy_(self._told[:, :BLOCK])
                self._told = self._told[:, BLOCK:]
            if self._graph is None:
                self._block()
            else:
                self._graph.replay()
            parts.append(self._frames.cpu().clone())
            spreads.append(self._spreads.cpu().clone())
            there += BLOCK
        frames, spread = torch.cat(parts, 1), torch.cat(spreads, 1)
        self._ready, self._ready_spreads = frames[:, steps:], spread[:, steps:]
        return frames[:, :steps], spread[:, :steps]

    def _record(self) -> torch.cuda.CUDAGraph:
        """Record a block; the run that warms it up leaves no trace in the state."""
        side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            self._block()
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._block()
        for tensor in (*self._rings, *self._places, self._taps, self._time, *self._kept()):
            tensor.zero_()
        return graph

    def _kept(self) -> tuple[Tensor, ...]:
        """The tensors of the output's memory."""
        memory = self._memory
        return () if memory is None else (memory.features, memory.means, memory.frames)

    def _block(self) -> None:
        for step in range(BLOCK):
            self._step(step)

    def _step(self, step: int) -> None:
        """Draw one frame from what lies in the tensors, and leave there what the next one needs."""
        net = self._wavenet
        half = len(net.input_bias)
        x = self._taps[1, :, :half] + self._taps[0, :, half:] + net.input_bias
        gates, skip_bias, hidden_bias, *told = self._conditioning()
        usual = told[0] if told else None
        biases = torch.unflatten(gates, -1, (len(self._rings), -1)).transpose(0, 1)
        gated = []
        for layer, bias, ring, place in zip(net.gated_layers, biases, self._rings, self._places, strict=True):
            older = ring.index_select(0, place)[0]
            ring.index_copy_(0, place, x[None])
            place.add_(1).remainder_(layer.dilation)
            filters, gates = (layer.taps(torch.cat([older, x], -1)) + bias).chunk(2, -1)
            z = torch.tanh(filters) * torch.sigmoid(gates)
            gated.append(z)
            x = x if layer.residual is None else x + layer.residual(z)
        hidden = torch.relu(net.skip(torch.cat(gated, -1)) + skip_bias)
        hidden = torch.relu(net.hidden(hidden) + hidden_bias)
        memory = self._memory
        recalled = None if memory is None else memory.features[0]
        parameters = net.output.complete(net.project(hidden), recalled, usual)
        parameters = net.output.sharpened(parameters, usual)
        if self._guidance != 1.0:
            first, second = parameters[: self._sounds], parameters[self._sounds :]
            parameters = second + self._guidance * (first - second)
        chance, temperature = self._chance[:, step], self._temperature
        if isinstance(net.output, SpectralOutput):
            spread = net.output.drawn_spread(parameters, chance, temperature=temperature)
            frame = net.output.around(spread, chance)
            if self._regions is not None:
                frame, spread = self._regions.hold(frame, spread, self._held[:, step])
            self._spreads[:, step] = spread
        else:
            frame = net.output.sample(parameters, chance, temperature=temperature)
        self._frames[:, step] = frame
        entering = torch.cat([frame, frame]) if self._guidance != 1.0 else frame
        if memory is not None:
            after = net.output.recall(entering[None], usual, memory=memory)[1]
            for kept, new in zip(self._kept(), (after.features, after.means, after.frames), strict=True):
                kept.copy_(new)
        self._taps[0] = self._taps[1]
        self._taps[1] = net.embedding(net.output.network_input(entering, usual))

    def _conditioning(self) -> list[Tensor]:
        """What `_laid_out` gives, at this frame; time moves on."""
        place = (self._time * self._knots_per_frame - self._origin).clamp(0, self._last_knot)
        lower = place.floor().clamp_max(max(self._last_knot - 1, 0)).long()
        upper = (lower + 1).clamp_max(self._last_knot)
        self._time.add_(1)
        share = (place - lower).to(self._taps.dtype)
        ends = [(track.index_select(0, lower)[0], track.index_select(0, upper)[0]) for track in self._tracks]
        return [torch.lerp(before, after, share) for before, after in ends]
