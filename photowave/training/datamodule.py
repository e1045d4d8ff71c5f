"""Pairs as Lightning takes them: splits in memory, clips in batches."""

import logging
from typing import Any, Literal

import lightning as L
from torch.utils.data import DataLoader

from photowave.errors import ConfigError
from photowave.image import PhotoEncoder
from photowave.pairs.clips import Clip, ClipDataset, EpochSampler
from photowave.pairs.sources import open_pairs
from photowave.pairs.split_data import SplitData, read_split
from photowave.settings import DataSettings, ModelConfig

_log = logging.getLogger(__name__)
_OF_SCORING = 1_000_003


class PairsDataModule(L.LightningDataModule):
    """Feeds training, validation and test with clips.

    Args:
        settings: Which pairs, and how clips are cut.
        config: The model that they are for.
        encoder: The model's photo encoder.
        seed: Another seed, other clips.

    Attributes:
        parts: The splits that were read, by name; see `setup`.
    """

    def __init__(self, settings: DataSettings, *, config: ModelConfig, encoder: PhotoEncoder, seed: int = 0):
        super().__init__()
        self.settings, self.config, self.seed = settings, config, seed
        self._encoder = encoder
        self.parts: dict[str, SplitData] = {}

    def setup(self, stage: str) -> None:
        """Read the splits that a stage needs and that are not there yet; Lightning calls this, too.

        The training split is always among them, since the baselines are fitted on it.

        Raises:
            PairError: There are no pairs, or photos or recordings cannot be used; they are named together.
        """
        missing = [name for name in ("train", self.scored_split(stage)) if name not in self.parts]
        if not missing:
            return
        manifest = open_pairs(self.settings.pairs, self.settings.splits)
        alone = self.config.conditioning.kind == "position"
        pairings = {
            name: manifest.split(name).pairs(self.settings.pairing, needs_photos=not alone)
            for name in missing
        }
        for name, pairing in pairings.items():
            photos, sounds = len(pairing.photos), len(pairing.sounds)
            _log.info("%s: reading %d photos and %d recordings", name, photos, sounds)
            self.parts[name] = read_split(pairing, self.settings, config=self.config, encoder=self._encoder)

    @staticmethod
    def scored_split(stage: str) -> Literal["val", "test"]:
        """Name the split that is scored in a stage (`fit`, `validate` or `test`)."""
        return "test" if stage == "test" else "val"

    def train_dataloader(self) -> DataLoader[Clip]:
        """Clips in the order of their numbers; a fresh set each epoch, and each device its own.

        Raises:
            ConfigError: An epoch has not even one batch for every device.
        """
        settings = self.settings
        devices = self.trainer.world_size if self.trainer is not None else 1
        together = devices * settings.batch_size
        count = settings.clips_per_epoch - settings.clips_per_epoch % together
        if count == 0:
            raise ConfigError(
                f"clips_per_epoch={settings.clips_per_epoch}: {devices} devices with "
                f"batch_size={settings.batch_size} take {together} clips at once. Raise it."
            )
        return DataLoader(
            self.parts["train"].clips(clip_s=settings.clip_s, count=count, seed=self.seed),
            batch_size=settings.batch_size,
            sampler=EpochSampler(
                count,
                position=lambda: self._batches_done() * together,
                devices=devices,
                device=self.trainer.global_rank if self.trainer is not None else 0,
            ),
            num_workers=settings.workers,
            persistent_workers=settings.workers > 0,
        )

    def _batches_done(self) -> int:
        """Batches that were trained on, from the very start of the training."""
        if self.trainer is None:
            return 0
        done: Any = self.trainer.fit_loop.epoch_loop.batch_progress.total
        return int(done.processed)

    def val_dataloader(self) -> DataLoader[Clip]:
        """The same clips every time."""
        return self._fixed("val")

    def test_dataloader(self) -> DataLoader[Clip]:
        """The same clips every time."""
        return self._fixed("test")

    def scored_clips(self, split: Literal["val", "test"]) -> ClipDataset:
        """Cut the clips on which models and baselines are scored."""
        settings = self.settings
        return self.parts[split].clips(
            clip_s=settings.val_clip_s, count=settings.val_clips, seed=_OF_SCORING + self.seed
        )

    def _fixed(self, split: Literal["val", "test"]) -> DataLoader[Clip]:
        clips = self.scored_clips(split)
        # Each device scores all clips, so that the figures do not depend on how many there are.
        sampler = EpochSampler(len(clips))
        return DataLoader(clips, batch_size=min(8, len(clips)), sampler=sampler)
