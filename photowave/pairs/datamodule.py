"""Pairs as Lightning takes them: recordings and photo features in memory, clips in batches."""

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import lightning as L
from torch import Tensor
from torch.utils.data import DataLoader

from photowave.config import ModelConfig
from photowave.errors import ConfigError, PairError
from photowave.image.cache import FeatureCache
from photowave.image.encoder import PhotoEncoder, build_encoder
from photowave.pairs.bank import SoundBank
from photowave.pairs.clips import Clip, ClipDataset, EpochSampler
from photowave.pairs.manifest import Manifest, read_manifest
from photowave.pairs.pairing import Pairing
from photowave.pairs.table import scene_table

_log = logging.getLogger(__name__)
PLACES = ("data/scenes", "../shared/scenes")
"""Where the ten starter scenes are looked for if no pairs are named."""


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


@dataclass(frozen=True, kw_only=True)
class Splits:
    """How a folder of scenes is split; a manifest names its splits itself."""

    seed: int = 0
    """Another seed, another split."""
    val: float = 0.15
    """Share of photos and recordings for validation."""
    test: float = 0.15
    """Share of photos and recordings kept for the test."""


_DEFAULT_SPLITS = Splits()


def open_pairs(pairs: str | None, splits: Splits) -> Manifest:
    """Find and read what to train on.

    Args:
        pairs: A manifest, a folder of scenes, or None: $PHOTOWAVE_SCENES, `data/scenes`, `../shared/scenes`,
            whichever is there first.
        splits: For a folder of scenes.

    Raises:
        PairError: There is nothing, or it cannot be used.
    """
    if pairs is None:
        candidates = [os.environ.get("PHOTOWAVE_SCENES") or PLACES[0], *PLACES]
        pairs = next((place for place in candidates if Path(place).is_dir()), None)
        if pairs is None:
            raise PairError(
                f"no pairs to train on: data.pairs is null and {PLACES[0]} is not there. Build the starter "
                "scenes with 'python scripts/build_scenes.py', or give --data.pairs MANIFEST.csv or FOLDER."
            )
    path = Path(pairs)
    if not path.exists():
        raise PairError(
            f"{path}: no such manifest or folder of scenes. Give --data.pairs MANIFEST.csv or FOLDER."
        )
    if path.is_dir():
        rows = scene_table(path, seed=splits.seed, val=splits.val, test=splits.test)
        return Manifest(tuple(rows), path)
    return read_manifest(path)


class PairsDataModule(L.LightningDataModule):
    """Feeds training, validation and test with clips.

    Args:
        pairs: A manifest (CSV), a folder of scenes, or null: see `open_pairs`.
        pairing: `scene`: any photo of a scene goes with any sound of it; `row`: only the two of one row.
        clip_s: Length of a training clip, in seconds; rounded to whole frames.
        batch_size: Clips per training step.
        clips_per_epoch: Clips until the next validation and checkpoint.
        val_clips: Validation clips; always the same.
        val_clip_s: Length of a validation clip, in seconds.
        window_s: Length of sound that a texture describes, in seconds.
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
        seed: int = 0,
        splits: Splits = _DEFAULT_SPLITS,
        workers: int = 0,
    ):
        super().__init__()
        for name, value in (("clip_s", clip_s), ("val_clip_s", val_clip_s), ("window_s", window_s)):
            if value <= 0:
                raise ConfigError(f"data.{name}={value}: must be above 0 seconds.")
        for name, count in (("batch_size", batch_size), ("val_clips", val_clips)):
            if count < 1:
                raise ConfigError(f"data.{name}={count}: must be at least 1.")
        if clips_per_epoch < batch_size:
            raise ConfigError(
                f"data.clips_per_epoch={clips_per_epoch}: must be at least batch_size={batch_size}. Raise it."
            )
        self.pairs, self.pairing, self.seed, self.workers = pairs, pairing, seed, workers
        self.clip_s, self.val_clip_s, self.window_s = clip_s, val_clip_s, window_s
        self.batch_size, self.val_clips = batch_size, val_clips
        self.clips_per_epoch = clips_per_epoch - clips_per_epoch % batch_size
        self.splits = splits
        self.parts: dict[str, SplitData] = {}
        self._sampler: EpochSampler | None = None
        self._skip = 0

    def setup(self, stage: str) -> None:
        """Read what the stage needs; Lightning calls this."""
        assert self.trainer is not None
        config = self.trainer.lightning_module.config
        assert isinstance(config, ModelConfig)
        names = {"fit": ("train", "val"), "validate": ("val",), "test": ("test",)}[stage]
        missing = [name for name in names if name not in self.parts]
        if not missing:
            return
        manifest = open_pairs(self.pairs, self.splits)
        encoder = build_encoder(config.image)
        for name in missing:
            self.parts[name] = self._load(manifest.split(name), config, encoder)
            part = self.parts[name]
            _log.info(
                "%s: %d photos, %d recordings (%.0f s)",
                name, len(part.features), len(part.bank.recordings), part.bank.duration_s,
            )  # fmt: skip

    def _load(self, manifest: Manifest, config: ModelConfig, encoder: PhotoEncoder) -> SplitData:
        pairing = manifest.pairs(self.pairing)
        bank = SoundBank(
            pairing.sounds,
            audio=config.audio,
            clip_s=max(self.clip_s, self.val_clip_s),
            window_s=self.window_s,
        )
        return SplitData(bank, pairing, FeatureCache().features(encoder, pairing.photos))

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
        """Clips in the order of their numbers; a fresh set each epoch."""
        self._sampler = EpochSampler(self.clips_per_epoch)
        self._sampler.skip, self._skip = self._skip, 0
        return DataLoader(
            self.clips("train", clip_s=self.clip_s, count=self.clips_per_epoch, seed=self.seed),
            batch_size=self.batch_size,
            sampler=self._sampler,
            num_workers=self.workers,
            persistent_workers=self.workers > 0,
        )

    def val_dataloader(self) -> DataLoader[Clip]:
        """The same clips every time."""
        return self._fixed("val")

    def test_dataloader(self) -> DataLoader[Clip]:
        """The same clips every time."""
        return self._fixed("test")

    def _fixed(self, split: str) -> DataLoader[Clip]:
        clips = self.clips(split, clip_s=self.val_clip_s, count=self.val_clips, seed=1_000_003 + self.seed)
        return DataLoader(clips, batch_size=min(8, self.val_clips))

    def state_dict(self) -> dict[str, Any]:
        """How far into its epoch the run is; Lightning puts this into the checkpoint."""
        assert self.trainer is not None
        steps = self.trainer.fit_loop.epoch_loop.batch_progress.current.completed
        return {"skip": steps % (self.clips_per_epoch // self.batch_size) * self.batch_size}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on inside the epoch after a resume."""
        self._skip = int(state_dict["skip"])
