"""The whole model as one module: codec, decoder, envelope, conditioning; the photo encoder stays outside."""

from torch import nn

from photowave.audio import SpectralEnvelope
from photowave.model.catalogue import Catalogue
from photowave.model.codec import FrameCodec
from photowave.model.conditioning import (
    Conditioner,
    PhotoConditioner,
    PositionConditioner,
    TextureConditioner,
)
from photowave.model.envelope import Envelope, build_envelope
from photowave.settings import ModelConfig
from photowave.wavenet import MixtureOutput, OutputDistribution, SoftmaxOutput, SpectralOutput, WaveNet


class PhotowaveModel(nn.Module):
    """What is trained, saved and generated from.

    Args:
        config: The settings it is built from.
        feature_dim: Length of the photo features.

    Attributes:
        spectra (SpectralEnvelope | None): Measures the envelopes that `envelope` learns; None: there is none.
        envelope (Envelope | None): How the spectrum moves.
        catalogue (Catalogue | None): Where its textures come from; None: nobody said it.
    """

    def __init__(self, config: ModelConfig, *, feature_dim: int):
        super().__init__()
        self.config = config
        self.feature_dim = feature_dim
        self.codec = FrameCodec(audio=config.audio, wavenet=config.wavenet)
        usual_size = build_output(config).usual_size
        self.conditioner = build_conditioner(config, feature_dim=feature_dim, usual_size=usual_size)
        self.spectra: SpectralEnvelope | None = None
        self.envelope: Envelope | None = None
        if config.envelope.components:
            self.spectra = build_spectra(config)
            self.envelope = build_envelope(
                config, knots_per_s=self.spectra.knots_per_s, usual_size=usual_size
            )
        self.wavenet = build_wavenet(config)
        self.catalogue: Catalogue | None = None

    @property
    def sample_rate(self) -> int:
        """Samples per second, in Hz."""
        return self.config.audio.sample_rate


def build_spectra(config: ModelConfig) -> SpectralEnvelope:
    """Make what measures envelopes as the settings say."""
    return SpectralEnvelope(
        sample_rate=config.audio.sample_rate, mels=config.audio.texture_mels, hops=config.envelope.hops
    )


def build_output(config: ModelConfig) -> OutputDistribution:
    """Make the distribution that the settings name."""
    if config.wavenet.output == "softmax":
        return SoftmaxOutput(levels=config.wavenet.quantization_levels)
    if config.wavenet.output == "mixture":
        return MixtureOutput(bands=config.audio.bands, mixtures=config.wavenet.mixtures)
    return SpectralOutput(
        bands=config.audio.bands,
        own=config.wavenet.own_bands,
        groups=config.wavenet.noise_groups,
        mixtures=config.wavenet.mixtures,
        contrast=config.wavenet.contrast,
    )


def build_wavenet(config: ModelConfig) -> WaveNet:
    """Make the decoder that the settings describe."""
    output = build_output(config)
    return WaveNet(
        output=output,
        residual_channels=config.wavenet.residual_channels,
        gate_channels=config.wavenet.gate_channels,
        skip_channels=config.wavenet.skip_channels,
        dilations=config.wavenet.dilations,
        conditioning_channels=config.conditioning.channels + output.usual_size,
    )


def build_conditioner(config: ModelConfig, *, feature_dim: int, usual_size: int) -> Conditioner:
    """Make the conditioning path that the settings name, for an output that is told `usual_size` numbers."""
    conditioning = config.conditioning
    if conditioning.kind == "photo":
        return PhotoConditioner(features=feature_dim, channels=conditioning.channels, usual_size=usual_size)
    if conditioning.kind == "position":
        return PositionConditioner(
            channels=conditioning.channels,
            rates=conditioning.knot_rates,
            longest_s=conditioning.longest_s,
            usual_size=usual_size,
        )
    return TextureConditioner(
        features=feature_dim,
        texture=config.audio.texture_channels,
        channels=conditioning.channels,
        usual_size=usual_size,
        codebook_size=conditioning.codebook_size,
        sharpness=conditioning.sharpness,
    )
