"""One split in memory: recordings, photo features, and which goes with which."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from photowave.errors import MediaError
from photowave.image import FeatureCache, PhotoEncoder
from photowave.model import build_spectra
from photowave.pairs.bank import SoundBank, refuse_if_any
from photowave.pairs.clips import ClipDataset
from photowave.pairs.pairing import Pairing
from photowave.settings import DataSettings, ModelConfig


@dataclass(frozen=True)
class SplitData:
    """One split in memory.

    Attributes:
        bank: The recordings.
        pairing: Which photo goes with which recording.
        features: Photo features, [photos, features].
        places: What the last features score (`PhotoEncoder.places`).
    """

    bank: SoundBank
    pairing: Pairing
    features: Tensor
    places: tuple[str, ...] = ()

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
        audio = self.bank.audio
        return ClipDataset(
            bank=self.bank,
            pairing=self.pairing,
            features=self.features,
            length=round(clip_s * audio.sample_rate / audio.bands) * audio.bands,
            count=count,
            seed=seed,
        )


def read_split(
    pairing: Pairing, settings: DataSettings, *, config: ModelConfig, encoder: PhotoEncoder
) -> SplitData:
    """Read the recordings and photos of one split; a bar shows how far it is on a terminal.

    Args:
        pairing: Which they are.
        settings: How clips will be cut from them.
        config: Rate, level, texture and envelope of the model.
        encoder: What turns photos into features.

    Raises:
        ConfigError: `window_s` is too short for a texture.
        PairError: Recordings or photos cannot be used; they are named together.
    """
    with _bar("recordings", len(pairing.sounds)) as bar:
        bank = SoundBank(
            pairing.sounds,
            audio=config.audio,
            clip_s=max(settings.clip_s, settings.val_clip_s),
            window_s=settings.window_s,
            fade_s=settings.fade_s,
            envelope=build_spectra(config) if config.envelope.components else None,
            bandwidths_hz=pairing.bandwidths_hz,
            progress=bar.update,
        )
    with _bar("photos", len(pairing.photos)) as bar:
        features = _features(pairing.photos, encoder, progress=bar.update)
    return SplitData(bank, pairing, features, encoder.places)


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
