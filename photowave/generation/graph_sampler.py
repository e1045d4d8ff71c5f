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

from photowave.generation.randomness import UniformStream
from photowave.wavenet import MixtureOutput, WaveNet

BLOCK = 32
"""Frames in one recording."""


class GraphSampler:
    """Draws frames block by block; same seeds, same numbers, as the other samplers up to rounding.

    Args:
        wavenet: The decoder.
        vectors: Conditioning vector of each sound, [sounds, conditioning].
        seeds: A seed for each sound.
        temperature: Above 0; 1 draws as learned.
        guidance: 1 draws as learned; above 1 moves away from `null`.
        null: Vector without photo, [conditioning]; needed for a guidance other than 1.
    """

    @torch.no_grad()
    def __init__(
        self,
        wavenet: WaveNet,
        *,
        vectors: Tensor,
        seeds: Sequence[int],
        temperature: float = 1.0,
        guidance: float = 1.0,
        null: Tensor | None = None,
    ):
        assert len(vectors) == len(seeds)
        self._wavenet = wavenet
        self._sounds = len(seeds)
        self._temperature, self._guidance = temperature, guidance
        self._streams = [UniformStream(seed) for seed in seeds]
        if guidance != 1.0:
            assert null is not None
            vectors = torch.cat([vectors, null.expand_as(vectors)])
        layers, output = wavenet.gated_layers, wavenet.output
        lanes, residual = len(vectors), len(wavenet.input_bias)
        gates = wavenet.condition_gates(vectors)
        self._gate_bias = torch.unflatten(gates, -1, (len(layers), -1)).transpose(0, 1).contiguous()
        self._skip_bias = wavenet.condition_skip(vectors)
        self._hidden_bias = wavenet.condition_hidden(vectors)
        self._rings = [vectors.new_zeros(layer.dilation, lanes, residual) for layer in layers]
        self._places = [torch.zeros(1, dtype=torch.long, device=vectors.device) for _ in layers]
        self._taps = vectors.new_zeros(2, lanes, 2 * residual)
        self._uniforms = vectors.new_full((self._sounds, BLOCK, output.uniforms), 0.5)
        if isinstance(output, MixtureOutput):
            self._frames = vectors.new_zeros(self._sounds, BLOCK, output.bands)
        else:
            self._frames = torch.zeros(self._sounds, BLOCK, dtype=torch.long, device=vectors.device)
        self._ready = self._frames[:, :0].cpu()
        self._graph = self._record() if vectors.device.type == "cuda" else None

    @torch.no_grad()
    def draw(self, steps: int) -> Tensor:
        """Draw the next frames: levels [sounds, steps] or band frames [sounds, steps, bands], on the CPU."""
        count, kind = self._wavenet.output.uniforms, self._uniforms.dtype
        parts, there = [self._ready], self._ready.shape[1]
        while there < steps:
            numbers = np.stack([s.take(BLOCK * count).reshape(BLOCK, count) for s in self._streams])
            # Rounding to float32 can give 1, whose logistic is infinite: stop at the number before.
            uniforms = torch.from_numpy(numbers).to(kind).clamp_max(1 - torch.finfo(kind).eps / 2)
            self._uniforms.copy_(uniforms)
            if self._graph is None:
                self._block()
            else:
                self._graph.replay()
            parts.append(self._frames.cpu().clone())
            there += BLOCK
        frames = torch.cat(parts, 1)
        self._ready = frames[:, steps:]
        return frames[:, :steps]

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
        for tensor in (*self._rings, *self._places, self._taps):
            tensor.zero_()
        return graph

    def _block(self) -> None:
        for step in range(BLOCK):
            self._step(step)

    def _step(self, step: int) -> None:
        """Draw one frame from what lies in the tensors, and leave there what the next one needs."""
        net = self._wavenet
        half = len(net.input_bias)
        x = self._taps[1, :, :half] + self._taps[0, :, half:] + net.input_bias
        gated = []
        for layer, bias, ring, place in zip(
            net.gated_layers, self._gate_bias, self._rings, self._places, strict=True
        ):
            older = ring.index_select(0, place)[0]
            ring.index_copy_(0, place, x[None])
            place.add_(1).remainder_(layer.dilation)
            filters, gates = (layer.taps(torch.cat([older, x], -1)) + bias).chunk(2, -1)
            z = torch.tanh(filters) * torch.sigmoid(gates)
            gated.append(z)
            x = x if layer.residual is None else x + layer.residual(z)
        hidden = torch.relu(net.skip(torch.cat(gated, -1)) + self._skip_bias)
        hidden = torch.relu(net.hidden(hidden) + self._hidden_bias)
        parameters = net.project(hidden)
        if self._guidance != 1.0:
            first, second = parameters[: self._sounds], parameters[self._sounds :]
            parameters = second + self._guidance * (first - second)
        frame = net.output.sample(parameters, self._uniforms[:, step], temperature=self._temperature)
        self._frames[:, step] = frame
        entering = torch.cat([frame, frame]) if self._guidance != 1.0 else frame
        self._taps[0] = self._taps[1]
        self._taps[1] = net.embedding(net.output.network_input(entering))
