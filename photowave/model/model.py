"""The whole model as one module: codec, decoder, conditioning. The photo encoder stays outside, frozen."""

from torch import nn

from photowave.config import ModelConfig
from photowave.model.codec import FrameCodec
from photowave.model.conditioning import (
    Conditioner,
    PhotoConditioner,
    PositionConditioner,
    TextureConditioner,
)
from photowave.wavenet import MixtureOutput, OutputDistribution, SoftmaxOutput, WaveNet


class PhotowaveModel(nn.Module):
    """What is trained, saved and generated from.

    Args:
        config: The settings it is built from.
        feature_dim: Length of the photo features.
    """

    def __init__(self, config: ModelConfig, *, feature_dim: int):
        super().__init__()
        self.config = config
        self.feature_dim = feature_dim
        self.codec = FrameCodec(audio=config.audio, wavenet=config.wavenet)
        self.conditioner = build_conditioner(config, feature_dim=feature_dim)
        self.wavenet = build_wavenet(config)

    @property
    def sample_rate(self) -> int:
        """Samples per second, in Hz."""
        return self.config.audio.sample_rate


def build_output(config: ModelConfig) -> OutputDistribution:
    """Make the distribution that the settings name."""
    if config.wavenet.output == "softmax":
        return SoftmaxOutput(levels=config.wavenet.quantization_levels)
    return MixtureOutput(bands=config.audio.bands, mixtures=config.wavenet.mixtures)


def build_wavenet(config: ModelConfig) -> WaveNet:
    """Make the decoder that the settings describe."""
    return WaveNet(
        output=build_output(config),
        residual_channels=config.wavenet.residual_channels,
        gate_channels=config.wavenet.gate_channels,
        skip_channels=config.wavenet.skip_channels,
        dilations=config.wavenet.dilations,
        conditioning_channels=config.conditioning.channels,
    )


def build_conditioner(config: ModelConfig, *, feature_dim: int) -> Conditioner:
    """Make the conditioning path that the settings name."""
    conditioning = config.conditioning
    if conditioning.kind == "photo":
        return PhotoConditioner(features=feature_dim, channels=conditioning.channels)
    if conditioning.kind == "position":
        return PositionConditioner(
            channels=conditioning.channels, rates=conditioning.knot_rates, longest_s=conditioning.longest_s
        )
    return TextureConditioner(
        features=feature_dim,
        texture=config.audio.texture_channels,
        channels=conditioning.channels,
        codebook_size=conditioning.codebook_size,
        sharpness=conditioning.sharpness,
    )
