"""How a model is trained."""

import math
from dataclasses import dataclass
from typing import Literal

from photowave.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
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
        if not 0.0 < self.learning_rate < 1.0:
            raise ConfigError(f"learning_rate={self.learning_rate}: must lie between 0 and 1, such as 2e-3.")
        if not 0.0 <= self.decay_share <= 1.0:
            raise ConfigError(
                f"decay_share={self.decay_share}: must lie between 0 and 1. The default is 0.5."
            )
        if self.warmup_steps < 0:
            raise ConfigError(f"warmup_steps={self.warmup_steps}: must be 0 or more. The default is 100.")
        if not 0.0 <= self.history_noise < math.inf:
            raise ConfigError(
                f"history_noise={self.history_noise}: must be 0 or more and finite. The default is 0."
            )
        if not 0.0 <= self.history_gain <= 2.0:
            raise ConfigError(
                f"history_gain={self.history_gain}: must lie in 0 to 2 nepers. A mild one is 0.4."
            )
        if self.dither_dbfs is not None and not -120.0 <= self.dither_dbfs <= -30.0:
            raise ConfigError(
                f"dither_dbfs={self.dither_dbfs}: must lie in -120 to -30 dBFS, or be null. Common: -70."
            )
        if self.matmul_precision not in ("highest", "high", "medium"):
            raise ConfigError(
                f"matmul_precision={self.matmul_precision!r}: must be 'highest', 'high' or 'medium'."
            )
        if not 0.0 <= self.envelope_noise < math.inf:
            raise ConfigError(
                f"envelope_noise={self.envelope_noise}: must be 0 or more and finite. The default is 0.5."
            )
        if not 0.0 <= self.envelope_shift < math.inf:
            raise ConfigError(
                f"envelope_shift={self.envelope_shift}: must be 0 or more and finite. The default is 0.5."
            )
        if not 0.0 < self.envelope_share <= 1.0:
            raise ConfigError(
                f"envelope_share={self.envelope_share}: must be above 0 and at most 1. The default is 0.25."
            )
        if not 0.0 < self.prior_penalty < math.inf:
            raise ConfigError(
                f"prior_penalty={self.prior_penalty}: must be above 0 and finite. The default is 1e-3."
            )
