"""How well a model names the places of photos, how sure it is, and whether it notices what is no place."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from photowave.errors import ConfigError
from photowave.generation import SoundscapeGenerator
from photowave.generation.hearing import Hearing, hear
from photowave.image import FeatureCache, PhotoSource
from photowave.pairs.manifest import Manifest

_BINS = 10


@dataclass(frozen=True)
class NamedPlaces:
    """What was measured; shares lie in 0 to 1."""

    photos: int
    """Photos of places that the model knows."""
    accepted: float
    """Share whose likeliest place is the photo's, or one of those that suit it as well."""
    strict: float
    """Share whose likeliest place is the photo's."""
    confidence: float
    """Mean probability of the likeliest place."""
    calibration_error: float
    """Expected calibration error in ten bins, against accepted places."""
    false_alarms: float
    """Share that is said to show no known place."""
    strangers: int
    """Photos of no place that the model knows."""
    caught: float
    """Share of the strangers that is said to be of no known place; NaN without any."""


def measure_places(
    model: SoundscapeGenerator, manifest: Manifest, *, splits: Sequence[str], strangers: Sequence[PhotoSource]
) -> NamedPlaces:
    """Ask a model for the places of photos that it was not trained on.

    Args:
        model: It knows its places by name.
        manifest: Photos of scenes that the model calls by the same names; others are left out.
        splits: Which of its splits.
        strangers: Photos of no such place.

    Raises:
        ConfigError: The model names no places, or none of the photos shows one.
    """
    known = set() if model.model.catalogue is None else {o.place for o in model.model.catalogue.recordings}
    photos, accepted = [], []
    for split in splits:
        pairing = manifest.split(split).pairs("scene")
        for photo, scene, also in zip(pairing.photos, pairing.photo_scenes, pairing.photo_also, strict=True):
            if scene in known:
                photos.append(photo)
                accepted.append((scene, *also))
    if not photos:
        raise ConfigError("no photo shows a place that the model calls by name. Give other pairs or splits.")
    heard = _heard(model, photos)
    first = [next(iter(hearing.places)) for hearing in heard]
    hits = np.array([_among(name, names) for name, names in zip(first, accepted, strict=True)])
    sure = np.array([next(iter(hearing.places.values())) for hearing in heard])
    alarms = [not hearing.is_known for hearing in heard]
    caught = [not hearing.is_known for hearing in _heard(model, strangers)]
    return NamedPlaces(
        photos=len(photos),
        accepted=float(hits.mean()),
        strict=float(np.mean([_among(name, names[:1]) for name, names in zip(first, accepted, strict=True)])),
        confidence=float(sure.mean()),
        calibration_error=calibration_error(sure, hits),
        false_alarms=float(np.mean(alarms)),
        strangers=len(caught),
        caught=float(np.mean(caught)) if caught else float("nan"),
    )


def calibration_error(sure: NDArray[np.float64], hits: NDArray[np.bool_]) -> float:
    """Expected calibration error: how far probabilities lie from shares of hits, in ten bins, weighted.

    Guo et al. 2017, "On calibration of modern neural networks", arXiv:1706.04599.

    Args:
        sure: Probability of each answer, [answers].
        hits: Whether it is right, [answers].
    """
    place = np.minimum((sure * _BINS).astype(int), _BINS - 1)
    gaps = [abs((sure - hits)[place == number].sum()) for number in range(_BINS)]
    return float(np.sum(gaps) / len(sure))


def _among(name: str, names: Sequence[str]) -> bool:
    """Whether a place is among those asked for; places that share textures are told with "or"."""
    return bool(set(name.split(" or ")) & set(names))


def _heard(model: SoundscapeGenerator, photos: Sequence[PhotoSource]) -> list[Hearing]:
    encoder = model.encoder
    features = FeatureCache().features(encoder, photos)
    rows = torch.split(features.to(model.device), 1)
    return [hear(model.model, row, scores=len(encoder.places)) for row in rows] if len(features) else []
