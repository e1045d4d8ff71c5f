"""The systems that take real recordings: of the right scene, of the nearest photo, or always the same."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from photowave.errors import PairError
from photowave.evaluation.excerpts import deal, samples_in
from photowave.evaluation.types import EvaluatedPhotos, RealSounds, SystemSounds
from photowave.generation import SoundscapeGenerator
from photowave.image import FeatureCache
from photowave.pairs.manifest import Manifest


def real_sounds(
    photos: EvaluatedPhotos,
    real: RealSounds,
    *,
    seeds: int,
    duration_s: float = 5.0,
    seed: int = 0,
) -> SystemSounds:
    """Give each photo real excerpts of its own scene, from as many recordings as there are; see `deal`.

    Args:
        photos: Their scenes are used.
        real: Excerpts to choose from, of all splits.
        seeds: Excerpts per photo.
        duration_s: Length in seconds.
        seed: Decides the lots.

    Returns:
        The system `real`.

    Raises:
        ConfigError: Excerpts are shorter than `duration_s`.
        PairError: A scene has no recording.
    """
    chosen = deal(real, photos.scenes, seeds=seeds, seed=seed)
    return _taken("real", real, chosen, samples_in(real, duration_s))


def nearest_photo(
    generator: SoundscapeGenerator,
    photos: EvaluatedPhotos,
    real: RealSounds,
    *,
    manifest: Manifest,
    seeds: int,
    duration_s: float = 5.0,
    seed: int = 0,
    cache: FeatureCache | None = None,
) -> SystemSounds:
    """Give each photo training recordings of the scene of the training photo that is most like it.

    Alike is what the model's own photo encoder says, by the cosine between features. A photo that is a
    training photo itself is not compared with itself, and photos of scenes without a training recording are
    not looked at.

    Args:
        generator: Its photo encoder is used.
        photos: Their `paths` are used.
        real: Excerpts to choose from; only those of split `train` are used.
        manifest: All splits together; its training photos with a scene are compared.
        seeds: Excerpts per photo.
        duration_s: Length in seconds.
        seed: Decides which excerpts; see `deal`.
        cache: Where features are kept; None: the user's cache folder.

    Returns:
        The system `nearest`.

    Raises:
        ConfigError: Excerpts are shorter than `duration_s`.
        PairError: There is no other training photo of a scene with a training recording.
        MediaError: A photo cannot be read.
        CheckpointError: The photo encoder is not the one the model was trained with.
    """
    heard = set(real.scenes[real.splits == "train"].tolist())
    known = {
        row.photo: row.scene
        for row in manifest.split("train").rows
        if row.photo is not None and row.scene is not None and row.scene in heard
    }
    cache = FeatureCache() if cache is None else cache
    paths = list(known)
    if not any(path != other for path in paths for other in photos.paths):
        raise PairError(
            f"{manifest.path}: no training photo to compare with whose scene has a training recording. "
            "Give some of both the same scene."
        )
    likeness = _directions(generator, cache, photos.paths) @ _directions(generator, cache, paths).T
    same = np.array([[path == other for other in paths] for path in photos.paths])
    likeness[torch.from_numpy(same)] = -math.inf
    scenes = [known[paths[index]] for index in likeness.argmax(1).tolist()]
    chosen = deal(real, scenes, seeds=seeds, seed=seed, splits=("train",))
    return _taken("nearest", real, chosen, samples_in(real, duration_s))


def constant(
    photos: EvaluatedPhotos,
    real: RealSounds,
    *,
    seeds: int,
    duration_s: float = 5.0,
    seed: int = 0,
) -> SystemSounds:
    """Give every photo the same real excerpt: a good sound that knows nothing of any photo.

    For checks of one's own: `evaluate` leaves it out.

    Args:
        photos: Tell how many sounds are wanted.
        real: The excerpt is taken from here, by lot.
        seeds: Sounds per photo, all the same.
        duration_s: Length in seconds.
        seed: Decides the lot.

    Returns:
        The system `constant`.

    Raises:
        ConfigError: Excerpts are shorter than `duration_s`.
    """
    excerpt = np.random.default_rng(seed).integers(len(real.recordings))
    chosen = np.full((len(photos.paths), seeds), excerpt, dtype=np.int64)
    return _taken("constant", real, chosen, samples_in(real, duration_s))


def _taken(name: str, real: RealSounds, chosen: NDArray[np.int64], count: int) -> SystemSounds:
    """The first `count` samples of the excerpts chosen, [photos, seeds]."""
    return SystemSounds(
        name=name,
        samples=real.samples[:, :count][torch.from_numpy(chosen)],
        sources=real.recordings[chosen],
        seconds_per_sound=math.nan,
    )


def _directions(generator: SoundscapeGenerator, cache: FeatureCache, paths: Sequence[Path]) -> Tensor:
    """Features of photos at length 1, float64 [photos, feature_dim]."""
    features = cache.features(generator.encoder, paths).double()
    return torch.nn.functional.normalize(features, dim=1)
