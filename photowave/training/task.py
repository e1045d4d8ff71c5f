"""The training task: frames and a vector in, bits per sample out."""

import math
from dataclasses import dataclass
from typing import Any

import lightning as L
import torch
from torch import Tensor

from photowave.config import ModelConfig
from photowave.errors import ConfigError
from photowave.image.encoder import build_encoder
from photowave.model import PhotowaveModel
from photowave.pairs.clips import Clip
from photowave.training import schedule
from photowave.training.calibration import calibrate, check_single
from photowave.training.history import noisy_history
from photowave.training.resuming import ModelIdentity, check_same_model


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
        if not 0.0 < self.prior_penalty < math.inf:
            raise ConfigError(
                f"prior_penalty={self.prior_penalty}: must be above 0 and finite. The default is 1e-3."
            )


_DEFAULT_MODEL, _DEFAULT_TRAINING = ModelConfig(), TrainingConfig()


class SoundscapeTask(L.LightningModule):
    """Trains a `PhotowaveModel` on clips.

    Args:
        config: Settings of the model.
        training: Settings of the training.
    """

    def __init__(self, *, config: ModelConfig = _DEFAULT_MODEL, training: TrainingConfig = _DEFAULT_TRAINING):
        super().__init__()
        self.config = config
        self.training_config = training
        encoder = build_encoder(self.config.image)
        self.encoder_fingerprint = encoder.fingerprint
        self.model = PhotowaveModel(self.config, feature_dim=encoder.feature_dim)

    @property
    def identity(self) -> ModelIdentity:
        """What a checkpoint must share with this model."""
        return ModelIdentity(config=self.config, encoder_fingerprint=self.encoder_fingerprint)

    def setup(self, stage: str) -> None:
        """Measure scales, codebook and prior on the training split before the first step.

        Raises:
            ConfigError: Another precision is asked for, or conditioning by position has no single clip.
        """
        if self.trainer.precision != "32-true":
            precision = self.trainer.precision
            raise ConfigError(f"trainer.precision={precision}: training takes 32-true only. Leave it out.")
        parts = self.trainer.datamodule.parts  # type: ignore[attr-defined]
        check_single(self.model, parts.values())
        if stage == "fit":
            train = parts["train"]
            penalty = self.training_config.prior_penalty
            calibrate(self.model, train, seed=0, prior_penalty=penalty)

    def training_step(self, batch: Clip, batch_index: int) -> Tensor:
        """Bits per sample of a batch of clips, each from an empty past."""
        conditioner = self.model.conditioner
        # What is left to chance hangs on the clips alone: a resumed run draws what it would have drawn.
        chance = torch.Generator(self.device).manual_seed(int(batch["seed"][0]))
        vector = self._training_vector(batch)
        drop = (
            torch.rand(len(vector), generator=chance, device=self.device) < self.config.conditioning.dropout
        )
        samples = batch["samples"]
        history = None
        frames = self.model.codec.encode(samples)
        if (loudest := self.training_config.history_noise) > 0:
            output = self.model.wavenet.output
            history = noisy_history(frames, output, loudest=loudest, generator=chance)
        loss = self._bits(frames, conditioner.with_dropout(vector, drop), history=history).mean()
        self.log("train/bits_per_sample", loss, prog_bar=True)
        return loss

    def validation_step(self, batch: Clip, batch_index: int) -> None:
        """Bits per sample with the clip's own vector, a right photo's and a wrong photo's."""
        self._evaluate(batch, "val")

    def test_step(self, batch: Clip, batch_index: int) -> None:
        """See `validation_step`."""
        self._evaluate(batch, "test")

    def _evaluate(self, batch: Clip, split: str) -> None:
        conditioner, samples = self.model.conditioner, batch["samples"]
        frames = self.model.codec.encode(samples)
        own = self._training_vector(batch)
        bits = self._bits(frames, own)
        self.log(
            f"{split}/bits_per_sample", bits.mean(), prog_bar=True, batch_size=len(samples), sync_dist=True
        )
        paired = batch["paired"]
        if not paired.any():
            return
        right = conditioner.photo_vector(batch["features"], batch["uniform"])
        wrong = conditioner.photo_vector(batch["swapped"], batch["uniform"])
        of_right = self._bits(frames, right)[paired].mean()
        of_wrong = self._bits(frames, wrong)[paired].mean()
        count = int(paired.sum())
        self.log(f"{split}/bits_per_sample_photo", of_right, batch_size=count, sync_dist=True)
        self.log(
            f"{split}/photo_swap_gain", of_wrong - of_right, prog_bar=True, batch_size=count, sync_dist=True
        )

    def _training_vector(self, batch: Clip) -> Tensor:
        """Conditioning of the clips' own sound, [batch, channels] or [batch, frames, channels]."""
        audio = self.config.audio
        frames = torch.arange(batch["samples"].shape[1] // audio.bands, device=self.device)
        seconds = batch["start_s"][:, None] + frames / audio.frame_rate
        return self.model.conditioner.training_vector(batch["features"], batch["texture"], seconds=seconds)

    def _bits(self, frames: Tensor, vector: Tensor, *, history: Tensor | None = None) -> Tensor:
        """Bits per sample of each clip, [batch]."""
        log2_prob = self.model.wavenet.score(frames, vector, history=history)
        return -log2_prob.mean(1) / self.model.codec.bands

    def configure_optimizers(self) -> Any:
        """Adam over what is learned, and the schedule."""
        settings = self.training_config
        learned = [p for p in self.parameters() if p.requires_grad]
        optimiser = torch.optim.Adam(learned, lr=settings.learning_rate, betas=(0.9, 0.99), fused=True)

        def rate(step: int) -> float:
            return schedule.factor(
                step,
                schedule.progress(self.trainer),
                warmup_steps=settings.warmup_steps,
                decay_share=settings.decay_share,
            )

        scheduler = torch.optim.lr_scheduler.LambdaLR(optimiser, rate)
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Put beside the weights what is needed to build the model again, as plain text and numbers."""
        checkpoint["photowave"] = self.identity.to_checkpoint() | {"feature_dim": self.model.feature_dim}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Refuse a checkpoint of another model, and say what differs.

        Raises:
            CheckpointError: It is none of photowave's, or its settings or its photo encoder are others.
        """
        check_same_model(ModelIdentity.from_checkpoint(checkpoint.get("photowave")), self.identity)
