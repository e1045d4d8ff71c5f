"""What the tests of the web room share: a tiny model, photos, and a server that needs no port."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tiny_models import save_photo, tiny_config, tiny_model
from tiny_server import PLACES, Client

from photowave.checkpoint import save_model
from photowave.generation import SoundscapeGenerator, load
from photowave.image import build_encoder
from photowave.model import Catalogue, Origin, TextureConditioner
from photowave.settings import ServeSettings
from photowave.web.app import build_app


@pytest.fixture(scope="session")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model file of tiny weights with the real photo encoder, whose textures have places."""
    config = tiny_config()
    encoder = build_encoder(config.image)
    model = tiny_model(config, feature_dim=encoder.feature_dim)
    assert isinstance(model.conditioner, TextureConditioner)
    textures = len(model.conditioner.codebook)
    model.conditioner.groups.copy_((model.conditioner.groups * 0).add_(1).cumsum(0) % len(PLACES))
    model.catalogue = Catalogue(
        recordings=tuple(
            Origin(name=f"{place}.wav", place=place, seconds=9.0, licence="CC0-1.0", author="Ann")
            for place in PLACES
        ),
        owners=tuple(model.conditioner.groups.tolist()[:textures]),
    )
    path = tmp_path_factory.mktemp("web") / "tiny.safetensors"
    save_model(model, path, encoder_fingerprint=encoder.fingerprint)
    return path


@pytest.fixture(scope="session")
def generator(model_file: Path) -> SoundscapeGenerator:
    made = load(model_file)
    made.warm_up()
    return made


@pytest.fixture
def photo(tmp_path: Path) -> bytes:
    return save_photo(tmp_path / "one.png", 1).read_bytes()


@pytest.fixture
def client(generator: SoundscapeGenerator) -> Iterator[Client]:
    """Makes servers with given settings; each is warm and listens, and ends with the test."""
    open_clients = []

    def make(**settings: object) -> TestClient:
        app = build_app(generator, ServeSettings(**{"listeners": 8, **settings}))  # type: ignore[arg-type]
        made = TestClient(app, base_url="http://127.0.0.1:8000")
        open_clients.append(made)
        return made.__enter__()

    yield make
    for made in open_clients:
        made.__exit__(None, None, None)
