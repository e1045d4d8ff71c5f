"""How sounds are drawn, and where they go."""

import math
import numbers
from dataclasses import dataclass
from typing import Any, Literal

from photowave.settings.checks import require

LONGEST_S = 3600.0
MOST_TAKES = 1000
MP3_RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
"""Rates that the format knows, in Hz."""
_BITS = {"wav": (16, 24, 32), "flac": (16, 24), "ogg": (16,), "mp3": (16,)}
SOUND_FORMATS = tuple(_BITS)
"""In which sounds can be written."""


@dataclass(frozen=True, kw_only=True)
class DrawSettings:
    """How sounds are drawn."""

    duration_s: float = 5.0
    """Length of each sound in seconds."""
    seed: int = 0
    """The same photo, model and settings give the same samples, bit for bit; another seed, another take."""
    variation: int = 0
    """Another number lets the photo choose anew among the textures that fit it."""
    temperature: float = 1.0
    """1 draws as learned; below 1 calmer, above 1 wilder."""
    guidance: float = 1.0
    """1 draws as learned; above 1 lays more weight on the photo and takes twice the time."""
    loop: bool = False
    """Let the end meet the beginning, so that the sound can be repeated without a seam."""
    threads: int | None = None
    """Threads to draw with; null: one per core."""

    def __post_init__(self) -> None:
        """Check kinds and ranges."""
        for name in ("duration_s", "temperature", "guidance"):
            value = getattr(self, name)
            require(_is(value, numbers.Real), f"{name}={value!r}: must be a number. Drop the quotes.")
        for name in ("seed", "variation"):
            value = getattr(self, name)
            require(_is(value, numbers.Integral), f"{name}={value!r}: must be a whole number. Common: 0.")
            require(value >= 0, f"{name}={value}: must be 0 or more. Drop the minus sign.")
        require(
            self.threads is None or self.threads >= 1,
            f"threads={self.threads}: must be 1 or more, or None for one per core.",
        )
        require(
            math.isfinite(self.duration_s) and 0.0 < self.duration_s <= LONGEST_S,
            f"duration_s={self.duration_s:g}: must be above 0 and at most {LONGEST_S:g} seconds. Common: 5.",
        )
        require(
            math.isfinite(self.temperature) and 0.0 < self.temperature <= 10.0,
            f"temperature={self.temperature:g}: must be above 0 and at most 10. 1 draws as learned.",
        )
        require(
            math.isfinite(self.guidance) and 0.0 <= self.guidance <= 20.0,
            f"guidance={self.guidance:g}: must lie between 0 and 20. 1 draws as learned.",
        )

    def told(self) -> dict[str, Any]:
        """Plain values for descriptions: what a sound follows from."""
        names = ("seed", "variation", "temperature", "guidance", "duration_s")
        return {name: getattr(self, name) for name in names} | ({"loop": True} if self.loop else {})


@dataclass(frozen=True, kw_only=True)
class OutputSettings:
    """Where sounds go, and as what."""

    out: str = "soundscapes"
    """Folder for the sounds; made if it is not there."""
    format: Literal["wav", "flac", "ogg", "mp3"] = "wav"
    """Kind of sound file."""
    bits: Literal[16, 24, 32] = 16
    """Bits of a sample: 16, 24 (wav and flac), or 32 (wav: floating point)."""
    sample_rate: int | None = None
    """Samples per second; null: those of the model."""
    channels: Literal[1, 2] | None = None
    """1 mixes two channels down, 2 repeats one; null: those of the model."""
    fade_s: float = 0.0
    """Length of a fade at either end in seconds."""
    loudness_lufs: float | None = None
    """Loudness by ITU-R BS.1770, such as -23; null leaves the level of the model."""
    takes: int = 1
    """So many sounds for each photo, each with the next seed; their names end in -1, -2 and so on."""
    shard_size: int | None = None
    """Write tar files of so many photos each (WebDataset), and one index; null: a file for each sound."""

    def __post_init__(self) -> None:
        """Check ranges, and what goes together."""
        require(
            1 <= self.takes <= MOST_TAKES, f"takes={self.takes}: must lie in 1 to {MOST_TAKES}. Common: 3."
        )
        require(
            self.shard_size is None or self.shard_size >= 1,
            f"shard_size={self.shard_size}: must be 1 or more. Common: 1000.",
        )
        require(
            self.bits in _BITS[self.format],
            f"bits={self.bits}: a {self.format} file takes {' or '.join(map(str, _BITS[self.format]))}. "
            "Choose another format, or leave bits out.",
        )
        require(
            self.sample_rate is None or 8_000 <= self.sample_rate <= 192_000,
            f"sample_rate={self.sample_rate}: must lie in 8000 to 192000 Hz. Common: 44100 and 48000.",
        )
        require(
            0.0 <= self.fade_s <= LONGEST_S / 2,
            f"fade_s={self.fade_s:g}: must lie in 0 to {LONGEST_S / 2:g} seconds. Common: 0.5.",
        )
        require(
            self.format != "mp3" or self.sample_rate is None or self.sample_rate in MP3_RATES,
            f"sample_rate={self.sample_rate}: MP3 has no such rate. Use 44100 or 48000.",
        )
        lufs = self.loudness_lufs
        require(
            lufs is None or -60.0 <= lufs <= -5.0,
            f"loudness_lufs={lufs}: must lie in -60 to -5. Broadcast has -23, streaming -14.",
        )


def _is(value: object, kind: type) -> bool:
    """Tell whether a value is a number of a kind; NumPy's are, truth values are not."""
    return isinstance(value, kind) and not isinstance(value, bool)
