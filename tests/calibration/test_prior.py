"""The map from photo to group: further scenes that suit a photo, and what the table of places adds."""

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from tiny_scenes import tiny_config
from torch import Tensor

from photowave.calibration.calibrate import calibrate
from photowave.calibration.prior import fit_map
from photowave.calibration.softmax import fit_softmax
from photowave.calibration.targets import OWN_SHARE, _parts
from photowave.model import PhotowaveModel, TextureConditioner
from photowave.pairs.split_data import SplitData

Make = Callable[..., Any]


@pytest.fixture
def train(make_training: Make) -> SplitData:
    """The training part of the tiny scenes: three photos and three sounds each of hiss and rumble."""
    _, pairs = make_training(stage=None)
    pairs.setup("fit")
    part: SplitData = pairs.parts["train"]
    return part


def scored(train: SplitData, scores: dict[str, Tensor]) -> SplitData:
    """The same photos with scores of places [photos]."""
    columns = torch.stack(list(scores.values()), 1)
    return replace(train, features=torch.cat([train.features, columns], 1), places=tuple(scores))


def without_photos(train: SplitData, scene: str) -> SplitData:
    """Sounds of a scene lose their photos, and these their sounds."""
    pairing = train.pairing
    sounds = zip(pairing.photos_of, pairing.sound_scenes, strict=True)
    photos = zip(pairing.sounds_of, pairing.photo_scenes, strict=True)
    changed = replace(
        pairing,
        photos_of=tuple(() if name == scene else partners for partners, name in sounds),
        sounds_of=tuple(() if name == scene else partners for partners, name in photos),
    )
    return replace(train, pairing=changed)


def calibrated(train: SplitData) -> TextureConditioner:
    model = PhotowaveModel(tiny_config(), feature_dim=train.features.shape[1])
    calibrate(model, train, seed=0, prior_penalty=1e-2)
    assert isinstance(model.conditioner, TextureConditioner)
    return model.conditioner


def chances(conditioner: TextureConditioner, train: SplitData, scene: str, features: Tensor) -> Tensor:
    """Probability that photos get a texture that was heard in a scene, [photos]."""
    heard = torch.cat(
        [
            recording.textures
            for recording, name in zip(train.bank.recordings, train.pairing.sound_scenes, strict=True)
            if name == scene
        ]
    )
    mine = torch.tensor([bool((entry == heard).all(1).any()) for entry in conditioner.codebook])
    return conditioner.texture_probabilities(features)[:, mine].sum(1)


def test_a_scene_without_photos_is_reached_by_its_score(train: SplitData) -> None:
    quiet = torch.zeros(len(train.features))
    cut = without_photos(scored(train, {"hiss": quiet, "rumble": quiet}), "rumble")
    assert cut.unseen_scenes == {"rumble"}
    conditioner = calibrated(cut)
    photo = train.features[:1]
    plain = torch.cat([photo, torch.tensor([[2.0, -2.0]])], 1)
    rumbling = torch.cat([photo, torch.tensor([[-2.0, 2.0]])], 1)
    assert chances(conditioner, train, "hiss", plain) > 0.9
    assert chances(conditioner, train, "rumble", rumbling) > 0.5


@pytest.mark.parametrize("places", [(), ("sea", "wood")])
def test_a_scene_without_photos_that_no_table_knows_is_never_drawn(
    places: tuple[str, ...], train: SplitData
) -> None:
    marks = {place: torch.zeros(len(train.features)) for place in places}
    cut = without_photos(scored(train, marks) if marks else train, "rumble")
    conditioner = calibrated(cut)
    assert chances(conditioner, train, "rumble", cut.features).max() < 1e-6


def test_names_that_the_table_does_not_know_break_nothing(train: SplitData) -> None:
    marks = {"sea": torch.zeros(len(train.features)), "wood": torch.ones(len(train.features))}
    known = scored(train, marks)
    conditioner = calibrated(known)
    for scene in ("hiss", "rumble"):
        rows = torch.tensor([name == scene for name in train.pairing.photo_scenes])
        assert chances(conditioner, train, scene, known.features[rows]).min() > 0.9


def test_scores_stay_as_they_are_and_only_their_own_group_trusts_them() -> None:
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(40, 5, generator=generator) * 3 + 1
    targets = torch.eye(3)[torch.arange(40) % 3]
    conditioner = TextureConditioner(features=5, texture=2, channels=2, codebook_size=3, sharpness=1.0)
    weight, _ = fit_map(
        conditioner, features, targets, scenes=["sea", None, "my yard"], places=["wood", "sea"], penalty=1e4
    )
    assert conditioner.feature_mean[3:].tolist() == [0, 0]
    assert conditioner.feature_std[3:].tolist() == [1, 1]
    torch.testing.assert_close(conditioner.feature_mean[:3], features[:, :3].mean(0))
    expected = torch.zeros(3, 5)
    expected[0, 4] = 1.5
    torch.testing.assert_close(weight, expected, atol=1e-3, rtol=0)


def test_a_bias_that_costs_stays_near_zero_without_examples() -> None:
    targets = torch.eye(3)[torch.zeros(20, dtype=torch.long)]
    ones = torch.ones(20)
    _, free = fit_softmax(torch.zeros(20, 1), targets, weights=ones, penalty=1.0)
    _, held = fit_softmax(torch.zeros(20, 1), targets, weights=ones, penalty=1.0, bias_penalty=1.0)
    assert (free[0] - free[1]) > 3
    assert 0 < (held[0] - held[1]) < 1


def test_further_scenes_get_their_share() -> None:
    pairing: Any = SimpleNamespace(sound_scenes=("sea", "sea", "wood", None))
    also = ("wood",)
    assert _parts(pairing, (0, 1, 2), also) == [(OWN_SHARE, [0, 1]), (pytest.approx(1 - OWN_SHARE), [2])]
    assert _parts(pairing, (0, 1), ()) == [(1.0, [0, 1])]
    assert _parts(pairing, (2,), also) == [(1.0, [2])], "its own scene has no sounds here"
    assert _parts(pairing, (), also) == []
