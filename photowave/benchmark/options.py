"""What can be set about a benchmark; no torch here, so that `photowave bench --help` stays quick."""

from dataclasses import dataclass

from photowave.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class BenchOptions:
    """Options of `photowave bench`."""

    out: str = "bench.json"
    """JSON file to write."""
    quick: bool = False
    """Few runs, short sounds, and no reference network."""
    threads: int | None = None
    """Threads of training and of drawing several sounds; null: one per core."""
    model: str = "default"
    """The model whose settings are measured: `default`, or a model file."""
    clip_s: float = 0.5
    """Length of a training clip in seconds."""
    batch_size: int = 4
    """Clips per training step."""
    reference_crop: int = 10_000
    """Samples that the reference network's step takes at a time; its gradients add up over 100,000."""

    def __post_init__(self) -> None:
        """Check the ranges."""
        if self.threads is not None and self.threads < 1:
            raise ConfigError(f"threads={self.threads}: must be at least 1, or null for one per core.")
        if not 0.0 < self.clip_s <= 60.0:
            raise ConfigError(f"clip_s={self.clip_s}: must be above 0 and at most 60 seconds. Common: 0.5.")
        if self.batch_size < 1:
            raise ConfigError(f"batch_size={self.batch_size}: must be at least 1.")
        if not 1 <= self.reference_crop <= 100_000:
            raise ConfigError(f"reference_crop={self.reference_crop}: must lie between 1 and 100000 samples.")
