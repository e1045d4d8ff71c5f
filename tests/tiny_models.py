"""Small random models for the tests: quick to run, and every weight matters."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from photowave.model import PhotowaveModel
from photowave.settings import (
    AudioConfig,
    ConditioningConfig,
    EnvelopeConfig,
    ImageConfig,
    ModelConfig,
    WaveNetConfig,
)
from photowave.wavenet import (
    BandOutput,
    MixtureOutput,
    OutputDistribution,
    SoftmaxOutput,
    SpectralOutput,
    WaveNet,
)

KINDS = [("softmax", 1), ("mixture", 1), ("mixture", 2), ("mixture", 4), ("mixture", 8), ("spectral", 16)]
"""Output and number of bands."""
CONDITIONING = 14
"""Length of the conditioning vector of `tiny_wavenet`."""


def tiny_wavenet(
    output: str = "softmax",
    bands: int = 1,
    *,
    residual: int = 6,
    gate: int = 5,
    skip: int = 7,
    dilations: Sequence[int] = (1, 2, 4),
    levels: int = 16,
    mixtures: int = 3,
    seed: int = 0,
    dtype: torch.dtype = torch.float64,
) -> WaveNet:
    """Build a decoder with random weights."""
    distribution: OutputDistribution = SoftmaxOutput(levels=levels)
    if output == "mixture":
        distribution = MixtureOutput(bands=bands, mixtures=mixtures)
    elif output == "spectral":
        distribution = SpectralOutput(bands=bands, own=bands // 2, groups=3, mixtures=mixtures, contrast=1.5)
    wavenet = WaveNet(
        output=distribution,
        residual_channels=residual,
        gate_channels=gate,
        skip_channels=skip,
        dilations=dilations,
        conditioning_channels=CONDITIONING,
    ).to(dtype)
    randomise(wavenet, seed=seed)
    return wavenet


def randomise(module: nn.Module, *, seed: int) -> None:
    """Give every weight a value away from zero, scales, spreads and widths positive ones; no flag is set."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in module.state_dict().items():
            if tensor.dtype == torch.bool:
                tensor.zero_()
                continue
            if name.endswith("width"):
                tensor.fill_(0.5)
                continue
            drawn = torch.randn(tensor.shape, generator=generator, dtype=torch.float64)
            positive = name.endswith(("scale", "_std"))
            fan_in = tensor.shape[-1] if tensor.dim() == 2 and "embedding" not in name else 4
            tensor.copy_(0.1 + 0.2 * drawn.sigmoid() if positive else drawn * fan_in**-0.5)


def random_frames(wavenet: WaveNet, batch: int, steps: int, *, seed: int = 1) -> Tensor:
    """Draw frames at random: levels, or band frames of the level that the scales say."""
    generator = torch.Generator().manual_seed(seed)
    output = wavenet.output
    if isinstance(output, BandOutput):
        noise = torch.randn(batch, steps, output.bands, generator=generator, dtype=torch.float64)
        return noise.to(output.scale) * output.scale
    return torch.randint(output.channels, (batch, steps), generator=generator)


def random_vectors(count: int, *, seed: int = 2, dtype: torch.dtype = torch.float64) -> Tensor:
    """Draw conditioning vectors for `tiny_wavenet`."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, CONDITIONING, generator=generator, dtype=torch.float64).to(dtype)


def tiny_config(output: str = "softmax", bands: int = 1, *, kind: str = "texture") -> ModelConfig:
    """Settings of a model that draws a second in a few milliseconds."""
    return ModelConfig(
        audio=AudioConfig(sample_rate=2_000, bands=bands, taps_per_band=8, texture_mels=4),
        image=ImageConfig(resolution=32),
        conditioning=ConditioningConfig(kind=kind, channels=6, codebook_size=64),
        wavenet=WaveNetConfig(
            residual_channels=6,
            gate_channels=5,
            skip_channels=7,
            dilations=(1, 2, 4),
            output=output,
            quantization_levels=64,
            mixtures=3,
            own_bands=max(2, bands // 2),
            noise_groups=3,
        ),
    )


def with_envelope(config: ModelConfig, *, components: int = 3, **changes: Any) -> ModelConfig:
    """The same settings with an envelope of few steps."""
    small = {"channels": 5, "skip_channels": 7, "dilations": (1, 2), "mixtures": 2}
    return dataclasses.replace(config, envelope=EnvelopeConfig(components=components, **{**small, **changes}))


def tiny_model(config: ModelConfig, *, feature_dim: int = 12, seed: int = 0) -> PhotowaveModel:
    """Build a model with random weights, whose sound depends on the photo."""
    model = PhotowaveModel(config, feature_dim=feature_dim)
    randomise(model, seed=seed)
    return model.eval()


def save_photo(path: Path, seed: int) -> Path:
    """Write a photo that an encoder tells from others: a few big blurred patches of colour."""
    patches = np.random.default_rng(seed).integers(0, 256, (3, 4, 3), dtype=np.uint8)
    Image.fromarray(patches).resize((60, 40), Image.Resampling.BICUBIC).save(path)
    return path
