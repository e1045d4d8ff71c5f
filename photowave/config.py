"""The settings of a model, as plain dataclasses: no torch here, so that `--help` stays quick.

Every number is written once; what follows from others is a property. The attribute docstrings become the
help texts of the command line.
"""

import dataclasses
import json
import math
from dataclasses import dataclass, field
from itertools import pairwise
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
            self.bands in (1, 2, 4, 8, 16, 24, 32),
            f"bands={self.bands}: must be 1, 2, 4, 8, 16, 24 or 32. Use 1 for raw samples.",
        )
        _require(
            8 <= self.taps_per_band <= 512 and self.taps_per_band % 2 == 0,
            f"taps_per_band={self.taps_per_band}: must be even and lie in 8 to 512. The default is 16.",
        )
        _require(
            4 <= self.texture_mels <= 1024,
            f"texture_mels={self.texture_mels}: must lie in 4 to 1024. The default is 40.",
        )

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

    kind: Literal["texture", "photo", "position"] = "texture"
    """`texture`: the decoder is conditioned on the texture of its clip, which the photo learns to predict.
    `photo`: trained end to end from photo features. `position`: no photo, but a learned track that tells
    where in a single clip the decoder is."""
    channels: int = 64
    """Length of the conditioning vector."""
    dropout: float = 0.1
    """Share of the training clips that see the learned null vector instead; needed for guidance."""
    codebook_size: int = 128
    """Texture vectors among which the photo chooses (kind `texture`)."""
    sharpness: float = 2.0
    """Exponent on the photo's probabilities over the codebook before one is drawn; 1 draws as predicted."""
    knot_rates: tuple[int, ...] = (4, 16, 64, 128)
    """Vectors per second of the tables whose rows, side by side and with straight lines in between, make the
    track; each a multiple of the one before (kind `position`)."""
    longest_s: float = 10.0
    """Length of the track, in seconds: that of the longest clip (kind `position`)."""

    def __post_init__(self) -> None:
        """Check the ranges."""
        _require(
            self.kind in ("texture", "photo", "position"),
            f"kind={self.kind!r}: must be 'texture', 'photo' or 'position'.",
        )
        _require(
            1 <= self.channels <= 4096,
            f"conditioning channels={self.channels}: must lie in 1 to 4096. The default is 64.",
        )
        _require(
            0.0 <= self.dropout < 1.0, f"dropout={self.dropout}: must lie in [0, 1). The default is 0.1."
        )
        _require(
            1 <= self.codebook_size <= 65_536,
            f"codebook_size={self.codebook_size}: must lie in 1 to 65536. The default is 128.",
        )
        _require(
            0.0 < self.sharpness <= 1000.0,
            f"sharpness={self.sharpness}: must be above 0 and at most 1000. The default is 2.",
        )
        object.__setattr__(self, "knot_rates", tuple(self.knot_rates))
        rates = self.knot_rates
        _require(
            0 < len(rates) <= 16 and rates[0] >= 1 and rates[-1] <= 1000,
            f"knot_rates={rates!r}: must be 1 to 16 rates from 1 to 1000. The default is (4, 16, 64, 128).",
        )
        _require(
            all(fine % coarse == 0 for coarse, fine in pairwise(rates)),
            f"knot_rates={rates!r}: each must be a multiple of the one before. Try (4, 16, 64, 128).",
        )
        _require(
            self.kind != "position" or self.channels % len(rates) == 0,
            f"conditioning channels={self.channels}: must be a multiple of the {len(rates)} knot_rates, "
            "which share them. Try 32.",
        )
        _require(
            0.0 < self.longest_s <= 600.0,
            f"longest_s={self.longest_s}: must be above 0 and at most 600 seconds. The default is 10.",
        )


_MOST_CHANNELS = 4096
_MOST_MIXTURES = 256
_MOST_LAYERS = 1000
_LONGEST_PAST = 2**20  # frames


def _require_sizes(config: Any, *names: str, of: str = "") -> None:
    """Check numbers of channels and mixtures; a message begins with `of`, whose setting it is."""
    defaults = {f.name: f.default for f in dataclasses.fields(config)}
    for name in names:
        value, most = getattr(config, name), _MOST_MIXTURES if name == "mixtures" else _MOST_CHANNELS
        _require(
            1 <= value <= most,
            f"{of}{name}={value}: must lie in 1 to {most}. The default is {defaults[name]}.",
        )


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
        _require_sizes(self, "residual_channels", "gate_channels", "skip_channels", "mixtures")
        object.__setattr__(self, "dilations", tuple(self.dilations))
        _require(
            len(self.dilations) <= _MOST_LAYERS,
            f"dilations has {len(self.dilations)} layers: at most {_MOST_LAYERS} can be used. Name fewer.",
        )
        _require(
            len(self.dilations) > 0 and all(d >= 1 for d in self.dilations),
            f"dilations={self.dilations}: at least one layer is needed and every dilation must be 1 or more.",
        )
        _require(
            sum(self.dilations) <= _LONGEST_PAST,
            f"dilations add up to {sum(self.dilations)}: at most {_LONGEST_PAST} can be used. Lower them.",
        )
        _require(
            self.output in ("softmax", "mixture"), f"output={self.output!r}: must be 'softmax' or 'mixture'."
        )
        _require(
            2 <= self.quantization_levels <= 65_536,
            f"quantization_levels={self.quantization_levels}: must lie in 2 to 65536. The paper's is 256.",
        )


