"""The settings decide what is built."""

import pytest
from tiny_models import KINDS, random_frames, tiny_config, tiny_model
from torch import Tensor

from photowave.model import PhotoConditioner, PhotowaveModel, TextureConditioner, build_output
from photowave.settings import ModelConfig
from photowave.wavenet import MixtureOutput, SoftmaxOutput


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("conditioning", ["texture", "photo"])
def test_parts_fit_together(kind: tuple[str, int], conditioning: str) -> None:
    config = tiny_config(*kind, kind=conditioning)
    model = tiny_model(config)
    assert model.sample_rate == 2_000
    assert model.codec.bands == kind[1]
    assert model.wavenet.receptive_field == 9
    expected = TextureConditioner if conditioning == "texture" else PhotoConditioner
    assert type(model.conditioner) is expected
    frames = random_frames(model.wavenet, 2, 8)
    vectors: Tensor = model.conditioner.null.expand(2, -1)
    assert model.wavenet.score(frames, vectors).shape == (2, 8)


def test_output_follows_the_settings() -> None:
    softmax = build_output(tiny_config("softmax"))
    assert isinstance(softmax, SoftmaxOutput)
    assert (softmax.channels, softmax.uniforms) == (64, 1)
    mixture = build_output(tiny_config("mixture", 4))
    assert isinstance(mixture, MixtureOutput)
    assert (mixture.channels, mixture.uniforms) == (3 * (1 + 2 * 4), 5)


def test_the_default_model_has_about_half_a_million_weights() -> None:
    model = PhotowaveModel(ModelConfig(), feature_dim=1280)
    decoder = sum(p.numel() for p in model.wavenet.parameters())
    gates = 20 * (64 * 64 + 64) + 19 * (32 * 32 + 32)
    head = 640 * 128 + 128 + 128 * 128 + 128 + 128 * 256 + 256
    conditioning = 64 * (20 * 64 + 128 + 128)
    assert decoder == 256 * 64 + 32 + gates + head + conditioning
    assert model.wavenet.receptive_field == 2_048
