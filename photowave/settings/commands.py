"""What single commands take: `evaluate`, `overfit`, `bench` and `pairs check`."""

from dataclasses import dataclass, field
from typing import Literal

from photowave.settings.checks import require
from photowave.settings.data import SplitSettings
from photowave.settings.drawing import DrawSettings

SPLITS = ("train", "val", "test")
MOST_SEEDS = 100
MOST_PHOTOS = 10_000
SHORTEST_S, LONGEST_S = 1.0, 60.0
_MOST_MINUTES = 10_000


@dataclass(frozen=True, kw_only=True)
class EvaluateSettings:
    """What an evaluation judges; how the sounds are drawn stands in `DrawSettings`."""

    pairs: str | None = None
    """Manifest, or folder of scenes; null: the set of places."""
    split: Literal["train", "val", "test"] = "test"
    """Whose photos sounds are drawn for, and whose recordings the bits per sample are counted on."""
    splits: SplitSettings = field(default_factory=SplitSettings)
    """How a folder of scenes is split: give what the model was trained with (`data.splits` there)."""
    level: Literal["rms", "loudness"] = "rms"
    """What recordings are brought to the same of: give what the model was trained with (`data.level`)."""
    photos: int = 50
    """The most photos; of more, as many are chosen by lot, evenly over the scenes."""
    seeds: int = 3
    """Sounds per photo; their seeds are 0, 1 and so on."""
    seed: int = 0
    """What all chance but that of the sounds and of the split follows from."""
    embedding: str | None = None
    """Folder with CLAP, PANNs (Cnn14) or VGGish weights, for Frechet and kernel audio distances."""

    def __post_init__(self) -> None:
        """Check kinds and ranges."""
        require(
            self.split in SPLITS,
            f"split={self.split!r}: must be one of {', '.join(SPLITS)}. The default is test.",
        )
        require(
            self.level in ("rms", "loudness"),
            f"level={self.level!r}: must be rms or loudness. The default is rms.",
        )
        for name, least, most, default in (("photos", 2, MOST_PHOTOS, 50), ("seeds", 1, MOST_SEEDS, 3)):
            value = getattr(self, name)
            require(
                isinstance(value, int) and not isinstance(value, bool) and least <= value <= most,
                f"{name}={value!r}: must be a whole number from {least} to {most}. The default is {default}.",
            )
        require(
            isinstance(self.seed, int) and not isinstance(self.seed, bool) and self.seed >= 0,
            f"seed={self.seed!r}: must be a whole number, 0 or more. The default is 0.",
        )


def check_judged_length(draw: DrawSettings) -> None:
    """See that sounds are long enough to be judged, and short enough.

    Raises:
        ConfigError: They are not.
    """
    require(
        SHORTEST_S <= draw.duration_s <= LONGEST_S,
        f"duration_s={draw.duration_s:g}: sounds of {SHORTEST_S:g} to {LONGEST_S:g} seconds can be judged. "
        "The default is 5.",
    )


@dataclass(frozen=True, kw_only=True)
class OverfitSettings:
    """How `photowave overfit` learns a clip and draws it."""

    minutes: float = 10.0
    """How long to train."""
    steps: int | None = None
    """Train for so many steps instead; then the same seed gives the same result."""
    out: str = "overfit"
    """Folder for sounds, picture, report and model; made if it is not there."""
    bands: int = 16
    """Bands of the filter bank, 2 to 16: one step draws so many samples."""
    seed: int = 0
    """Another seed, other weights, crops and drawing."""
    temperature: float = 0.7
    """Of the drawing: 1 draws as learned, below 1 calmer."""

    def __post_init__(self) -> None:
        """Check the ranges."""
        require(
            0.0 < self.minutes <= _MOST_MINUTES,
            f"minutes={self.minutes:g}: must be above 0 and at most {_MOST_MINUTES}. The default is 10.",
        )
        require(
            self.steps is None or self.steps >= 1,
            f"steps={self.steps}: must be at least 1. Leave it out to train by the clock.",
        )
        require(self.bands in (2, 4, 8, 16), f"bands={self.bands}: must be 2, 4, 8 or 16. The default is 16.")
        require(0 <= self.seed < 2**32, f"seed={self.seed}: must lie in 0 to {2**32 - 1}. The default is 0.")
        require(
            0.0 < self.temperature <= 10.0,
            f"temperature={self.temperature:g}: must be above 0 and at most 10. The default is 0.7.",
        )


@dataclass(frozen=True, kw_only=True)
class BenchSettings:
    """What `photowave bench` measures."""

    out: str = "bench.json"
    """JSON file to write."""
    quick: bool = False
    """Few runs, short sounds, and no reference network."""
    threads: int | None = None
    """Threads of training and of drawing several sounds; null: one per core."""
    model: str = "default"
    """The model whose settings are measured: `default`, or a model file."""
    clip_s: float = 3.0
    """Length of a training clip in seconds."""
    batch_size: int = 4
    """Clips per training step."""
    reference_crop: int = 10_000
    """Samples that the reference network's step takes at a time; its gradients add up over 100,000."""

    def __post_init__(self) -> None:
        """Check the ranges."""
        require(
            self.threads is None or self.threads >= 1,
            f"threads={self.threads}: must be at least 1, or null for one per core.",
        )
        require(
            0.0 < self.clip_s <= 60.0,
            f"clip_s={self.clip_s}: must be above 0 and at most 60 seconds. Common: 3.",
        )
        require(self.batch_size >= 1, f"batch_size={self.batch_size}: must be at least 1.")
        require(
            1 <= self.reference_crop <= 100_000,
            f"reference_crop={self.reference_crop}: must lie between 1 and 100000 samples.",
        )


@dataclass(frozen=True, kw_only=True)
class CheckSettings:
    """What `photowave pairs check` looks for, and what the training will need."""

    clip_s: float = 1.0
    """Sound that a training needs of a recording, in seconds: the longer of its `clip_s` and `val_clip_s`. A
    whole recording of half of it is repeated."""
    window_s: float = 5.0
    """Sound that a texture describes, in seconds, as in the training: so much of an excerpt is used."""
    sample_rate: int = 44_100
    """What the model will draw at, in Hz: recordings that end far below half of it are named."""
    speech: bool = True
    """Whether to listen for speech (extra `check`)."""
    music: bool = True
    """Whether to look for signs of music."""
    reject: list[str] = field(default_factory=list)
    """Kinds of findings, such as `clipped`, whose rows shall count as rejected, too."""
    workers: int | None = None
    """Threads; null: one per core."""

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name, default in (("clip_s", 1), ("window_s", 5)):
            value = getattr(self, name)
            require(
                0.0 < value <= 3600.0,
                f"{name}={value:g}: must be above 0 and at most 3600 seconds. The default is {default}.",
            )
        require(
            1_000 <= self.sample_rate <= 192_000,
            f"sample_rate={self.sample_rate}: must lie between 1000 and 192000 Hz. The default is 44100.",
        )
        require(
            self.workers is None or self.workers >= 1,
            f"workers={self.workers}: must be at least 1, or null for one per core.",
        )
