"""The decoder and the coarser WaveNet that leads it."""

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal

from photowave.errors import ConfigError
from photowave.settings.checks import require

_MOST_CHANNELS = 4096
_MOST_MIXTURES = 256
_MOST_LAYERS = 1000
_LONGEST_PAST = 2**20  # frames


def require_sizes(config: Any, *names: str, of: str = "") -> None:
    """Check numbers of channels and mixtures; a message begins with `of`, whose setting it is."""
    defaults = {f.name: f.default for f in dataclasses.fields(config)}
    for name in names:
        value, most = getattr(config, name), _MOST_MIXTURES if name == "mixtures" else _MOST_CHANNELS
        require(
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
    output: Literal["softmax", "mixture", "spectral"] = "softmax"
    """`softmax` over mu-law levels (one band), `mixture` of logistics over frames of any band number, or
    `spectral`: a mixture of Gaussians over frames of many narrow bands."""
    quantization_levels: int = 256
    """Mu-law levels of the softmax output."""
    mixtures: int = 10
    """Components of the mixture and spectral outputs."""
    own_bands: int = 192
    """Low bands with a mean and a spread of their own; above them, groups share a spread (`spectral`)."""
    noise_groups: int = 16
    """Groups of the bands above (`spectral`)."""
    contrast: float = 1.0
    """How many times as far as learned the own bands stand out from those around them, where sounds are
    drawn; training does not know of it. 1 draws as learned, 2 sharpens lines and calls (`spectral`)."""

    def __post_init__(self) -> None:
        """Check the ranges."""
        require_sizes(
            self,
            "residual_channels",
            "gate_channels",
            "skip_channels",
            "mixtures",
            "own_bands",
            "noise_groups",
        )
        object.__setattr__(self, "dilations", tuple(self.dilations))
        require(
            len(self.dilations) <= _MOST_LAYERS,
            f"dilations has {len(self.dilations)} layers: at most {_MOST_LAYERS} can be used. Name fewer.",
        )
        require(
            len(self.dilations) > 0 and all(d >= 1 for d in self.dilations),
            f"dilations={self.dilations}: at least one layer is needed and every dilation must be 1 or more.",
        )
        require(
            sum(self.dilations) <= _LONGEST_PAST,
            f"dilations add up to {sum(self.dilations)}: at most {_LONGEST_PAST} can be used. Lower them.",
        )
        require(
            self.output in ("softmax", "mixture", "spectral"),
            f"output={self.output!r}: must be 'softmax', 'mixture' or 'spectral'.",
        )
        require(
            2 <= self.quantization_levels <= 65_536,
            f"quantization_levels={self.quantization_levels}: must lie in 2 to 65536. The paper's is 256.",
        )
        require(
            0.0 <= self.contrast <= 4.0,
            f"contrast={self.contrast}: must lie in 0 to 4. The default, 1, draws as learned.",
        )


@dataclass(frozen=True, kw_only=True)
class EnvelopeConfig:
    """How the spectrum moves, which the decoder follows: drawn by a second, coarser WaveNet, or kept."""

    kind: Literal["drawn", "kept"] = "drawn"
    """`drawn` by the coarser WaveNet, or `kept`: pieces of what recordings do, in an order left to chance."""
    kept_s: float = 10.0
    """Seconds around each texture that are kept."""
    components: int = 0
    """Principal components of the log-mel spectrum that move, such as 16; 0 leaves the envelope out."""
    regions: int = 0
    """Regions of each frame whose power is kept, too, and held exactly, such as 48; 0 keeps none (`kept`,
    with the spectral output)."""
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
        require(
            0 <= self.components <= 1024,
            f"envelope components={self.components}: must lie in 0 to 1024. Use 16, or 0 for no envelope.",
        )
        require(self.kind in ("drawn", "kept"), f"envelope kind={self.kind!r}: must be 'drawn' or 'kept'.")
        require(
            0 <= self.regions <= 1024,
            f"envelope regions={self.regions}: must lie in 0 to 1024. Use 48, or 0 to hold no power.",
        )
        require(
            self.regions == 0 or self.kind == "kept",
            f"envelope regions={self.regions} with kind={self.kind!r}: powers are held where they are kept. "
            "Set kind: kept, or regions: 0.",
        )
        require(
            0.5 <= self.kept_s <= 600.0,
            f"envelope kept_s={self.kept_s}: must lie in 0.5 to 600 seconds. The default is 10.0.",
        )
        require(1 <= self.hops <= 64, f"envelope hops={self.hops}: must lie in 1 to 64. The default is 4.")
        require_sizes(self, "channels", "skip_channels", "mixtures", of="envelope ")
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
