"""What is heard in a photo: probabilities of places, and the texture that is really drawn."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import tiny_config, tiny_model

from photowave.generation.hearing import hear
from photowave.model import Catalogue, Origin, PhotowaveModel, TextureConditioner
from photowave.model.conditioning import NEVER

PLACES = ("forest", "sea", "peak", "sea")


def listening(kind: str = "texture") -> PhotowaveModel:
    """A model of 64 textures in four groups; two of them are seas."""
    model = tiny_model(tiny_config(kind=kind))
    owners = tuple(index % 4 for index in range(64))
    origins = tuple(
        Origin(name=f"{number}.wav", place=place, seconds=2.0, licence="CC0")
        for number, place in enumerate(PLACES)
    )
    model.catalogue = Catalogue(recordings=origins, owners=owners)
    if isinstance(model.conditioner, TextureConditioner):
        model.conditioner.groups.copy_(torch.arange(64) % 4)
    return model


@pytest.fixture(scope="module")
def model() -> PhotowaveModel:
    return listening()


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 99), uniform=st.floats(0, 0.999))
def test_the_texture_that_is_told_is_the_one_that_is_drawn(
    model: PhotowaveModel, seed: int, uniform: float
) -> None:
    features = torch.randn(1, 12, generator=torch.Generator().manual_seed(seed))
    chance = torch.tensor([uniform])
    found = hear(model, features, chance)
    conditioner = model.conditioner
    assert isinstance(conditioner, TextureConditioner)
    assert found.texture is not None
    assert found.origin is not None
    with torch.no_grad():
        drawn = conditioner.photo_vector(features, chance)
        told = conditioner.texture_vector(conditioner.codebook[[found.texture]])
    torch.testing.assert_close(drawn, told)
    assert found.origin.name == f"{found.texture % 4}.wav"


def test_probabilities_are_those_before_sharpening_and_add_up(model: PhotowaveModel) -> None:
    features = torch.randn(1, 12, generator=torch.Generator().manual_seed(5))
    found = hear(model, features, torch.tensor([0.5])).places
    assert list(found) == sorted(found, key=lambda name: -found[name])
    assert set(found) == {"forest", "sea", "peak"}
    assert sum(found.values()) == pytest.approx(1.0, abs=1e-5)
    conditioner = model.conditioner
    assert isinstance(conditioner, TextureConditioner)
    with torch.no_grad():
        shares = torch.softmax(conditioner.prior_logits(features)[0], -1)
    assert found["forest"] == pytest.approx(float(shares[::4].sum()), abs=1e-5)
    assert found["sea"] == pytest.approx(float(shares[1::2].sum()), abs=1e-5)


def test_places_that_are_never_drawn_are_not_told() -> None:
    model = listening()
    conditioner = model.conditioner
    assert isinstance(conditioner, TextureConditioner)
    conditioner.prior.bias.data[2::4] = 10 * NEVER
    found = hear(model, torch.zeros(1, 12), torch.tensor([0.1])).places
    assert set(found) == {"forest", "sea"}
    assert sum(found.values()) == pytest.approx(1.0, abs=1e-5)


def test_what_is_told_is_plain_and_can_be_pasted(model: PhotowaveModel) -> None:
    told = hear(model, torch.zeros(1, 12), torch.tensor([0.3])).info()
    assert told["attribution"] == f'"{told["recording"]}", CC0'
    assert isinstance(told["texture"], int)
    assert all(isinstance(share, float) for share in told["places"].values())


@pytest.mark.parametrize("kind", ["photo", "texture"])
def test_a_model_that_knows_no_names_tells_none(kind: str) -> None:
    model = listening(kind)
    if kind == "texture":
        model.catalogue = None
    assert hear(model, torch.zeros(1, 12), torch.tensor([0.3])).info() == {}
