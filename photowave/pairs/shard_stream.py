"""Reads shards with LitData: a bounded part to measure before a training, and clips in a stream for it.

A pass goes once through all pieces, in an order of its own, and cuts one clip from each. LitData deals the
pieces out to devices and to the processes that cut clips.
"""

import hashlib
import json
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
import torch
from litdata import StreamingDataLoader, StreamingDataset
from litdata.streaming.serializers import Serializer
from torch import Tensor
from torch.utils.data import default_collate

from photowave.errors import PairError
from photowave.image import FeatureCache, PhotoEncoder
from photowave.model import build_spectra
from photowave.pairs.bank import SoundBank
from photowave.pairs.clips import Clip, draw_start
from photowave.pairs.kept_recordings import KeptRecordings, cache_errors
from photowave.pairs.pairing import Credit, Excerpt, Part, pair_up
from photowave.pairs.recording import Recording
from photowave.pairs.shard_format import TOLD, Sample, reader_for, unpack
from photowave.pairs.shard_index import ShardIndex, is_address, open_index
from photowave.pairs.split_data import MOST_RECORDINGS, SplitData, cache_folder, clip_length
from photowave.settings import DataSettings, ModelConfig
from photowave.store import Entry, Store

_log = logging.getLogger(__name__)


class _Refused(Serializer):  # type: ignore[misc]
    """Stands where LitData has serializers that unpickle."""

    def serialize(self, data: Any) -> tuple[bytes, str | None]:
        raise PairError("photowave pickles nothing.")

    def deserialize(self, data: bytes) -> Any:
        raise PairError("the shards hold pickled data, which photowave does not read.")

    def can_serialize(self, data: Any) -> bool:
        return False


class ShardReader:
    """Reads samples of one split, and knows what a training needs of them.

    Args:
        index: The split.
        settings: How clips are cut.
        config: The model that they are for.
        encoder: The model's photo encoder.
    """

    def __init__(
        self, index: ShardIndex, settings: DataSettings, *, config: ModelConfig, encoder: PhotoEncoder
    ):
        self.index, self.settings, self.config, self.encoder = index, settings, config, encoder
        self.envelope = build_spectra(config) if config.envelope.components else None
        self._told = reader_for(config, settings).told
        self._needed = clip_length(config.audio, max(settings.clip_s, settings.val_clip_s))

    def options(self) -> dict[str, Any]:
        """How LitData opens the split."""
        refused = {name: _Refused() for name in ("pickle", "graph")}
        options: dict[str, Any] = {
            "input_dir": self.index.folder,
            "serializers": refused,
            "batch_decode": 0,
        }
        if is_address(self.index.folder):
            # A folder on this disk is read where it lies; of others LitData keeps what the disk has room for.
            cache = platformdirs.user_cache_path("photowave", appauthor=False) / "shards"
            cache.mkdir(parents=True, exist_ok=True)
            options["cache_dir"] = str(cache)
        return options

    def read(self, dataset: Any, index: Any) -> Sample:
        """Read and check a sample.

        Args:
            dataset: LitData's.
            index: Number of the sample, or what LitData has for it.

        Raises:
            PairError: It is damaged, or was written for other settings.
        """
        number = index if isinstance(index, int) else index.index
        try:
            with warnings.catch_warnings():
                # Torch warns of tensors in a file that cannot be written to: they are copied at once.
                warnings.simplefilter("ignore")
                sample = unpack(StreamingDataset.__getitem__(dataset, index))
        except PairError:
            raise
        except Exception as error:  # LitData has no errors of its own for what is damaged
            raise self._damaged(number, " ".join(str(error).split()) or type(error).__name__) from error
        clip = TOLD.index("data.clip_s and data.val_clip_s")
        for place, (name, there, needed) in enumerate(zip(TOLD, sample.row.told, self._told, strict=True)):
            # Longer clips were made possible than are cut now: that does no harm.
            if there != needed and not (place == clip and there > needed):
                raise PairError(
                    f"{self.index.folder} was written for {name}={there}, and the training has {needed}. "
                    "Train with the recipe that the shards were written with, or write them anew."
                )
        if (there := len(sample.recording.samples)) < self._needed:
            raise self._damaged(number, f"it has {there} samples of sound, and {self._needed} are needed")
        return sample

    def _damaged(self, number: int, reason: str) -> PairError:
        return PairError(
            f"{self.index.folder}: sample {number} is damaged ({reason}). Copy or write the shards anew."
        )

    def features(self, sample: Sample) -> Tensor:
        """Features of a sample's photos, [photos, features]; anew where another encoder wrote the shards."""
        if sample.row.encoder == self.encoder.fingerprint:
            return sample.features
        return FeatureCache().features(self.encoder, sample.photos)

    def bank(self, recordings: "list[Recording] | KeptRecordings") -> SoundBank:
        """Make a bank of recordings."""
        return SoundBank.holding(
            recordings,
            audio=self.config.audio,
            window_s=self.settings.window_s,
            envelope=self.envelope,
        )


