"""A trained decoder as plain arrays, laid out for the compiled kernel."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from photowave.generation.kernel import Array
from photowave.wavenet import FRAME_BOUND, BandOutput, PowerRegions, SpectralOutput, WaveNet
from photowave.wavenet.regions import LEAST_REGION_POWER
from photowave.wavenet.spectral import AROUND, BOUNDS, FAR, FIRST_BURST, LEAST_POWER, MOST_GAIN


@dataclass(frozen=True)
class PackedWaveNet:
    """Weights of a WaveNet as the kernel reads them; one copy serves all sounds and threads."""

    weights: tuple[Array, ...]
    """See `kernel.run`."""
    softmax: bool
    """Whether frames are levels."""
    bands: int
    """Numbers per frame; for the spectral output, those that enter the network."""
    uniforms: int
    """Random numbers per frame."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type in which the kernel computes."""
        return self.weights[0].dtype

    @property
    def dilations(self) -> Array:
        """Dilation of each layer, [layers]."""
        return self.weights[3]

    @property
    def channels(self) -> int:
        """Numbers per frame that the network gives."""
        return len(self.weights[-1])


@dataclass(frozen=True)
class PackedOutput:
    """A spectral output as `spectral_kernel.draw_frame` reads it; see there."""

    tables: tuple[Array, ...]
    limits: Array
    around: int


def pack_output(output: SpectralOutput, regions: PowerRegions | None) -> PackedOutput:
    """Lay out a spectral output, and the regions that are held if there are any, for compiled code."""
    kind = output.scale.numpy().dtype
    region = np.zeros(0, np.int64) if regions is None else regions.index.numpy()
    measured = output.scale, output.size, output.heard_size, output.first_gains, output.decays
    tables = (output.group.numpy(), output.heard.numpy(), region, *(part.numpy() for part in measured))
    told = (MOST_GAIN, *BOUNDS, *FIRST_BURST, FAR, LEAST_POWER, LEAST_REGION_POWER, FRAME_BOUND)
    return PackedOutput(tables, np.array(told, kind), AROUND)


def pack(wavenet: WaveNet, *, dtype: np.dtype[Any] | type = np.float32) -> PackedWaveNet:
    """Copy a decoder's weights into the kernel's layout; in float64 they can be compared with a reference."""

    def array(tensor: Tensor) -> Array:
        return np.array(tensor.detach().cpu().numpy(), dtype=dtype, order="C")

    layers = wavenet.gated_layers
    residual = len(wavenet.input_bias)
    skip = torch.unflatten(wavenet.skip.weight.t(), 0, (len(layers), -1))
    mix = torch.zeros(*skip.shape[:2], residual + skip.shape[2], dtype=skip.dtype)
    mix[:, :, residual:] = skip.detach().cpu()
    residual_bias = torch.zeros(len(layers), residual, dtype=skip.dtype)
    for index, layer in enumerate(layers):
        if layer.residual is not None:
            mix[index, :, :residual] = layer.residual.weight.detach().cpu().t()
            residual_bias[index] = layer.residual.bias.detach().cpu()
    output, embedding = wavenet.output, wavenet.embedding
    mixture = isinstance(output, BandOutput)
    scale, bands = (output.scale, output.bands) if isinstance(output, BandOutput) else (torch.ones(1), 1)
    if isinstance(output, SpectralOutput):
        # The kernel follows what enters; `SpectralSampler` makes that of frames.
        scale, bands = torch.ones(output.inputs), output.inputs
    # An Embedding holds [inputs, channels], a Linear [channels, inputs].
    assert isinstance(embedding, nn.Linear if mixture else nn.Embedding)
    weights = (
        array(embedding.weight.t() if mixture else embedding.weight),
        array(wavenet.input_bias),
        array(scale),
        np.asarray(wavenet.dilations, dtype=np.int64),
        array(torch.stack([layer.taps.weight.t() for layer in layers])),
        array(mix),
        array(residual_bias),
        array(wavenet.hidden.weight.t()),
        array(wavenet.project.weight.t()),
        array(wavenet.project.bias),
    )
    return PackedWaveNet(weights, not mixture, bands, output.uniforms)


@torch.no_grad()
def lane_biases(
    wavenet: WaveNet, vectors: Tensor, *, dtype: np.dtype[Any] | type
) -> tuple[Array, Array, Array]:
    """Add the conditioning to the biases once, at each knot of its track.

    Each lane is computed by itself: a product over several rows may round differently from one over a single
    row, and a sound must not depend on what it is drawn together with.

    Conditioning vectors [lanes, conditioning], or tracks [lanes, knots, conditioning], become biases of gates
    [lanes, knots, layers, 2 * gate], of the skip sum and of the hidden layer [lanes, knots, skip].
    """
    layers = wavenet.gated_layers
    taps = torch.stack([layer.taps.bias for layer in layers])
    gates, skips, hiddens = [], [], []
    for lane in vectors:
        # A copy begins where memory is aligned; a product over a view that does not may round differently.
        vector = lane[..., : wavenet.heard_channels].clone()
        gates.append(wavenet.condition_gates(vector).unflatten(-1, (len(layers), -1)) + taps)
        skips.append(wavenet.skip.bias + wavenet.condition_skip(vector))
        hiddens.append(wavenet.hidden.bias + wavenet.condition_hidden(vector))
    gate, skip, hidden = (
        np.ascontiguousarray(torch.stack(parts).cpu().numpy(), dtype=dtype)
        for parts in (gates, skips, hiddens)
    )
    if vectors.dim() == 2:
        gate, skip, hidden = gate[:, None], skip[:, None], hidden[:, None]
    return gate, skip, hidden
