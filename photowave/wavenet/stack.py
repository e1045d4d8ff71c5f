"""The WaveNet decoder: frames so far and a vector in, parameters of the next frame's distribution out.

The vector may change from frame to frame: then it is local conditioning, by the same weights.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from photowave.wavenet.fused import FusedStack
from photowave.wavenet.layers import GatedLayer
from photowave.wavenet.outputs import OutputDistribution


@dataclass(frozen=True)
class WaveNetState:
    """What the decoder remembers between two chunks.

    Attributes:
        inputs: Both taps' embedding of the last two frames, [2, batch, 2 * residual].
        layers: Last `dilation` inputs of each layer, [dilation, batch, residual].
        memory: What the output keeps by itself, see `OutputDistribution.recall`.
    """

    inputs: Tensor
    layers: tuple[Tensor, ...]
    memory: Any = None


class WaveNet(nn.Module):
    """Causal dilated stack with global conditioning in every layer and at the output.

    van den Oord et al. 2016, "WaveNet: a generative model for raw audio", arXiv:1609.03499. The input layer
    has two taps as well; skip outputs are laid side by side and reduced by one product.

    Args:
        output: Distribution of a frame; decides how frames enter and how many parameters leave.
        residual_channels: Channels that run from layer to layer.
        gate_channels: Channels of the filter, and as many of the gate.
        skip_channels: Channels of the summed skip outputs and of the hidden output layer.
        dilations: Dilation of each layer, in frames.
        conditioning_channels: Length of the global conditioning vector; its end is for the output alone, as
            much as that asks for (`usual_size`).

    Attributes:
        heard_channels: How many numbers of the vector, at its beginning, the layers see.
    """

    def __init__(
        self,
        *,
        output: OutputDistribution,
        residual_channels: int,
        gate_channels: int,
        skip_channels: int,
        dilations: Sequence[int],
        conditioning_channels: int,
    ):
        super().__init__()
        self.output = output
        self.dilations = tuple(dilations)
        self.embedding = output.embedding(2 * residual_channels)
        self.input_bias = nn.Parameter(torch.zeros(residual_channels))
        last = len(self.dilations) - 1
        self.layers = nn.ModuleList(
            GatedLayer(
                residual_channels=residual_channels,
                gate_channels=gate_channels,
                dilation=dilation,
                last=index == last,
            )
            for index, dilation in enumerate(self.dilations)
        )
        width = len(self.dilations) * gate_channels
        self.skip = nn.Linear(width, skip_channels)
        self.hidden = nn.Linear(skip_channels, skip_channels)
        self.project = nn.Linear(skip_channels, output.raw_channels)
        self.heard_channels = heard = conditioning_channels - output.usual_size
        self.condition_gates = nn.Linear(heard, 2 * width, bias=False)
        self.condition_skip = nn.Linear(heard, skip_channels, bias=False)
        self.condition_hidden = nn.Linear(heard, skip_channels, bias=False)
        if output.usual_size:
            nn.init.zeros_(self.project.weight)  # the network adds to what is usual, from nothing

    @property
    def receptive_field(self) -> int:
        """Past frames that one output depends on."""
        return 2 + sum(self.dilations)

    @property
    def gated_layers(self) -> list[GatedLayer]:
        """The layers from input to output: `layers`, known to be what they are."""
        return [layer for layer in self.layers if isinstance(layer, GatedLayer)]

    def forward(
        self, frames: Tensor, vector: Tensor, state: WaveNetState | None = None
    ) -> tuple[Tensor, WaveNetState]:
        """Predict each frame from those before it.

        Args:
            frames: Levels [batch, time] (int64) or band frames [batch, time, bands].
            vector: Conditioning vector [batch, conditioning], or one for every frame
                [batch, time, conditioning].
            state: State after the frames before these; None is nothing before.

        Returns:
            Parameters of frame t given the frames before t, [batch, time, output channels], and the state
            after the last frame. The state already holds the last frame: the next chunk's first prediction
            uses it.
        """
        vector = _time_major(vector)
        usual = self.usual(vector)
        x, taps = self._inputs(frames, usual, None if state is None else state.inputs)
        biases = self._gate_biases(vector)
        outputs, pasts = [], []
        for index, layer in enumerate(self.layers):
            past = None if state is None else state.layers[index]
            x, z, past = layer(x, biases[index], past)
            outputs.append(z)
            pasts.append(past)
        memory = None if state is None else state.memory
        recalled, memory = self.output.recall(frames.transpose(0, 1), usual, memory=memory)
        parameters = self.output.complete(self._head(torch.cat(outputs, -1), vector), recalled, usual)
        return parameters.transpose(0, 1), WaveNetState(taps, tuple(pasts), memory)

    def score(self, frames: Tensor, vector: Tensor, *, history: Tensor | None = None) -> Tensor:
        """Do what `forward` does from an empty past, by the quick path for training.

        Args:
            frames: Levels [batch, time] (int64) or band frames [batch, time, bands].
            vector: See `forward`.
            history: What the network sees instead of the frames before, such as noisy ones; shaped alike.

        Returns:
            Log2 probability of every frame given those before it, per 16-bit step, [batch, time].
        """
        history = frames if history is None else history
        vector = _time_major(vector)
        usual = self.usual(vector)
        x, _ = self._inputs(history, usual, None)
        layers = self.gated_layers
        taps_bias = torch.stack([layer.taps.bias for layer in layers])
        biases = self._gate_biases(vector) + taps_bias[:, None, None]
        taps = [layer.taps.weight for layer in layers]
        residuals = [p for layer in layers if layer.residual for p in layer.residual.parameters()]
        gated: Tensor = FusedStack.apply(x, biases, self.dilations, *taps, *residuals)
        recalled, _ = self.output.recall(history.transpose(0, 1), usual)
        parameters = self.output.complete(self._head(gated, vector), recalled, usual)
        return self.output.log2_prob(parameters, frames.transpose(0, 1)).transpose(0, 1)

    def usual(self, vector: Tensor) -> Tensor | None:
        """What vectors [..., conditioning] tell the output itself, [..., usual_size]; None: nothing."""
        return vector[..., self.heard_channels :] if self.output.usual_size else None

    def _inputs(self, frames: Tensor, usual: Tensor | None, past: Tensor | None) -> tuple[Tensor, Tensor]:
        """Input of the first layer at each step, [time, batch, residual], and the last two embeddings."""
        embedded = self.embedding(self.output.network_input(frames.transpose(0, 1), usual))
        if past is None:
            past = embedded.new_zeros(2, *embedded.shape[1:])
        padded = torch.cat([past, embedded])
        newer, older = padded[1:-1], padded[:-2]
        half = embedded.shape[-1] // 2
        return newer[..., :half] + older[..., half:] + self.input_bias, padded[-2:]

    def _gate_biases(self, vector: Tensor) -> Tensor:
        """What conditioning adds to each layer's filter and gate, [layers, time or 1, batch, 2 * gate]."""
        biases: Tensor = self.condition_gates(vector[..., : self.heard_channels])
        return torch.unflatten(biases, -1, (len(self.layers), -1)).movedim(-2, 0)

    def _head(self, gated: Tensor, vector: Tensor) -> Tensor:
        """Skip sum, hidden layer, what the network says, [time, batch, raw channels]."""
        vector = vector[..., : self.heard_channels]
        hidden = torch.relu(self.skip(gated) + self.condition_skip(vector))
        hidden = torch.relu(self.hidden(hidden) + self.condition_hidden(vector))
        parameters: Tensor = self.project(hidden)
        return parameters


def _time_major(vector: Tensor) -> Tensor:
    """Conditioning vectors with time in front, [time or 1, batch, conditioning]."""
    return vector[None] if vector.dim() == 2 else vector.transpose(0, 1)
