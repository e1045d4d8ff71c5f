"""The plain sampler: a forward pass per frame, on any device. What the samplers of the package must equal."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from photowave.generation.randomness import UniformStream
from photowave.wavenet import BandOutput, WaveNet, WaveNetState
from photowave.wavenet.track import interpolate


class PlainSampler:
    """Draws frames with plain PyTorch; same seeds, same numbers, as the cached sampler up to rounding.

    Args:
        wavenet: The decoder.
        vectors: Conditioning vector of each sound [sounds, conditioning], or the knots of its track
            [sounds, knots, conditioning].
        seeds: A seed for each sound.
        frames_per_knot: Frames from one knot to the next.
        temperature: Above 0; 1 draws as learned.
        guidance: 1 draws as learned; above 1 moves away from `null`.
        null: Vector without photo, [conditioning]; needed for a guidance other than 1.
    """

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
    ):
        assert len(vectors) == len(seeds)
        self._wavenet = wavenet
        self._sounds = len(seeds)
        self._temperature, self._guidance = temperature, guidance
        self._streams = [UniformStream(seed) for seed in seeds]
        if guidance != 1.0:
            assert null is not None
            vectors = torch.cat([vectors, null.expand_as(vectors)])
        self._vectors = vectors
        self._frames_per_knot, self._time = frames_per_knot, 0
        self._state: WaveNetState | None = None

    @torch.no_grad()
    def draw(self, steps: int) -> Tensor:
        """Draw the next frames: levels [sounds, steps] or band frames [sounds, steps, bands]."""
        count = self._wavenet.output.uniforms
        numbers = np.stack([s.take(steps * count).reshape(steps, count) for s in self._streams])
        chance = self._wavenet.output.chance(torch.from_numpy(numbers)).to(self._vectors)
        drawn = []
        for step in range(steps):
            parameters = self._advance(self._blank())
            frame = self._wavenet.output.sample(parameters, chance[:, step], temperature=self._temperature)
            self._remember(frame)
            drawn.append(frame)
        return torch.stack(drawn, 1).cpu()

    @torch.no_grad()
    def follow(self, frames: Tensor) -> Tensor:
        """Go along given frames: parameters of each given those before it, [sounds, steps, channels]."""
        frames = frames.to(self._vectors.device)
        twice = torch.cat([frames, frames]) if self._guidance != 1.0 else frames
        parameters, self._state = self._wavenet(twice, self._conditioning(frames.shape[1]), self._state)
        return self._guided(parameters).cpu()

    def _blank(self) -> Tensor:
        """A frame that stands where the next one will; nothing looks at it."""
        output = self._wavenet.output
        if isinstance(output, BandOutput):
            return self._vectors.new_zeros(len(self._vectors), 1, output.bands)
        return torch.zeros(len(self._vectors), 1, dtype=torch.long, device=self._vectors.device)

    def _advance(self, blank: Tensor) -> Tensor:
        self._before = None if self._state is None else self._state.memory
        vector = self._conditioning(1)
        self._usual = self._wavenet.usual(vector if vector.dim() == 2 else vector[:, 0])
        parameters, self._state = self._wavenet(blank, vector, self._state)
        usual = None if self._usual is None else self._usual[:, None]
        parameters = self._wavenet.output.sharpened(parameters, usual)
        return self._guided(parameters)[:, 0]

    def _conditioning(self, steps: int) -> Tensor:
        """The vector, or a vector for each of the next frames."""
        if self._vectors.dim() == 2:
            return self._vectors
        frames = torch.arange(self._time, self._time + steps, dtype=torch.float64)
        self._time += steps
        positions = (frames / self._frames_per_knot).expand(len(self._vectors), -1)
        return interpolate(self._vectors, positions.to(self._vectors.device))

    def _guided(self, parameters: Tensor) -> Tensor:
        if self._guidance == 1.0:
            return parameters
        first, second = parameters[: self._sounds], parameters[self._sounds :]
        return second + self._guidance * (first - second)

    def _remember(self, frame: Tensor) -> None:
        """Put the frame that was drawn where the blank one stood."""
        assert self._state is not None
        if self._guidance != 1.0:
            frame = torch.cat([frame, frame])
        output = self._wavenet.output
        embedded = self._wavenet.embedding(output.network_input(frame, self._usual))
        inputs = torch.stack([self._state.inputs[0], embedded])
        _, memory = output.recall(frame[None], self._usual, memory=self._before)
        self._state = WaveNetState(inputs, self._state.layers, memory)
