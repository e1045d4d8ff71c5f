"""What several rooms' tests share."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def places_manifest() -> Path:
    """The manifest of the set of places: in $PHOTOWAVE_PLACES, or in data/places of the checkout."""
    named = os.environ.get("PHOTOWAVE_PLACES")
    manifest = (Path(named) if named else Path(__file__).resolve().parents[1] / "data/places") / "pairs.csv"
    if not manifest.is_file():
        pytest.skip(f"no set of places: {manifest} is not there; build it with scripts/build_places.py")
    return manifest


@pytest.fixture(scope="session")
def tiny_model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model file with the real photo encoder and a tiny random decoder: it draws noise, at once."""
    from tiny_models import tiny_config, tiny_model

    from photowave.checkpoint import save_model
    from photowave.image import build_encoder

    config = tiny_config()
    encoder = build_encoder(config.image)
    path = tmp_path_factory.mktemp("models") / "tiny.safetensors"
    model = tiny_model(config, feature_dim=encoder.feature_dim)
    save_model(model, path, encoder_fingerprint=encoder.fingerprint)
    return path
