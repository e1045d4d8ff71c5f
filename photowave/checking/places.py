"""What a trained model makes of a photo, beside the place that its row names."""

from pathlib import Path

from photowave.checkpoint import LoadedModel
from photowave.errors import CheckpointError
from photowave.generation.hearing import hear
from photowave.image import FeatureCache, build_encoder

LEAST_SHARE = 0.003
"""Probability of a place below which a photo hardly shows it."""


class PlaceMap:
    """The map from photos to places of a model.

    Args:
        loaded: The model.

    Raises:
        CheckpointError: Its photo encoder is not the one that is installed.
    """

    def __init__(self, loaded: LoadedModel):
        self._model = loaded.model
        self._encoder = build_encoder(loaded.model.config.image)
        self._cache = FeatureCache()
        if self._encoder.fingerprint != loaded.encoder_fingerprint:
            raise CheckpointError(
                f"{loaded.path.name} was trained with another photo encoder, so its map says nothing here. "
                "Give another --model, or --model none."
            )
        catalogue = loaded.model.catalogue
        self.places = frozenset() if catalogue is None else frozenset(o.place for o in catalogue.recordings)

    def doubt(self, photo: Path, scene: str) -> str | None:
        """Say how far a photo is from showing a place.

        Args:
            photo: One that can be read.
            scene: A place that the model knows.

        Returns:
            In words; None if it may show the place.
        """
        features = self._cache.features(self._encoder, [photo])
        heard = hear(self._model, features, scores=len(self._encoder.places)).places
        likeliest, share = next(iter(heard)), heard.get(scene, 0.0)
        if share >= LEAST_SHARE:
            return None
        return f"the model gives {scene} {share:.2%}, and {likeliest} {heard[likeliest]:.0%}"