def read_part(
    pairs: str, split: str, settings: DataSettings, *, config: ModelConfig, encoder: PhotoEncoder
) -> tuple[SplitData, int]:
    """Read the first samples of a split, which are a fair part of it, and say how many there are in all.

    Recordings lie in the cache, as those of a plain training do.

    Raises:
        PairError: See `open_index` and `ShardReader.read`; or there is no photo, and the model needs some.
    """
    reader = ShardReader(open_index(pairs, split), settings, config=config, encoder=encoder)
    dataset = StreamingDataset(shuffle=False, **reader.options())
    count = min(reader.index.pieces, MOST_RECORDINGS)
    folder = cache_folder(settings)
    parts: list[Part] = []
    features: dict[Path, Tensor] = {}
    recordings: list[Recording] | KeptRecordings

    def samples() -> Iterator[Sample]:
        for number in range(count):
            sample = reader.read(dataset, number)
            parts.extend(_parts_of(sample, by_scene=settings.pairing == "scene"))
            names = (Path(photo.name) for photo in sample.row.photos)
            features.update(zip(names, reader.features(sample), strict=True))
            yield sample

    if folder is None:
        recordings = [sample.recording for sample in samples()]
    else:
        with cache_errors(folder), Store(folder) as store:
            entries, paths = [], []
            for sample in samples():
                entries.append(_kept(store, sample, split))
                paths.append(sample.recording.path)
            recordings = KeptRecordings(store.packs, entries, paths)
    pairing = pair_up(parts, by_scene=settings.pairing == "scene")
    if config.conditioning.kind != "position" and not any(pairing.sounds_of):
        raise PairError(f"{reader.index.folder}: no photo has a sound. Write shards of a table with photos.")
    found = [features[photo] for photo in pairing.photos]
    stacked = torch.stack(found) if found else torch.zeros(0, encoder.feature_dim)
    return SplitData(reader.bank(recordings), pairing, stacked, encoder.places), reader.index.pieces


def _kept(store: Store, sample: Sample, split: str) -> Entry:
    row, recording = sample.row, sample.recording
    key = hashlib.sha256(
        "\0".join(["shards", row.written, split, row.sound, repr(row.start_s)]).encode(
            "utf-8", "surrogateescape"
        )
    ).digest()
    named = {"samples": recording.samples, "textures": recording.textures, "levels": recording.levels}
    named |= {"spectra": recording.spectra} | ({} if recording.width is None else {"width": recording.width})
    return store.find(key) or store.put(key, named)


def _parts_of(sample: Sample, *, by_scene: bool) -> Iterator[Part]:
    """What a sample gives to the pairing."""
    row, cells = sample.row, sample.row.cells
    sound = Excerpt(Path(row.sound), row.start_s)
    credit = Credit(*(cells.get(name, "").strip() for name in Credit._fields))
    yield Part(None, sound, row.scene, credit=credit)
    for photo in row.photos:
        # A photo that stands beside a sound of another scene suits it by its column `also`.
        alone = by_scene and row.scene is not None and photo.scene is not None
        scene = photo.scene if alone else row.scene
        yield Part(Path(photo.name), None if alone else sound, scene, photo.also)


