"""The map from photo to scene is fitted anew without a photo, and every photo is held out once."""

import copy
from dataclasses import asdict
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
import torch
from torch import Tensor

from photowave.errors import ConfigError
from photowave.evaluation.studies import cross_validation
from photowave.evaluation.studies.cross_validation import COMPARED, answer_with, cross_validate, refit
from photowave.generation import SoundscapeGenerator, load
from photowave.model import TextureConditioner
from photowave.pairs.sources import open_pairs
from photowave.settings import DrawSettings

DRAW = DrawSettings(duration_s=1.0)
REPEATS = 2


class Watched:
    """Which photos each fold saw and held out, by their features, while a study runs."""

    def __init__(self) -> None:
        self.folds: list[tuple[Tensor, Tensor]] = []
        self._seen = torch.empty(0)

    def refit(self, conditioner: TextureConditioner, rows: Tensor, groups: Tensor, **options: float) -> None:
        self._seen = rows
        refit(conditioner, rows, groups, **options)

    def vectors(self, model: SoundscapeGenerator, features: Tensor, *, seeds: list[int]) -> Tensor:
        self.folds.append((self._seen, features))
        return real_vectors(model, features, seeds=seeds)


real_vectors = SoundscapeGenerator.feature_vectors


@pytest.mark.parametrize("told", [False, True])
def test_every_photo_is_held_out_exactly_once(trained: tuple[Path, Path], told: bool) -> None:
    manifest, file = trained
    model, watched = load(file), Watched()
    before = copy.deepcopy(model.model.conditioner.state_dict())
    with (
        mock.patch.object(cross_validation, "refit", watched.refit),
        mock.patch.object(SoundscapeGenerator, "feature_vectors", lambda *a, **k: watched.vectors(*a, **k)),
    ):
        found = cross_validate(model, open_pairs(str(manifest)), DRAW, folds=5, repeats=REPEATS, told=told)
    pairs = open_pairs(str(manifest))
    photos = [photo for split in ("train", "val", "test") for photo in pairs.split(split).photos]
    features = torch.cat([model.encoder.encode([photo]) for photo in photos])
    assert len(torch.unique(features, dim=0)) == len(photos) == found.photos == 10

    def numbers(rows: Tensor) -> list[int]:
        return torch.cdist(rows, features).argmin(1).tolist()

    held_out = [number for _, rows in watched.folds for number in numbers(rows)]
    for repeat in range(REPEATS):
        assert sorted(held_out[10 * repeat : 10 * (repeat + 1)]) == list(range(10))
    assert len(held_out) == 10 * REPEATS
    for seen, rows in watched.folds:
        assert not set(numbers(seen)) & set(numbers(rows))
        assert len(seen) == 8
    # Red photos and blue ones: the map cannot miss, whichever are held out.
    assert found.photo_to_scene == [1.0] * REPEATS
    assert found.scenes == 2
    assert found.compared.keys() == set(COMPARED)
    assert all(len(values) == REPEATS for values in found.compared.values())
    after = model.model.conditioner.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


@pytest.mark.parametrize("counts", [(7, 5), (10, 3)])
def test_folds_hold_scenes_evenly(counts: tuple[int, int]) -> None:
    scenes = np.repeat(["city", "sea"], counts)
    folds = list(cross_validation.deal_folds(scenes, folds=3, seed=1))
    assert sorted(np.concatenate([held_out for _, held_out in folds])) == list(range(sum(counts)))
    for seen, held_out in folds:
        assert sorted([*seen, *held_out]) == list(range(sum(counts)))
        assert abs(int((scenes[held_out] == "sea").sum()) - counts[1] / 3) < 1
    other = list(cross_validation.deal_folds(scenes, folds=3, seed=2))
    assert not np.array_equal(folds[0][1], other[0][1])


def test_the_same_study_gives_the_same_numbers(trained: tuple[Path, Path]) -> None:
    manifest, file = trained
    first, again = (
        cross_validate(load(file), open_pairs(str(manifest)), DRAW, folds=2, repeats=1) for _ in range(2)
    )
    assert asdict(first) == asdict(again)


def test_a_map_that_is_told_the_scene_gives_its_textures_alone(trained: tuple[Path, Path]) -> None:
    conditioner = load(trained[1]).model.conditioner
    assert isinstance(conditioner, TextureConditioner)
    rows = torch.randn(5, conditioner.prior.in_features, generator=torch.Generator().manual_seed(0))
    before = conditioner.texture_probabilities(rows).detach()
    for group in torch.unique(conditioner.groups[conditioner.prior.bias > -1e3]).tolist():
        members = conditioner.groups == group
        told = copy.deepcopy(conditioner)
        answer_with(told, group)
        after = told.texture_probabilities(rows).detach()
        assert after[:, ~members].max() == 0.0
        inside = before[:, members] / before[:, members].sum(1, keepdim=True)
        torch.testing.assert_close(after[:, members], inside)


def test_a_refitted_map_does_not_know_the_photos_left_out(trained: tuple[Path, Path]) -> None:
    conditioner = load(trained[1]).model.conditioner
    assert isinstance(conditioner, TextureConditioner)
    present = torch.unique(conditioner.groups[conditioner.prior.bias > -1e3])
    rows = torch.eye(conditioner.prior.in_features)[:4]
    inside = conditioner.texture_probabilities(rows).detach()
    refit(conditioner, rows, present[[0, 0, 1, 1]], penalty=1e-3)
    after = conditioner.texture_probabilities(rows).detach()
    by_group = torch.stack([after[:, conditioner.groups == group].sum(1) for group in present], 1)
    assert by_group.argmax(1).tolist() == [0, 0, 1, 1]
    # What is inside a group stays as it was.
    for group in present:
        members = conditioner.groups == group
        before = inside[0, members] / inside[0, members].sum()
        torch.testing.assert_close(after[0, members] / after[0, members].sum(), before)


def test_a_model_without_textures_of_scenes_is_refused(trained: tuple[Path, Path]) -> None:
    manifest, file = trained
    model = load(file)
    conditioner = model.model.conditioner
    assert isinstance(conditioner, TextureConditioner)
    conditioner.groups.zero_()
    with pytest.raises(ConfigError, match=r"model\.safetensors: its textures are not grouped by scene"):
        cross_validate(model, open_pairs(str(manifest)), DRAW)
