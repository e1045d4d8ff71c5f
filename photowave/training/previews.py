"""Sounds drawn during training, to listen to in TensorBoard."""

from copy import deepcopy
from pathlib import Path

import lightning as L
import numpy as np
import torch
from lightning.pytorch.loggers import TensorBoardLogger
from torch import Tensor

from photowave.audio.spectrogram import spectrogram_image
from photowave.checkpoint import LoadedModel
from photowave.generation import SoundscapeGenerator
from photowave.settings import DrawSettings, PreviewSettings
from photowave.training.averaging import averaged_weights
from photowave.training.datamodule import PairsDataModule
from photowave.training.task import SoundscapeTask

_DEFAULTS = PreviewSettings()


class Previews(L.Callback):
    """Draws a sound for a few validation photos with the averaged weights and logs it to TensorBoard.

    The photos are spread evenly over the split and stay the same, as do the random numbers, so that only the
    training changes what is heard. Other loggers get nothing. The training itself is not touched: drawing has
    its own random streams and works on a copy of the model.

    Args:
        data: Its validation photos are drawn for.
        settings: When, how many and how long.
    """

    def __init__(self, data: PairsDataModule, settings: PreviewSettings = _DEFAULTS):
        self._data, self.settings = data, settings

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Draw, if it is the turn of this epoch."""
        boards = [logger for logger in trainer.loggers if isinstance(logger, TensorBoardLogger)]
        asked = trainer.state.fn == "fit" and not trainer.sanity_checking and trainer.is_global_zero
        every = self.settings.every_n_epochs
        if not (boards and asked and every) or (trainer.current_epoch + 1) % every:
            return
        part = self._data.parts["val"]
        count = len(part.features)
        if count:
            chosen = np.linspace(0, count - 1, min(self.settings.photos, count)).round().astype(int)
            features = part.features[torch.from_numpy(chosen)]
            labels = [(part.pairing.photo_scenes[i], part.pairing.photos[i].stem) for i in chosen]
        else:
            # A model of a single clip needs no photo.
            features = part.features.new_zeros(1, part.features.shape[1])
            labels = [(None, part.bank.recordings[0].path.stem)]
        with averaged_weights(trainer, pl_module):
            assert isinstance(pl_module, SoundscapeTask)
            sounds = self.draw(pl_module, features)
        rate = part.bank.audio.sample_rate
        for (scene, stem), samples in zip(labels, sounds, strict=True):
            name = "/".join(["preview", *([scene] if scene else []), stem])
            picture = np.asarray(spectrogram_image(samples, rate))
            for board in boards:
                board.experiment.add_audio(name, samples[None], trainer.global_step, rate)
                board.experiment.add_image(name, picture, trainer.global_step, dataformats="HWC")

    @torch.no_grad()
    def draw(self, task: SoundscapeTask, features: Tensor) -> Tensor:
        """Draw a sound for each photo with the weights that the task holds.

        Args:
            task: Its model draws.
            features: Photo features, [photos, features].

        Returns:
            Samples within -1 to 1, float32 [photos, time].
        """
        model = deepcopy(task.model).cpu().float().eval()
        loaded = LoadedModel(
            model=model, path=Path("preview"), sha256="", encoder_fingerprint="", package_version=""
        )
        uniforms = torch.from_numpy(np.random.default_rng(0).random(len(features))).float()
        vectors = model.conditioner.photo_vector(features, uniforms)
        seeds = range(len(features))
        return SoundscapeGenerator(loaded).draw(
            vectors, DrawSettings(duration_s=self.settings.duration_s), seeds=seeds
        )
