"""Which pairs there are, how they are split, and how clips are cut from them."""

import math
from dataclasses import dataclass, field
from typing import Literal

from photowave.settings.checks import require


@dataclass(frozen=True, kw_only=True)
class SplitSettings:
    """How a folder of scenes is split; a manifest names its splits itself."""

    seed: int = 0
    """Another seed, another split."""
    val: float = 0.15
    """Share of photos and recordings for validation."""
    test: float = 0.15
    """Share of photos and recordings kept for the test."""

    def __post_init__(self) -> None:
        """Check the shares."""
        require(
            0 <= self.val < 1 and 0 <= self.test < 1 and self.val + self.test < 1,
            f"val={self.val}, test={self.test}: shares must not be negative and must leave something to "
            "train on. The defaults are 0.15 and 0.15.",
        )


@dataclass(frozen=True, kw_only=True)
class DataSettings:
    """Which pairs a training uses, and how it cuts clips from them."""

    pairs: str | None = None
    """A manifest (CSV), a folder of scenes, a single sound file, or shards: a folder or an address such as
    s3://BUCKET/DIR; null: the set of places."""
    pairing: Literal["scene", "row"] = "scene"
    """`scene`: any photo of a scene goes with any sound of it; `row`: only the two of one row."""
    clip_s: float = 0.5
    """Length of a training clip, in seconds; rounded to whole frames."""
    batch_size: int = 4
    """Clips per training step."""
    clips_per_epoch: int = 1000
    """Clips until the next validation and checkpoint."""
    val_clips: int = 64
    """Validation clips; always the same."""
    val_clip_s: float = 1.0
    """Length of a validation clip, in seconds."""
    window_s: float = 5.0
    """Length of sound that a texture describes, in seconds."""
    fade_s: float = 0.0
    """Longest fade that is cut off at either end of a recording, in seconds; 0 cuts nothing."""
    level: Literal["rms", "loudness"] = "rms"
    """What `model.audio.rms_dbfs` sets in each recording: `rms`: its mean power, in dBFS; `loudness`: how
    loud it seems, in LUFS by ITU-R BS.1770, which counts rumble less and leaves out soft passages."""
    strict: bool = False
    """Refuse to train if any row cannot be used, instead of leaving such rows out."""
    cache: bool = True
    """Keep the decoded recordings in the user's cache folder: the next training starts at once, and they
    lie on disk in place of memory, 4 bytes a sample."""
    cache_gb: float = 50.0
    """The most that they may take there, in GB: once a training has read its own, those that nobody uses are
    removed, those unused longest first."""
    splits: SplitSettings = field(default_factory=SplitSettings)
    """How a folder of scenes is split."""
    workers: int = 0
    """Processes that cut clips; 0 cuts them in the main process."""

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name, default in (("clip_s", 0.5), ("val_clip_s", 1), ("window_s", 5)):
            value = getattr(self, name)
            require(
                0 < value < math.inf,
                f"{name}={value}: must be above 0 seconds and finite. The default is {default}.",
            )
        require(self.level in ("rms", "loudness"), f"level={self.level!r}: must be 'rms' or 'loudness'.")
        for name, default in (("batch_size", 4), ("val_clips", 64)):
            value = getattr(self, name)
            require(value >= 1, f"{name}={value}: must be at least 1. The default is {default}.")
        require(
            self.clips_per_epoch >= self.batch_size,
            f"clips_per_epoch={self.clips_per_epoch}: must be at least batch_size={self.batch_size}. "
            "Raise it.",
        )
        require(
            self.cache_gb >= 0,
            f"cache_gb={self.cache_gb}: must not be negative. The default is 50; .inf removes nothing.",
        )
        require(
            0.0 <= self.fade_s < math.inf,
            f"fade_s={self.fade_s}: must be 0 seconds or more and finite. The default is 0.",
        )
