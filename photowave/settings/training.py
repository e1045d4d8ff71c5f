"""How a model is trained."""

import math
from dataclasses import dataclass
from typing import Literal

from photowave.settings.checks import require


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """How the model is trained."""

    learning_rate: float = 2e-3
    """Learning rate of Adam."""
    warmup_steps: int = 100
    """Steps over which the learning rate rises."""
    decay_share: float = 0.5
    """Last share of the training over which the learning rate falls."""
    history_noise: float = 0.0
    """Loudest noise on the past that the decoder sees, in units of the sound's own level; 0 adds none."""
    history_gain: float = 0.0
    """Spread of the random gains on that past, in nepers (8.7 dB); 0 leaves its level alone."""
    dither_dbfs: float | None = None
    """Level of white noise that is laid under every clip, such as -70: bands that a recording leaves empty
    would otherwise take more of the learning than those with sound. None lays none."""
    matmul_precision: Literal["highest", "high", "medium"] = "highest"
    """How exact matrix products are while training; `medium` is much quicker on processors with bfloat16."""
    envelope_noise: float = 0.5
    """Loudest noise on the envelope, as the decoder sees it and as the coarser stack sees its own past, in
    standard deviations; 0 adds none."""
    envelope_shift: float = 0.5
    """Largest random shifts of the past that the coarser stack sees, in standard deviations: without them a
    free run wanders off, as its own past outweighs the conditioning; 0 shifts nothing."""
    envelope_share: float = 0.25
    """First share of the training in which the coarser stack and the vector learn; then they rest, and the
    decoder goes on. The stack sees a few steps a second, and so little of them that it would soon know the
    recordings by heart: its score on unheard ones tells when. 1 lets it learn to the end."""
    prior_penalty: float = 1e-3
    """Weight of the squared weights when the photo's prior over textures is fitted."""

    def __post_init__(self) -> None:
        """Check the ranges."""
        require(
            0.0 < self.learning_rate < 1.0,
            f"learning_rate={self.learning_rate}: must lie between 0 and 1, such as 2e-3.",
        )
        require(
            0.0 <= self.decay_share <= 1.0,
            f"decay_share={self.decay_share}: must lie between 0 and 1. The default is 0.5.",
        )
        require(
            self.warmup_steps >= 0,
            f"warmup_steps={self.warmup_steps}: must be 0 or more. The default is 100.",
        )
        require(
            0.0 <= self.history_noise < math.inf,
            f"history_noise={self.history_noise}: must be 0 or more and finite. The default is 0.",
        )
        require(
            0.0 <= self.history_gain <= 2.0,
            f"history_gain={self.history_gain}: must lie in 0 to 2 nepers. A mild one is 0.4.",
        )
        require(
            self.dither_dbfs is None or -120.0 <= self.dither_dbfs <= -30.0,
            f"dither_dbfs={self.dither_dbfs}: must lie in -120 to -30 dBFS, or be null. Common: -70.",
        )
        require(
            self.matmul_precision in ("highest", "high", "medium"),
            f"matmul_precision={self.matmul_precision!r}: must be 'highest', 'high' or 'medium'.",
        )
        require(
            0.0 <= self.envelope_noise < math.inf,
            f"envelope_noise={self.envelope_noise}: must be 0 or more and finite. The default is 0.5.",
        )
        require(
            0.0 <= self.envelope_shift < math.inf,
            f"envelope_shift={self.envelope_shift}: must be 0 or more and finite. The default is 0.5.",
        )
        require(
            0.0 < self.envelope_share <= 1.0,
            f"envelope_share={self.envelope_share}: must be above 0 and at most 1. The default is 0.25.",
        )
        require(
            0.0 < self.prior_penalty < math.inf,
            f"prior_penalty={self.prior_penalty}: must be above 0 and finite. The default is 1e-3.",
        )


@dataclass(frozen=True, kw_only=True)
class AverageSettings:
    """The moving average of the weights, which is what is validated, previewed and exported."""

    decay: float = 0.999
    """Weight of the old average once the run is long."""

    def __post_init__(self) -> None:
        """Check the range."""
        require(0.0 <= self.decay < 1.0, f"decay={self.decay}: must lie in [0, 1). The default is 0.999.")


@dataclass(frozen=True, kw_only=True)
class PreviewSettings:
    """Sounds that are drawn during training, to listen to in TensorBoard."""

    every_n_epochs: int = 4
    """Epochs from one set to the next; 0 draws none."""
    photos: int = 4
    """Number of photos."""
    duration_s: float = 3.0
    """Length of each sound, in seconds."""

    def __post_init__(self) -> None:
        """Check the ranges."""
        require(
            self.every_n_epochs >= 0,
            f"every_n_epochs={self.every_n_epochs}: must be 0 or more. 0 draws none.",
        )
        require(self.photos >= 1, f"photos={self.photos}: must be at least 1. The default is 4.")
        require(
            0.0 < self.duration_s <= 60.0,
            f"duration_s={self.duration_s:g}: must be above 0 and at most 60 seconds. The default is 3.",
        )


@dataclass(frozen=True, kw_only=True)
class CheckpointSettings:
    """When the state of a training is saved, and where."""

    every_minutes: float = 5.0
    """Longest time between two states, in minutes; 0 saves after every step."""
    dirpath: str | None = None
    """Folder; null: `checkpoints` in the folder of the logger."""

    def __post_init__(self) -> None:
        """Check the range."""
        require(
            self.every_minutes >= 0.0,
            f"every_minutes={self.every_minutes}: must be 0 or more. Drop the minus.",
        )
