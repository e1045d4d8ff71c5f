"""Everything needed to build a model again, and its way through JSON."""

import dataclasses
import json
import math
from dataclasses import dataclass, field
from typing import Any, Self

from photowave.errors import ConfigError
from photowave.settings.checks import require
from photowave.settings.inputs import AudioConfig, ConditioningConfig, ImageConfig
from photowave.settings.networks import EnvelopeConfig, WaveNetConfig


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
        require(
            self.envelope.components <= self.audio.texture_mels,
            f"envelope components={self.envelope.components}: there are {self.audio.texture_mels} mel bands "
            "(audio.texture_mels). Use fewer components, or more bands.",
        )
        require(
            self.envelope.components == 0 or self.conditioning.kind != "position",
            "conditioning kind 'position' tells the decoder where in its clip it is, and needs no envelope. "
            "Set envelope.components: 0, or kind: texture.",
        )
        require(
            self.envelope.components == 0
            or self.envelope.kind == "drawn"
            or self.conditioning.kind == "texture",
            f"envelope kind 'kept' with conditioning kind {self.conditioning.kind!r}: envelopes are kept for "
            "textures. Set kind: drawn, or conditioning.kind: texture.",
        )
        require(
            self.envelope.regions == 0
            or (self.wavenet.output == "spectral" and self.envelope.components > 0),
            f"envelope regions={self.envelope.regions} with output={self.wavenet.output!r} and "
            f"components={self.envelope.components}: powers are held in frames of the spectral output that "
            "an envelope leads. Set regions: 0, or these.",
        )
        require(
            self.wavenet.output != "softmax" or self.audio.bands == 1,
            f"output='softmax' with bands={self.audio.bands}: the softmax output draws single samples. "
            "Set output: mixture, or bands: 1.",
        )
        require(
            self.wavenet.output != "spectral" or 1 < self.wavenet.own_bands <= self.audio.bands,
            f"own_bands={self.wavenet.own_bands} with bands={self.audio.bands}: the spectral output needs "
            "from 2 to all of them. Lower own_bands, or raise audio.bands.",
        )
        require(
            self.audio.channels == 1
            or (self.wavenet.output == "spectral" and self.conditioning.kind == "texture"),
            f"audio channels=2 with output={self.wavenet.output!r} and kind={self.conditioning.kind!r}: only "
            "the spectral output, led by textures, draws stereo. Set channels: 1, or these.",
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
