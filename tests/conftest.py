"""What several rooms' tests share."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def scenes_folder() -> Path:
    """The real photos and recordings: $PHOTOWAVE_SCENES, or ../shared/scenes beside the checkout."""
    named = os.environ.get("PHOTOWAVE_SCENES")
    folder = Path(named) if named else Path(__file__).resolve().parents[2] / "shared" / "scenes"
    if not folder.is_dir():
        pytest.skip(f"no real scenes: {folder} is not there; set PHOTOWAVE_SCENES to a folder of scenes")
    return folder


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
