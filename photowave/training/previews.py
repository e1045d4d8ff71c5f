"""Sounds drawn during training, to listen to in TensorBoard."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import lightning as L
import numpy as np
import torch
from lightning.pytorch.loggers import TensorBoardLogger
from torch import Tensor

from photowave.audio.spectrogram import spectrogram_image
from photowave.checkpoint import LoadedModel
from photowave.errors import ConfigError
from photowave.generation import SoundscapeGenerator
from photowave.training.averaging import averaged_weights


class Previews(L.Callback):
    """Draws a sound for a few validation photos with the averaged weights and logs it to TensorBoard.

    The photos are spread evenly over the split and stay the same, as do the random numbers, so that only the
    training changes what is heard. Other loggers get nothing. The training itself is not touched: drawing has
    its own random streams and works on a copy of the model.

    Args:
        every_n_epochs: Epochs from one set to the next; 0 draws none.
        photos: Number of photos.
        duration_s: Length of each sound, in seconds.
        seed: Another seed, other sounds.
    """

    def __init__(self, *, every_n_epochs: int = 4, photos: int = 4, duration_s: float = 3.0, seed: int = 0):
        if every_n_epochs < 0 or photos < 1 or not 0.0 < duration_s <= 60.0:
            raise ConfigError(
                f"previews: every_n_epochs={every_n_epochs}, photos={photos}, duration_s={duration_s:g}: "
                "must be at least 0, at least 1, and between 0 and 60 seconds. Mend the one that is not."
            )
        self.every_n_epochs, self.photos = every_n_epochs, photos
        self.duration_s, self.seed = duration_s, seed

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Draw, if it is the turn of this epoch."""
        boards = [logger for logger in trainer.loggers if isinstance(logger, TensorBoardLogger)]
        asked = trainer.state.fn == "fit" and not trainer.sanity_checking and trainer.is_global_zero
        if not (boards and asked and self.every_n_epochs):
            return
        if (trainer.current_epoch + 1) % self.every_n_epochs:
            return
        data: Any = trainer.datamodule  # type: ignore[attr-defined]
        part = data.parts["val"]
        count = len(part.features)
        if count:
            chosen = np.linspace(0, count - 1, min(self.photos, count)).round().astype(int)
            features = part.features[torch.from_numpy(chosen)]
            labels = [(part.pairing.photo_scenes[i], part.pairing.photos[i].stem) for i in chosen]
        else:
            # A model of a single clip needs no photo.
            features = part.features.new_zeros(1, part.features.shape[1])
            labels = [(None, part.bank.recordings[0].path.stem)]
        with averaged_weights(trainer):
            sounds = self.draw(pl_module, features)
        rate = part.bank.audio.sample_rate
        for (scene, stem), samples in zip(labels, sounds, strict=True):
            name = "/".join(["preview", *([scene] if scene else []), stem])
            picture = np.asarray(spectrogram_image(samples, rate))
            for board in boards:
                board.experiment.add_audio(name, samples[None], trainer.global_step, rate)
                board.experiment.add_image(name, picture, trainer.global_step, dataformats="HWC")

    @torch.no_grad()
    def draw(self, task: Any, features: Tensor) -> Tensor:
        """Draw a sound for each photo with the weights that the task holds.

        Args:
            task: A `SoundscapeTask`.
            features: Photo features, [photos, features].

        Returns:
            Samples within -1 to 1, float32 [photos, time].
        """
        model = deepcopy(task.model).cpu().float().eval()
        loaded = LoadedModel(
            model=model, path=Path("preview"), sha256="", encoder_fingerprint="", package_version=""
        )
        uniforms = torch.from_numpy(np.random.default_rng(self.seed).random(len(features))).float()
        vectors = model.conditioner.photo_vector(features, uniforms)
        seeds = [self.seed + index for index in range(len(features))]
        return SoundscapeGenerator(loaded).draw(vectors, duration_s=self.duration_s, seeds=seeds)
