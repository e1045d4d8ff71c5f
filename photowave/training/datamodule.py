"""Pairs as Lightning takes them: splits in memory, clips in batches."""

import hashlib
import logging
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import lightning as L
from torch.utils.data import DataLoader

from photowave import extras
from photowave.errors import ConfigError
from photowave.image import PhotoEncoder
from photowave.pairs.clips import Clip, ClipDataset, EpochSampler
from photowave.pairs.kept_recordings import FileHashes
from photowave.pairs.left_out import LeftOut
from photowave.pairs.shard_index import is_shards
from photowave.pairs.sources import open_pairs
from photowave.pairs.split_data import SplitData, cache_folder, read_split, trim_cache
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
        left_out: Rows that cannot be used.
    """

    def __init__(self, settings: DataSettings, *, config: ModelConfig, encoder: PhotoEncoder, seed: int = 0):
        super().__init__()
        self.settings, self.config, self.seed = settings, config, seed
        self._encoder = encoder
        self.parts: dict[str, SplitData] = {}
        self.left_out: tuple[LeftOut, ...] = ()

    def setup(self, stage: str) -> None:
        """Read the splits that a stage needs and that are not there yet; Lightning calls this, too.

        The training split is always among them, since the baselines are fitted on it.

        Raises:
            PairError: There are no pairs, or none of a split can be used; with `strict` in the settings, any
                photo or recording cannot be used.
        """
        missing = [name for name in ("train", self.scored_split(stage)) if name not in self.parts]
        if not missing:
            return
        settings = self.settings
        if is_shards(settings.pairs):
            self._read_shards(missing)
            return
        hashed = FileHashes(cache_folder(settings))
        manifest = open_pairs(settings.pairs, settings.splits, strict=settings.strict, hashed=hashed)
        rows = {name: manifest.split(name) for name in missing}
        lost = list(manifest.left_out)
        for name, part in rows.items():
            _log.info("%s: reading %d photos and %d recordings", name, len(part.photos), len(part.sounds))
            self.parts[name] = read_split(
                part, settings, config=self.config, encoder=self._encoder, hashed=hashed
            )
            lost += self.parts[name].left_out
        # Not before all splits are read: what they found is in use, and stays.
        if removed := trim_cache(settings):
            _log.info("%.1f GB of recordings that nobody uses were removed from the cache", removed / 1e9)
        self.left_out = tuple(dict.fromkeys([*self.left_out, *lost]))

    def _read_shards(self, splits: Sequence[str]) -> None:
        """Read what is measured and scored of shards; `train_dataloader` streams the rest."""
        extras.require("shards", "training from shards")
        from photowave.pairs.shard_stream import read_part

        settings = self.settings
        assert settings.pairs is not None
        for name in splits:
            part, total = read_part(settings.pairs, name, settings, config=self.config, encoder=self._encoder)
            _log.info("%s: %d of %d pieces are measured", name, len(part.bank.recordings), total)
            self.parts[name] = part

    def state_dict(self) -> dict[str, Any]:
        """Say in a checkpoint which rows the training hears."""
        train = self.parts["train"]
        return {"rows": _hash_of(train), "recordings": len(train.bank.recordings)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Tell if the training that goes on hears other rows than before."""
        train = self.parts["train"]
        if state_dict["rows"] != _hash_of(train):
            _log.warning(
                "the rows are not those of the checkpoint (%d recordings then, %d now): the training goes on "
                "with those that are there, and hears other clips than it would have heard",
                state_dict["recordings"],
                len(train.bank.recordings),
            )

    @staticmethod
    def scored_split(stage: str) -> Literal["val", "test"]:
        """Name the split that is scored in a stage (`fit`, `validate` or `test`)."""
        return "test" if stage == "test" else "val"

    def train_dataloader(self) -> Iterable[Clip]:
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
        if is_shards(settings.pairs):
            from photowave.pairs.shard_stream import stream_clips

            assert settings.pairs is not None
            return stream_clips(
                settings.pairs,
                settings,
                config=self.config,
                encoder=self._encoder,
                seed=self.seed,
                devices=devices,
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


def _hash_of(part: SplitData) -> str:
    """Hash of what decides which clips are cut: names, places, lengths and partners."""
    pairing = part.pairing
    digest = hashlib.sha256()
    for photo, scene in zip(pairing.photos, pairing.photo_scenes, strict=True):
        digest.update(f"{photo.name}\0{scene}\n".encode("utf-8", "surrogateescape"))
    lengths = part.bank.lengths.tolist()
    for (path, start), scene, length in zip(pairing.sounds, pairing.sound_scenes, lengths, strict=True):
        digest.update(f"{path.name}\0{start}\0{scene}\0{length}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()
