"""What is heard in a photo: probabilities of places, and the texture that is really drawn."""

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tiny_models import tiny_config, tiny_model

from photowave.generation.hearing import LEAST_SPOKEN, MOST_UNLIKE, Hearing, hear
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
        model.conditioner.feature_mean.zero_()
        model.conditioner.feature_std.fill_(1.0)
    return model


@pytest.fixture(scope="module")
def model() -> PhotowaveModel:
    return listening()


def test_probabilities_are_those_before_sharpening_and_add_up(model: PhotowaveModel) -> None:
    features = torch.randn(1, 12, generator=torch.Generator().manual_seed(5))
    found = hear(model, features).places
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
    found = hear(model, torch.zeros(1, 12)).places
    assert set(found) == {"forest", "sea"}
    assert sum(found.values()) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("kind", ["photo", "texture"])
def test_a_model_that_knows_no_names_tells_none(kind: str) -> None:
    model = listening(kind)
    if kind == "texture":
        model.catalogue = None
    assert hear(model, torch.zeros(1, 12)) == Hearing({}, is_known=True)


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 99), factor=st.floats(0, 10))
def test_a_photo_far_from_those_of_the_training_is_of_no_place(
    model: PhotowaveModel, seed: int, factor: float
) -> None:
    features = factor * torch.randn(1, 12, generator=torch.Generator().manual_seed(seed))
    unlike = float(features.square().mean())
    assume(abs(unlike - MOST_UNLIKE) > 1e-3)
    assert hear(model, features).is_known == (unlike < MOST_UNLIKE)


def test_a_photo_in_which_nothing_speaks_for_a_place_is_of_none(model: PhotowaveModel) -> None:
    features = torch.zeros(1, 12)
    features[:, -4:] = torch.tensor([1.0, -1.0, 1.0, -1.0]) * LEAST_SPOKEN  # scores of four places
    for factor, known in ((2.0, True), (0.5, False)):
        assert hear(model, factor * features, scores=4).is_known == known
        assert hear(model, factor * features).is_known, "without a table, there are no scores"


def test_what_was_heard_is_said_in_one_line() -> None:
    places = {"sea": 0.83, "lake": 0.09, "wood": 0.08}
    assert Hearing(places).words == "sea 83 %, lake 9 %"
    assert Hearing(places, is_known=False).words.endswith("nearest: sea 83 %, lake 9 %")
    assert Hearing({"sea": 0.998, "lake": 0.002}).words == "sea 100 %"
    assert Hearing().words == ""