@dataclass(frozen=True, kw_only=True)
class EnvelopeConfig:
    """The second, coarser WaveNet: it draws how the spectrum moves, and the decoder follows."""

    components: int = 0
    """Principal components of the log-mel spectrum that it draws, such as 16; 0 leaves the stack out."""
    hops: int = 4
    """Hops of 16 ms from one step to the next."""
    channels: int = 32
    """Residual and gate channels of its layers."""
    skip_channels: int = 128
    """Channels of its summed skip outputs and of its hidden output layer."""
    dilations: tuple[int, ...] = (1, 2, 4, 8, 16, 32) * 2
    """Dilation of each of its layers, in steps."""
    mixtures: int = 8
    """Components of its mixture output."""

    def __post_init__(self) -> None:
        """Check the ranges."""
        object.__setattr__(self, "dilations", tuple(self.dilations))
        _require(
            0 <= self.components <= 1024,
            f"envelope components={self.components}: must lie in 0 to 1024. Use 16, or 0 for no envelope.",
        )
        _require(1 <= self.hops <= 64, f"envelope hops={self.hops}: must lie in 1 to 64. The default is 4.")
        _require_sizes(self, "channels", "skip_channels", "mixtures", of="envelope ")
        try:
            _ = self.wavenet  # which checks the dilations
        except ConfigError as error:
            raise ConfigError(f"envelope {error}") from error

    @property
    def wavenet(self) -> WaveNetConfig:
        """The same as the settings of a WaveNet over frames of `components` numbers."""
        return WaveNetConfig(
            residual_channels=self.channels,
            gate_channels=self.channels,
            skip_channels=self.skip_channels,
            dilations=self.dilations,
            output="mixture",
            mixtures=self.mixtures,
        )


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """Everything needed to build a model again."""

    audio: AudioConfig = field(default_factory=AudioConfig)
    """How sound becomes frames and back."""
    image: ImageConfig = field(default_factory=ImageConfig)
    """How a photo becomes features."""
    conditioning: ConditioningConfig = field(default_factory=ConditioningConfig)
    """How photo features become the global conditioning vector."""
    envelope: EnvelopeConfig = field(default_factory=EnvelopeConfig)
    """The coarser WaveNet that tells the decoder how the spectrum moves."""
    wavenet: WaveNetConfig = field(default_factory=WaveNetConfig)
    """The decoder."""

    def __post_init__(self) -> None:
        """Check what concerns two parts at once."""
        _require(
            self.envelope.components <= self.audio.texture_mels,
            f"envelope components={self.envelope.components}: there are {self.audio.texture_mels} mel bands "
            "(audio.texture_mels). Use fewer components, or more bands.",
        )
        _require(
            self.envelope.components == 0 or self.conditioning.kind != "position",
            "conditioning kind 'position' tells the decoder where in its clip it is, and needs no envelope. "
            "Set envelope.components: 0, or kind: texture.",
        )
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
            # Files from before there were envelopes do not name them.
            tree.setdefault("envelope", {})
            parts = {f.name: _read_part(f.name, tree.pop(f.name)) for f in dataclasses.fields(cls)}
            return cls(**parts, **tree)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise ConfigError(
                f"model settings cannot be read: {error}. The file may come from another version."
            ) from error


_PARTS: dict[str, Any] = {
    "audio": AudioConfig,
    "image": ImageConfig,
    "conditioning": ConditioningConfig,
    "envelope": EnvelopeConfig,
    "wavenet": WaveNetConfig,
}


def _read_part(part: str, values: dict[str, Any]) -> Any:
    """Build one part; JSON knows neither tuples nor whole numbers, so the types are checked here."""
    types = {f.name: f.type for f in dataclasses.fields(_PARTS[part])}
    checked = {
        name: _typed(f"{part}.{name}", value, types[name]) if name in types else value
        for name, value in values.items()
    }
    return _PARTS[part](**checked)


def _typed(name: str, value: Any, wanted: Any) -> Any:
    """A value as its field wants it; TypeError with the setting's name where it is of another type."""
    if wanted is float and _is_whole(value):
        value = float(value) if abs(value) < 2**53 else math.inf
    checks: dict[Any, tuple[bool, str]] = {
        int: (_is_whole(value), "a whole number"),
        float: (isinstance(value, float) and math.isfinite(value), "a finite number"),
        bool: (isinstance(value, bool), "true or false"),
        str | None: (value is None or isinstance(value, str), "text or null"),
        tuple[int, ...]: (
            isinstance(value, list) and all(_is_whole(item) for item in value),
            "a list of whole numbers",
        ),
    }
    holds, rule = checks.get(wanted, (isinstance(value, str), "text"))
    if not holds:
        shown = repr(value)
        raise TypeError(f"{name}={shown if len(shown) <= 40 else shown[:40] + ' ...'}: must be {rule}")
    return value


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
