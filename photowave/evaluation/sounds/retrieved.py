"""The systems that play real recordings: some of the photo's scene, or some of the nearest training photo."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from photowave.errors import PairError
from photowave.evaluation.sounds.dealing import deal
from photowave.evaluation.sounds.types import Request, SystemSounds
from photowave.generation import SoundscapeGenerator
from photowave.image import FeatureCache
from photowave.pairs.manifest import Manifest


def real_sounds(request: Request) -> SystemSounds:
    """Give each photo real excerpts of its own scene, from as many recordings as there are; see `deal`."""
    chosen = deal(request.real, request.photos.scenes, seeds=request.seeds, seed=request.seed)
    return _played("real", request, chosen)


def nearest_photo(
    request: Request,
    generator: SoundscapeGenerator,
    manifest: Manifest,
    *,
    cache: FeatureCache | None = None,
) -> SystemSounds:
    """Give each photo training recordings of the scene of the training photo that is most like it.

    The model's own photo encoder says what is alike, by the cosine between features. A training photo is not
    compared with itself, and photos of scenes without a training recording are left out. PairError: there is
    no other training photo of a scene with a training recording.
    """
    photos, real = request.photos, request.real
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
    chosen = deal(real, scenes, seeds=request.seeds, seed=request.seed, splits=("train",))
    return _played("nearest", request, chosen)


def _played(name: str, request: Request, chosen: NDArray[np.int64]) -> SystemSounds:
    """The beginning of the excerpts chosen, [photos, seeds]."""
    return SystemSounds(
        name=name,
        samples=request.real.samples[:, : request.count][torch.from_numpy(chosen)],
        sources=request.real.recordings[chosen],
        seconds_per_sound=math.nan,
    )


def _directions(generator: SoundscapeGenerator, cache: FeatureCache, paths: Sequence[Path]) -> Tensor:
    """Features of photos at length 1, float64 [photos, feature_dim]."""
    features = cache.features(generator.encoder, paths).double()
    return torch.nn.functional.normalize(features, dim=1)