class ClipStream(StreamingDataset):  # type: ignore[misc]
    """One clip from each piece; which one hangs on seed, pass and piece alone.

    Args:
        reader: Reads the training split.
        seed: Another seed, other clips in another order.
    """

    def __init__(self, reader: ShardReader, *, seed: int):
        super().__init__(shuffle=True, drop_last=True, seed=seed, **reader.options())
        self._shards, self._clip_seed = reader, seed
        self._clip_length = clip_length(reader.config.audio, reader.settings.clip_s)

    def __getitem__(self, index: Any) -> Clip:
        """Cut a clip from a piece.

        Raises:
            PairError: The piece is damaged.
        """
        number = index if isinstance(index, int) else int(index.index)
        sample = self._shards.read(self, index)
        random = np.random.default_rng((self._clip_seed, self.current_epoch, number))
        length, recording = self._clip_length, sample.recording
        start = draw_start(random, len(recording.samples) - length, length)
        samples, texture, envelope = self._shards.bank([recording]).clip(0, start, length)
        features = self._shards.features(sample)
        chosen = torch.zeros(self._shards.encoder.feature_dim)
        if len(features):
            chosen = features[int(random.integers(len(features)))]
        return Clip(
            samples=samples,
            start_s=torch.tensor(start / self._shards.config.audio.sample_rate, dtype=torch.float32),
            texture=texture,
            envelope=envelope,
            features=chosen,
            # Only scores need a wrong photo, and they are made on clips of the part that was read before.
            swapped=torch.zeros_like(chosen),
            paired=torch.tensor(False),
            uniform=torch.tensor(random.random(), dtype=torch.float32),
            seed=torch.tensor(random.integers(2**63), dtype=torch.int64),
        )


class ClipBatches:
    """Batches of clips for Lightning: epochs of a fixed length, whatever the length of a pass.

    Args:
        loader: Gives one pass each time it is gone through.
        batches: Batches in an epoch.
    """

    def __init__(self, loader: Any, batches: int):
        self._loader, self._batches = loader, batches
        self._pass: Iterator[Clip] | None = None

    def __len__(self) -> int:
        """Batches in an epoch."""
        return self._batches

    def __iter__(self) -> Iterator[Clip]:
        """Go on where the epoch before ended.

        Raises:
            PairError: A piece is damaged, or there are too few for one batch.
        """
        for _ in range(self._batches):
            yield self._next()

    def _next(self) -> Clip:
        for _ in range(2):
            if self._pass is None:
                self._pass = iter(self._loader)
            try:
                return next(self._pass)
            except StopIteration:
                self._pass = None
            except PairError as error:
                # A process that cuts clips sends its error with its trace before it.
                raise PairError(str(error).rstrip().rpartition("PairError: ")[2]) from error
        raise PairError(
            "the shards of split 'train' hold fewer pieces than one batch for every device. "
            "Lower data.batch_size."
        )

    def state_dict(self) -> dict[str, Any]:
        """Where in which pass the training is; Lightning puts it into checkpoints."""
        state: dict[str, Any] = self._loader.state_dict()
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on there; where the shards are others than then, begin a pass anew, and tell so."""
        own, then = self._loader.state_dict()["dataset"], dict(state_dict["dataset"])
        # Shards that moved are the same shards.
        then |= {name: own[name] for name in ("input_dir_path", "input_dir_url", "cache_dir_path")}
        same = ("seed", "subsampled_files", "region_of_interest")
        if json.dumps([then[name] for name in same]) != json.dumps([own[name] for name in same]):
            _log.warning("the shards are not those of the checkpoint: a pass through them begins anew")
            return
        self._loader.load_state_dict({**state_dict, "dataset": then})
        self._pass = None


def stream_clips(
    pairs: str,
    settings: DataSettings,
    *,
    config: ModelConfig,
    encoder: PhotoEncoder,
    seed: int,
    devices: int,
) -> ClipBatches:
    """Stream the clips of a training.

    Args:
        pairs: The shards.
        settings: How clips are cut.
        config: The model that they are for.
        encoder: The model's photo encoder.
        seed: Another seed, other clips.
        devices: How many take clips; LitData finds out which one this is.

    Raises:
        PairError: See `open_index`.
    """
    reader = ShardReader(open_index(pairs, "train"), settings, config=config, encoder=encoder)
    loader = StreamingDataLoader(
        ClipStream(reader, seed=seed),
        batch_size=settings.batch_size,
        num_workers=settings.workers,
        collate_fn=default_collate,
        persistent_workers=settings.workers > 0,
    )
    return ClipBatches(loader, settings.clips_per_epoch // (devices * settings.batch_size))
