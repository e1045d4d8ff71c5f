"""One split: recordings, photo features, and which goes with which."""

import logging
import math
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
import torch
from torch import Tensor

from photowave.errors import MediaError
from photowave.image import FeatureCache, PhotoEncoder
from photowave.model import build_spectra
from photowave.pairs.bank import SoundBank, refuse_if_any
from photowave.pairs.clips import ClipDataset
from photowave.pairs.kept_recordings import FileHashes, cache_errors
from photowave.pairs.left_out import LeftOut
from photowave.pairs.long_recording import LONG_S
from photowave.pairs.manifest import Manifest
from photowave.pairs.pairing import Pairing
from photowave.pairs.splits import HashFiles
from photowave.progress import telling
from photowave.settings import AudioConfig, DataSettings, ModelConfig
from photowave.store import Store

_log = logging.getLogger(__name__)

MOST_RECORDINGS, MOST_PHOTOS = 4_096, 8_192
"""So many are measured before a training; of more, some of each scene are taken."""


@dataclass(frozen=True)
class SplitData:
    """One split.

    Attributes:
        bank: The recordings.
        pairing: Which photo goes with which recording.
        features: Photo features, [photos, features].
        places: What the last features score (`PhotoEncoder.places`).
        left_out: Rows of the split that cannot be used.
    """

    bank: SoundBank
    pairing: Pairing
    features: Tensor
    places: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    @property
    def unseen_scenes(self) -> frozenset[str]:
        """Scenes whose sounds go with no photo, but which are places that the features score."""
        sounds = zip(self.pairing.sound_scenes, self.pairing.photos_of, strict=True)
        seen = {scene for scene, photos in sounds if photos}
        return frozenset(self.places) & (set(self.pairing.sound_scenes) - seen)

    def clips(self, *, clip_s: float, count: int, seed: int) -> ClipDataset:
        """Cut clips.

        Args:
            clip_s: Length of a clip in seconds; rounded to a whole number of frames.
            count: Clips per epoch.
            seed: Another seed, other clips.
        """
        return ClipDataset(
            bank=self.bank,
            pairing=self.pairing,
            features=self.features,
            length=clip_length(self.bank.audio, clip_s),
            count=count,
            seed=seed,
        )

    def thinned(self, *, recordings: int = MOST_RECORDINGS, photos: int = MOST_PHOTOS) -> "SplitData":
        """Keep as much as can be measured in bounded time and memory: all of a small split, as it is.

        Args:
            recordings: About so many are kept, evenly from each scene and at least one; of each recording the
                first 20 minutes.
            photos: About so many are kept of those that go with them, in the same way.
        """
        pairing = self.pairing
        sounds = _evenly(enumerate(pairing.sound_scenes), most=recordings)
        kept = set(sounds)
        # Photos of a scene share one tuple of partners, so each is looked through once.
        heard = {id(p): any(sound in kept for sound in p) for p in pairing.sounds_of}
        going = [
            (index, pairing.photo_scenes[index])
            for index, partners in enumerate(pairing.sounds_of)
            if heard[id(partners)] or not partners
        ]
        seen = _evenly(going, most=photos)
        bank = self.bank.only(sounds, longest_s=LONG_S)
        if len(seen) == len(pairing.photos) and len(sounds) == len(pairing.sounds):
            return replace(self, bank=bank)
        return replace(
            self, bank=bank, pairing=pairing.only(photos=seen, sounds=sounds), features=self.features[seen]
        )


def clip_length(audio: AudioConfig, clip_s: float) -> int:
    """Samples of a clip: a whole number of frames."""
    return round(clip_s * audio.sample_rate / audio.bands) * audio.bands


