"""The list of recordings: every texture comes from the one that it names."""

from collections.abc import Callable
from typing import Any

import torch
from tiny_scenes import tiny_config

from photowave.calibration.calibrate import calibrate
from photowave.model import PhotowaveModel, TextureConditioner


def test_every_texture_is_one_of_the_recording_that_is_named(make_training: Callable[..., Any]) -> None:
    _, pairs = make_training(stage=None)
    pairs.setup("fit")
    train = pairs.parts["train"]
    model = PhotowaveModel(tiny_config(), feature_dim=train.features.shape[1])
    calibrate(model, train, seed=0, prior_penalty=1e-3)
    catalogue, conditioner = model.catalogue, model.conditioner
    assert catalogue is not None
    assert isinstance(conditioner, TextureConditioner)
    assert sorted(origin.name for origin in catalogue.recordings) == sorted(
        f"{scene}{number}.wav" for scene in ("hiss", "rumble") for number in range(3)
    )
    assert {origin.seconds for origin in catalogue.recordings} == {2.0}
    for texture, owner in zip(conditioner.codebook, catalogue.owners, strict=True):
        origin = catalogue.recordings[owner]
        assert origin.name.startswith(origin.place)
        (recording,) = [r for r in train.bank.recordings if r.path.name == origin.name]
        assert bool(torch.isclose(recording.textures, texture, atol=1e-6).all(1).any())
