"""The settings of a model, as plain dataclasses: no torch here, so that `--help` stays quick.

Every number is written once; what follows from others is a property. The attribute docstrings become the
help texts of the command line.
"""

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from photowave.errors import ConfigError


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise ConfigError(message)


@dataclass(frozen=True, kw_only=True)
class AudioConfig:
    """How sound becomes frames and back."""

    sample_rate: int = 16_000
    """Samples per second of the sound that is modelled and generated, in Hz."""
    rms_dbfs: float = -20.0
    """Level to which every recording is brought on load, in dB relative to full scale."""
    bands: int = 1
    """Bands of the filter bank: one WaveNet step draws so many samples. 1 is the classic WaveNet."""
    taps_per_band: int = 16
    """Length of the filter bank's prototype per band; ignored with one band."""
    texture_mels: int = 40
    """Mel bands whose mean and spread over time make the texture vector."""

    def __post_init__(self) -> None:
        """Check the ranges."""
        _require(
            1_000 <= self.sample_rate <= 192_000,
            f"sample_rate={self.sample_rate}: must lie between 1000 and 192000 Hz, such as 16000 or 32000.",
        )
        _require(
            -60.0 <= self.rms_dbfs <= -6.0,
            f"rms_dbfs={self.rms_dbfs}: must lie between -60 and -6 dBFS. The default is -20.",
        )
        _require(
            self.bands in (1, 2, 4, 8, 16),
            f"bands={self.bands}: must be 1, 2, 4, 8 or 16. Use 1 for raw samples.",
        )
        _require(
            self.taps_per_band >= 8 and self.taps_per_band % 2 == 0,
            f"taps_per_band={self.taps_per_band}: must be even and at least 8. The default is 16.",
        )
        _require(self.texture_mels >= 4, f"texture_mels={self.texture_mels}: must be at least 4.")

    @property
    def frame_rate(self) -> float:
        """WaveNet steps per second of sound."""
        return self.sample_rate / self.bands

    @property
    def texture_channels(self) -> int:
        """Length of the texture vector: mean and spread of each mel band."""
        return 2 * self.texture_mels


@dataclass(frozen=True, kw_only=True)
class ImageConfig:
    """How a photo becomes features."""

    encoder: str = "efficientnet_lite0"
    """`efficientnet_lite0`, or the name of any torchvision classifier such as `resnet18`."""
    weights: str | None = "default"
    """`default`: the pretrained weights (torchvision's are downloaded once); a `.safetensors` or `.pth` file;
    or null for random ones."""
    resolution: int = 320
    """Side of the square the photo is resized to, in pixels."""
    mirror: bool = True
    """Average the features with those of the mirror image."""

    def __post_init__(self) -> None:
        """Check the ranges."""
        _require(
            32 <= self.resolution <= 2048,
            f"resolution={self.resolution}: must lie between 32 and 2048 pixels. The default is 320.",
        )


@dataclass(frozen=True, kw_only=True)
class ConditioningConfig:
    """How photo features become the global conditioning vector."""

    kind: Literal["texture", "photo"] = "texture"
    """`texture`: the decoder is conditioned on the texture of its clip, which the photo learns to predict.
    `photo`: trained end to end from photo features."""
    channels: int = 64
    """Length of the global conditioning vector."""
    dropout: float = 0.1
    """Share of the training clips that see the learned null vector instead; needed for guidance."""
    codebook_size: int = 128
    """Texture vectors among which the photo chooses (kind `texture`)."""
    sharpness: float = 2.0
    """Exponent on the photo's probabilities over the codebook before one is drawn; 1 draws as predicted."""

    def __post_init__(self) -> None:
        """Check the ranges."""
        _require(self.kind in ("texture", "photo"), f"kind={self.kind!r}: must be 'texture' or 'photo'.")
        _require(self.channels >= 1, f"conditioning channels={self.channels}: must be at least 1.")
        _require(
            0.0 <= self.dropout < 1.0, f"dropout={self.dropout}: must lie in [0, 1). The default is 0.1."
        )
        _require(self.codebook_size >= 1, f"codebook_size={self.codebook_size}: must be at least 1.")
        _require(self.sharpness > 0.0, f"sharpness={self.sharpness}: must be above 0. The default is 2.")


@dataclass(frozen=True, kw_only=True)
class WaveNetConfig:
    """The decoder: a stack of causal dilated layers (van den Oord et al. 2016, arXiv:1609.03499)."""

    residual_channels: int = 32
    """Channels that run from layer to layer."""
    gate_channels: int = 32
    """Channels of the filter, and as many of the gate, in each layer."""
    skip_channels: int = 128
    """Channels of the summed skip outputs and of the hidden output layer."""
    dilations: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512) * 2
    """Dilation of each layer, in frames. The kernel has two taps."""
    output: Literal["softmax", "mixture"] = "softmax"
    """`softmax` over mu-law levels (one band), or `mixture` of logistics over frames of any band number."""
    quantization_levels: int = 256
    """Mu-law levels of the softmax output."""
    mixtures: int = 10
    """Components of the mixture output."""

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name in ("residual_channels", "gate_channels", "skip_channels", "mixtures"):
            value = getattr(self, name)
            _require(value >= 1, f"{name}={value}: must be at least 1.")
        object.__setattr__(self, "dilations", tuple(self.dilations))
        _require(
            len(self.dilations) > 0 and all(d >= 1 for d in self.dilations),
            f"dilations={self.dilations}: at least one layer is needed and every dilation must be 1 or more.",
        )
        _require(
            self.output in ("softmax", "mixture"), f"output={self.output!r}: must be 'softmax' or 'mixture'."
        )
        _require(
            2 <= self.quantization_levels <= 65_536,
            f"quantization_levels={self.quantization_levels}: must lie in 2 to 65536. The paper's is 256.",
        )

    @property
    def receptive_field(self) -> int:
        """Past frames that one output depends on: two taps at the input, then one dilation per layer."""
        return 2 + sum(self.dilations)


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """Everything needed to build a model again."""

    audio: AudioConfig = field(default_factory=AudioConfig)
    """How sound becomes frames and back."""
    image: ImageConfig = field(default_factory=ImageConfig)
    """How a photo becomes features."""
    conditioning: ConditioningConfig = field(default_factory=ConditioningConfig)
    """How photo features become the global conditioning vector."""
    wavenet: WaveNetConfig = field(default_factory=WaveNetConfig)
    """The decoder."""

    def __post_init__(self) -> None:
        """Check what concerns two parts at once."""
        _require(
            self.wavenet.output != "softmax" or self.audio.bands == 1,
            f"output='softmax' with bands={self.audio.bands}: the softmax output draws single samples. "
            "Set output: mixture, or bands: 1.",
        )

    def to_json(self) -> str:
        """Write the settings as JSON."""
        return json.dumps(dataclasses.asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read the settings back.

        Raises:
            ConfigError: The text is no JSON object, or names or values do not fit.
        """
        try:
            tree = json.loads(text)
            parts = {f.name: _PARTS[f.name](**tree.pop(f.name)) for f in dataclasses.fields(cls)}
            return cls(**parts, **tree)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise ConfigError(
                f"model settings cannot be read: {error}. The file may come from another version."
            ) from error


_PARTS: dict[str, Any] = {
    "audio": AudioConfig,
    "image": ImageConfig,
    "conditioning": ConditioningConfig,
    "wavenet": WaveNetConfig,
}
