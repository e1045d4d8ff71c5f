"""The training task: frames and a vector in, bits per sample out."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import lightning as L
import torch
from torch import Tensor

from photowave.calibration.calibrate import calibrate
from photowave.calibration.free_run import FreeRunTargets
from photowave.checkpoint import check_checkpoint, checkpoint_metadata, read_catalogue
from photowave.errors import ConfigError
from photowave.image import PhotoEncoder
from photowave.model import EnvelopeStack, PhotowaveModel
from photowave.model.scoring import bits_in_all, bits_per_sample, follow
from photowave.pairs.clips import Clip
from photowave.pairs.split_data import SplitData
from photowave.settings import ModelConfig, TrainingSettings
from photowave.training import schedule
from photowave.training.history import noisy_components, noisy_history, shifted_history
from photowave.training.resuming import ModelIdentity, check_same_model
from photowave.wavenet import MixtureOutput

_DEFAULT_MODEL, _DEFAULT_TRAINING = ModelConfig(), TrainingSettings()


class SoundscapeTask(L.LightningModule):
    """Trains a `PhotowaveModel` on clips. Call `calibrate` before the first step.

    Args:
        encoder: The model's photo encoder; it is only asked what it is, and not kept.
        config: Settings of the model.
        training: Settings of the training.
    """

    def __init__(
        self,
        encoder: PhotoEncoder,
        *,
        config: ModelConfig = _DEFAULT_MODEL,
        training: TrainingSettings = _DEFAULT_TRAINING,
    ):
        super().__init__()
        self.config = config
        self.training_settings = training
        self.encoder_fingerprint = encoder.fingerprint
        self.model = PhotowaveModel(self.config, feature_dim=encoder.feature_dim)
        self._targets: FreeRunTargets | None = None
        self._is_calibrated = False

    @property
    def identity(self) -> ModelIdentity:
        """What a checkpoint must share with this model."""
        return ModelIdentity(config=self.config, encoder_fingerprint=self.encoder_fingerprint)

    def calibrate(self, train: SplitData) -> None:
        """Measure scales, codebook, prior and what free runs shall come to.

        Args:
            train: The training split.
        """
        penalty = self.training_settings.prior_penalty
        self._targets = calibrate(self.model, train, seed=0, prior_penalty=penalty)
        self._is_calibrated = True

    def setup(self, stage: str) -> None:
        """See that training can begin.

        Raises:
            ConfigError: Another precision is asked for, or nothing was measured before.
        """
        if self.trainer.precision != "32-true":
            precision = self.trainer.precision
            raise ConfigError(f"trainer.precision={precision}: training takes 32-true only. Leave it out.")
        if stage == "fit" and not self._is_calibrated:
            raise ConfigError("the task is not calibrated. Call task.calibrate(TRAINING_SPLIT) before fit.")

    def training_step(self, batch: Clip, batch_index: int) -> dict[str, Tensor]:
        """Score a batch of clips, each from an empty past.

        Returns:
            What is minimised, as `loss`, and `bits_per_sample` of the decoder alone.
        """
        with self._chosen_precision():
            return self._train(batch)

    def backward(self, loss: Tensor, *args: Any, **kwargs: Any) -> None:
        """Find the gradients; Lightning calls this."""
        with self._chosen_precision():
            super().backward(loss, *args, **kwargs)

    @contextmanager
    def _chosen_precision(self) -> Iterator[None]:
        """Make matrix products as exact as asked: in training steps only, so that scores stay exact."""
        before = torch.get_float32_matmul_precision()
        torch.set_float32_matmul_precision(self.training_settings.matmul_precision)
        try:
            yield
        finally:
            torch.set_float32_matmul_precision(before)

    def _train(self, batch: Clip) -> dict[str, Tensor]:
        conditioner = self.model.conditioner
        # What is left to chance hangs on the clips alone: a resumed run draws what it would have drawn.
        chance = torch.Generator(self.device).manual_seed(int(batch["seed"][0]))
        vector = self._training_vector(batch)
        drop = (
            torch.rand(len(vector), generator=chance, device=self.device) < self.config.conditioning.dropout
        )
        history = None
        frames = self.model.codec.encode(self._dithered(batch["samples"], chance))
        settings = self.training_settings
        if settings.history_noise > 0 or settings.history_gain > 0:
            history = noisy_history(
                frames,
                self.model.wavenet.output,
                loudest=settings.history_noise,
                gain=settings.history_gain,
                generator=chance,
            )
        vector = conditioner.with_dropout(vector, drop)
        envelope, around, heard = self.model.envelope, batch["envelope"], None
        if envelope is not None:
            heard = self._noisy(envelope.frames(around.spectra), chance)
        # Only the coarser stack shapes the vector: the decoder, told the envelope, hardly needs it, and its
        # gradients would drown those of the stack that does. Where what is usual is measured, that stack
        # hears the texture by it, and the vector is there for both.
        alone = isinstance(envelope, EnvelopeStack) and self.model.wavenet.output.usual_size == 0
        led = vector.detach() if alone else vector
        track = follow(self.model, led, around, steps=frames.shape[1], heard=heard)
        bits = bits_per_sample(self.model, frames, track, history=history).mean()
        self.log("train/bits_per_sample", bits, prog_bar=True)
        if not isinstance(envelope, EnvelopeStack):
            return {"loss": bits, "bits_per_sample": bits.detach()}
        if self._progress() > settings.envelope_share:
            # Gradients of zero: each device of several waits for one for every weight.
            resting = 0.0 * torch.stack([weight.sum() for weight in self._coarse_weights()]).sum()
            return {"loss": bits + resting, "bits_per_sample": bits.detach()}
        past = self._noisy(self._shifted(envelope.frames(around.stretch), chance), chance)
        of_envelope = envelope.bits(vector, around, history=past).mean() / past.shape[-1]
        self.log("train/bits_per_component", of_envelope)
        return {"loss": bits + of_envelope, "bits_per_sample": bits.detach()}

    def validation_step(self, batch: Clip, batch_index: int) -> None:
        """Bits per sample with the clip's own vector, a right photo's and a wrong photo's."""
        self._evaluate(batch, "val")

    def test_step(self, batch: Clip, batch_index: int) -> None:
        """See `validation_step`."""
        self._evaluate(batch, "test")

    def _evaluate(self, batch: Clip, split: str) -> None:
        conditioner, samples = self.model.conditioner, batch["samples"]
        # As they are, without dither: baselines and `photowave evaluate` score the same clips.
        frames = self.model.codec.encode(samples)
        own = self._training_vector(batch)
        around = batch["envelope"]
        bits = bits_in_all(self.model, frames, own, around)
        self.log(
            f"{split}/bits_per_sample", bits.mean(), prog_bar=True, batch_size=len(samples), sync_dist=True
        )
        if isinstance(envelope := self.model.envelope, EnvelopeStack):
            of_envelope = envelope.bits(own, around).mean() / envelope.basis.shape[1]
            self.log(f"{split}/bits_per_component", of_envelope, batch_size=len(samples), sync_dist=True)
        paired = batch["paired"]
        if not paired.any():
            return
        right = conditioner.photo_vector(batch["features"], batch["uniform"])
        wrong = conditioner.photo_vector(batch["swapped"], batch["uniform"])
        of_right = bits_in_all(self.model, frames, right, around)[paired].mean()
        of_wrong = bits_in_all(self.model, frames, wrong, around)[paired].mean()
        count = int(paired.sum())
        self.log(f"{split}/bits_per_sample_photo", of_right, batch_size=count, sync_dist=True)
        self.log(
            f"{split}/photo_swap_gain", of_wrong - of_right, prog_bar=True, batch_size=count, sync_dist=True
        )

    def _dithered(self, samples: Tensor, chance: torch.Generator) -> Tensor:
        """Clips with the noise floor under them, [batch, time]."""
        if (level := self.training_settings.dither_dbfs) is None:
            return samples
        noise = torch.randn(samples.shape, generator=chance, device=samples.device)
        return samples + 10 ** (level / 20) * noise

    def _training_vector(self, batch: Clip) -> Tensor:
        """Conditioning of the clips' own sound, [batch, channels] or [batch, frames, channels]."""
        audio = self.config.audio
        frames = torch.arange(batch["samples"].shape[1] // audio.bands, device=self.device)
        seconds = batch["start_s"][:, None] + frames / audio.frame_rate
        return self.model.conditioner.training_vector(batch["features"], batch["texture"], seconds=seconds)

    def _shifted(self, envelope_frames: Tensor, chance: torch.Generator) -> Tensor:
        """Components that tell how they move, but not where they are."""
        envelope, spread = self.model.envelope, self.training_settings.envelope_shift
        assert isinstance(envelope, EnvelopeStack)
        output = envelope.wavenet.output
        assert isinstance(output, MixtureOutput)
        if spread == 0:
            return envelope_frames
        return shifted_history(envelope_frames, output, spread=spread, generator=chance)

    def _noisy(self, envelope_frames: Tensor, chance: torch.Generator) -> Tensor:
        """Components as they might be drawn."""
        envelope, loudest = self.model.envelope, self.training_settings.envelope_noise
        assert envelope is not None
        if loudest == 0:
            return envelope_frames
        return noisy_components(envelope_frames, spread=envelope.SPREAD, loudest=loudest, generator=chance)

    def _progress(self) -> float:
        """Share of the training that is done; 0 outside of one."""
        return 0.0 if self._trainer is None else schedule.progress(self._trainer)

    def _coarse_weights(self) -> list[Tensor]:
        """The weights of the coarser stack and of the vector that it shapes; none without it."""
        envelope = self.model.envelope
        if not isinstance(envelope, EnvelopeStack):
            return []
        parts = (envelope.wavenet, envelope.moments, self.model.conditioner)
        return [weight for part in parts for weight in part.parameters() if weight.requires_grad]

    def configure_optimizers(self) -> Any:
        """Adam over what is learned, and the schedules: that of the coarser stack is over sooner."""
        settings = self.training_settings
        coarse = self._coarse_weights()
        known = {id(weight) for weight in coarse}
        learned = [p for p in self.parameters() if p.requires_grad and id(p) not in known]
        groups = [group for group in (learned, coarse) if group]
        optimiser = torch.optim.Adam(
            [{"params": group} for group in groups], lr=settings.learning_rate, betas=(0.9, 0.99), fused=True
        )

        def rate(step: int, share: float = 1.0) -> float:
            return schedule.factor(
                step,
                self._progress() / share,
                warmup_steps=settings.warmup_steps,
                decay_share=settings.decay_share,
            )

        def coarse_rate(step: int) -> float:
            share = settings.envelope_share
            return rate(step, share) if self._progress() <= share else 0.0

        rates: list[Any] = [rate, coarse_rate]
        scheduler = torch.optim.lr_scheduler.LambdaLR(optimiser, rates[: len(groups)])
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Put beside the weights what is needed to build the model again and to finish it."""
        checkpoint["photowave"] = checkpoint_metadata(
            self.model,
            encoder_fingerprint=self.encoder_fingerprint,
            free_run=None if self._targets is None else self._targets.to_checkpoint(),
        )

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Refuse a checkpoint of another model, and say what differs.

        Raises:
            CheckpointError: It is none of photowave's, or its settings or its photo encoder are others.
        """
        metadata = check_checkpoint("the checkpoint", checkpoint.get("photowave"))
        check_same_model(ModelIdentity.from_checkpoint(metadata), self.identity)
        self.model.catalogue = read_catalogue(self.model, metadata) or self.model.catalogue
        if (free_run := metadata.get("free_run")) is not None:
            self._targets = FreeRunTargets.from_checkpoint(free_run)