def read_split(
    rows: Manifest,
    settings: DataSettings,
    *,
    config: ModelConfig,
    encoder: PhotoEncoder,
    hashed: HashFiles | None = None,
) -> SplitData:
    """Read the recordings and photos of one split; a bar shows how far it is on a terminal.

    A row whose photo or recording cannot be used is left out, unless `settings.strict` is set.

    Args:
        rows: Those of the split.
        settings: How clips will be cut from them.
        config: Rate, level, texture and envelope of the model.
        encoder: What turns photos into features.
        hashed: Hashes files; what it was asked before, it need not look at again.

    Raises:
        ConfigError: `window_s` is too short for a texture.
        PairError: There are no pairs, or nothing is left; or, with `settings.strict`, recordings or photos
            cannot be used. They are named together.
    """
    needs_photos = config.conditioning.kind != "position"
    folder = cache_folder(settings)
    hashed = FileHashes(folder) if hashed is None else hashed
    pairing = rows.pairs(settings.pairing, needs_photos=needs_photos)
    with telling("recordings", len(pairing.sounds), tell=_log.info) as step:
        bank = SoundBank(
            pairing.sounds,
            audio=config.audio,
            clip_s=max(settings.clip_s, settings.val_clip_s),
            window_s=settings.window_s,
            fade_s=settings.fade_s,
            level=settings.level,
            envelope=build_spectra(config) if config.envelope.components else None,
            bandwidths_hz=pairing.bandwidths_hz,
            cache=folder,
            hashed=hashed,
            strict=settings.strict,
            progress=step,
        )
    with telling("photos", len(pairing.photos), tell=_log.info) as step:
        features, bad_photos = _features(pairing.photos, encoder, hashed=hashed, progress=step)
    if settings.strict or len(bad_photos) == len(pairing.photos):
        refuse_if_any(list(bad_photos.values()), what="photos", total=len(pairing.photos))
    if len(bank.bad) == len(pairing.sounds):
        refuse_if_any(list(bank.bad.values()), what="recordings", total=len(pairing.sounds))
    if not bank.bad and not bad_photos:
        return SplitData(bank, pairing, features, encoder.places)
    rest, lost = rows.without(bank.bad, bad_photos)
    left = rest.pairs(settings.pairing, needs_photos=needs_photos)
    heard = [excerpt for excerpt in pairing.sounds if excerpt not in bank.bad]
    seen = [photo for photo in pairing.photos if photo not in bad_photos]
    sound_at = {excerpt: index for index, excerpt in enumerate(heard)}
    photo_at = {photo: index for index, photo in enumerate(seen)}
    return SplitData(
        bank.only([sound_at[excerpt] for excerpt in left.sounds]),
        left,
        features[[photo_at[photo] for photo in left.photos]],
        encoder.places,
        lost,
    )


def cache_folder(settings: DataSettings) -> Path | None:
    """Where recordings and the hashes of files are kept for the next training; None if they shall not be."""
    if not settings.cache:
        return None
    return platformdirs.user_cache_path("photowave", appauthor=False) / "recordings"


def trim_cache(settings: DataSettings) -> int:
    """Remove recordings from the cache that nobody uses, if it is larger than the settings allow.

    Hashes of files that are gone are forgotten by and by, too.

    Returns:
        Bytes that were removed.

    Raises:
        PairError: The cache cannot be used.
    """
    folder = cache_folder(settings)
    if folder is None:
        return 0
    with cache_errors(folder), Store(folder) as store:
        store.forget_gone()
        if math.isinf(settings.cache_gb):
            return 0
        return store.prune(most_bytes=round(settings.cache_gb * 1e9))


def _features(
    photos: Sequence[Path], encoder: PhotoEncoder, *, hashed: HashFiles, progress: Callable[[int], Any]
) -> tuple[Tensor, dict[Path, str]]:
    """Features of the photos that can be read, [photos, features], and what is wrong with the others."""
    found, count, bad = np.empty((len(photos), encoder.feature_dim), np.float32), 0, dict[Path, str]()
    for photo, row in zip(photos, FeatureCache().each(encoder, photos, known=hashed(photos)), strict=True):
        if isinstance(row, MediaError):
            bad[photo] = str(row)
        else:
            found[count] = row
            count += 1
        progress(1)
    return torch.from_numpy(found[:count]), bad


def _evenly(items: Iterable[tuple[int, Hashable]], *, most: int) -> list[int]:
    """About `most` of the items, as many of one in so many from each scene; ascending."""
    scenes: dict[Hashable, list[int]] = defaultdict(list)
    for index, scene in items:
        scenes[scene].append(index)
    every = max(1, -(-sum(map(len, scenes.values())) // most))
    return sorted(index for scene in scenes.values() for index in scene[::every])
