"""Pairs as Lightning takes them: recordings and photo features in memory, clips in batches."""

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import lightning as L
import torch
from torch import Tensor
from torch.utils.data import DataLoader
from tqdm import tqdm

from photowave.config import ModelConfig
from photowave.errors import ConfigError, MediaError
from photowave.image.cache import FeatureCache
from photowave.image.encoder import PhotoEncoder, build_encoder
from photowave.model import build_spectra
from photowave.pairs.bank import SoundBank, refuse_if_any
from photowave.pairs.clips import Clip, ClipDataset, EpochSampler
from photowave.pairs.opening import Splits, open_pairs
from photowave.pairs.pairing import Pairing

_log = logging.getLogger(__name__)


@dataclass
class SplitData:
    """One split in memory.

    Attributes:
        bank: The recordings.
        pairing: Which photo goes with which recording.
        features: Photo features, [photos, features].
    """

    bank: SoundBank
    pairing: Pairing
    features: Tensor


_DEFAULT_SPLITS = Splits()


class PairsDataModule(L.LightningDataModule):
    """Feeds training, validation and test with clips.

    Args:
        pairs: A manifest (CSV), a folder of scenes, a single sound file, or null: see `open_pairs`.
        pairing: `scene`: any photo of a scene goes with any sound of it; `row`: only the two of one row.
        clip_s: Length of a training clip, in seconds; rounded to whole frames.
        batch_size: Clips per training step.
        clips_per_epoch: Clips until the next validation and checkpoint.
        val_clips: Validation clips; always the same.
        val_clip_s: Length of a validation clip, in seconds.
        window_s: Length of sound that a texture describes, in seconds.
        fade_s: Longest fade that is cut off at either end of a recording, in seconds; 0 cuts nothing.
        seed: Another seed, other clips.
        splits: How a folder of scenes is split.
        workers: Processes that cut clips; 0 cuts them in the main process.
    """

    def __init__(
        self,
        *,
        pairs: str | None = None,
        pairing: Literal["scene", "row"] = "scene",
        clip_s: float = 0.5,
        batch_size: int = 4,
        clips_per_epoch: int = 1000,
        val_clips: int = 64,
        val_clip_s: float = 1.0,
        window_s: float = 5.0,
        fade_s: float = 0.0,
        seed: int = 0,
        splits: Splits = _DEFAULT_SPLITS,
        workers: int = 0,
    ):
        super().__init__()
        lengths = (("clip_s", clip_s, 0.5), ("val_clip_s", val_clip_s, 1), ("window_s", window_s, 5))
        for name, value, default in lengths:
            if not 0 < value < math.inf:
                raise ConfigError(
                    f"data.{name}={value}: must be above 0 seconds and finite. The default is {default}."
                )
        for name, count, usual in (("batch_size", batch_size, 4), ("val_clips", val_clips, 64)):
            if count < 1:
                raise ConfigError(f"data.{name}={count}: must be at least 1. The default is {usual}.")
        if clips_per_epoch < batch_size:
            raise ConfigError(
                f"data.clips_per_epoch={clips_per_epoch}: must be at least batch_size={batch_size}. Raise it."
            )
        self.pairs, self.pairing, self.seed, self.workers = pairs, pairing, seed, workers
        self.clip_s, self.val_clip_s, self.window_s = clip_s, val_clip_s, window_s
        if not 0.0 <= fade_s < math.inf:
            raise ConfigError(
                f"data.fade_s={fade_s}: must be 0 seconds or more and finite. The default is 0."
            )
        self.fade_s = fade_s
        self.batch_size, self.val_clips = batch_size, val_clips
        self.clips_per_epoch = clips_per_epoch - clips_per_epoch % batch_size
        self.splits = splits
        self.parts: dict[str, SplitData] = {}

    def setup(self, stage: str) -> None:
        """Read the splits that the stage needs; Lightning calls this.

        The training split is always among them, since the baselines are fitted on it.

        Raises:
            ConfigError: The photo encoder has random weights.
            PairError: There are no pairs, or photos or recordings cannot be used; they are named together.
        """
        assert self.trainer is not None
        config = self.trainer.lightning_module.config
        assert isinstance(config, ModelConfig)
        missing = [name for name in ("train", self.scored_split(stage)) if name not in self.parts]
        if not missing:
            return
        manifest = open_pairs(self.pairs, self.splits)
        alone = config.conditioning.kind == "position"
        pairings = {
            name: manifest.split(name).pairs(self.pairing, needs_photos=not alone) for name in missing
        }
        encoder = build_encoder(config.image)
        if encoder.fingerprint != self.trainer.lightning_module.encoder_fingerprint:
            raise ConfigError(
                f"model.config.image.weights={config.image.weights}: the photo encoder is another one each "
                "time it is built, so that no trained model could be used. Name weights, such as 'default'."
            )
        for name, pairing in pairings.items():
            photos, sounds = len(pairing.photos), len(pairing.sounds)
            _log.info("%s: reading %d photos and %d recordings", name, photos, sounds)
            self.parts[name] = self._load(pairing, config, encoder)

    @staticmethod
    def scored_split(stage: str) -> Literal["val", "test"]:
        """Name the split that is scored in a stage (`fit`, `validate` or `test`)."""
        return "test" if stage == "test" else "val"

    def _load(self, pairing: Pairing, config: ModelConfig, encoder: PhotoEncoder) -> SplitData:
        with _bar("recordings", len(pairing.sounds)) as bar:
            bank = SoundBank(
                pairing.sounds,
                audio=config.audio,
                clip_s=max(self.clip_s, self.val_clip_s),
                window_s=self.window_s,
                fade_s=self.fade_s,
                envelope=build_spectra(config) if config.envelope.components else None,
                progress=bar.update,
            )
        with _bar("photos", len(pairing.photos)) as bar:
            return SplitData(bank, pairing, _features(pairing.photos, encoder, progress=bar.update))

    def clips(self, split: str, *, clip_s: float, count: int, seed: int) -> ClipDataset:
        """Cut clips of one split; `clip_s` is rounded to a whole number of frames."""
        part = self.parts[split]
        audio = part.bank.audio
        length = round(clip_s * audio.sample_rate / audio.bands) * audio.bands
        return ClipDataset(
            bank=part.bank,
            pairing=part.pairing,
            features=part.features,
            length=length,
            count=count,
            seed=seed,
        )

    def train_dataloader(self) -> DataLoader[Clip]:
        """Clips in the order of their numbers; a fresh set each epoch, and each device its own.

        Raises:
            ConfigError: An epoch has not even one batch for every device.
        """
        devices = self.trainer.world_size if self.trainer is not None else 1
        together = devices * self.batch_size
        count = self.clips_per_epoch - self.clips_per_epoch % together
        if count == 0:
            raise ConfigError(
                f"data.clips_per_epoch={self.clips_per_epoch}: {devices} devices with "
                f"data.batch_size={self.batch_size} take {together} clips at once. Raise it."
            )
        return DataLoader(
            self.clips("train", clip_s=self.clip_s, count=count, seed=self.seed),
            batch_size=self.batch_size,
            sampler=EpochSampler(
                count,
                position=lambda: self._batches_done() * together,
                devices=devices,
                device=self.trainer.global_rank if self.trainer is not None else 0,
            ),
            num_workers=self.workers,
            persistent_workers=self.workers > 0,
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
        return self.clips(split, clip_s=self.val_clip_s, count=self.val_clips, seed=1_000_003 + self.seed)

    def _fixed(self, split: Literal["val", "test"]) -> DataLoader[Clip]:
        clips = self.scored_clips(split)
        # Each device scores all clips, so that the figures do not depend on how many there are.
        sampler = EpochSampler(len(clips))
        return DataLoader(clips, batch_size=min(8, len(clips)), sampler=sampler)


def _features(photos: Sequence[Path], encoder: PhotoEncoder, *, progress: Callable[[int], Any]) -> Tensor:
    """Features of photos, [photos, features]; all that cannot be read are reported together."""
    cache, rows, bad = FeatureCache(), [torch.zeros(0, encoder.feature_dim)], []
    for photo in photos:
        try:
            rows.append(cache.features(encoder, [photo]))
        except MediaError as error:
            bad.append(str(error))
        progress(1)
    refuse_if_any(bad, what="photos", total=len(photos))
    return torch.cat(rows)


def _bar(what: str, total: int) -> Any:
    """A progress bar on a terminal, nothing elsewhere; it vanishes when it is done."""
    return tqdm(total=total, desc=what, unit="", leave=False, disable=None, delay=1.0)
