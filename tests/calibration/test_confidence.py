"""How sure the map may be: what is told of photos that it does not know."""

import pytest
import torch
from torch import Tensor

from photowave.calibration import confidence
from photowave.calibration.confidence import find_factor
from photowave.calibration.prior import fit_map
from photowave.model import TextureConditioner


def examples(count: int, *, seed: int) -> tuple[Tensor, Tensor]:
    """Photos of three groups, some of them named wrongly: no map can be sure of more than 80 %."""
    generator = torch.Generator().manual_seed(seed)
    group = torch.arange(count) % 3
    inputs = torch.randn(count, 12, generator=generator)
    inputs[torch.arange(count), group] += 3.0
    wrong = torch.rand(count, generator=generator) < 0.2
    group = torch.where(wrong, (group + 1) % 3, group)
    return inputs, torch.eye(3)[group]


@pytest.mark.parametrize("off", [0.2, 1.0, 4.0])
def test_a_map_that_is_too_modest_or_too_sure_is_mended(off: float) -> None:
    inputs, targets = examples(300, seed=0)
    right = torch.zeros(3, 12)
    right[:, :3] = 2.0 * torch.eye(3)
    best = find_factor(inputs, targets, lambda chosen: (right, torch.zeros(3)))
    found = find_factor(inputs, targets, lambda chosen: (off * right, torch.zeros(3)))
    assert found * off == pytest.approx(best, rel=0.1)


def test_probabilities_are_true_of_photos_that_are_new() -> None:
    inputs, targets = examples(600, seed=1)
    conditioner = TextureConditioner(features=12, texture=2, channels=2, codebook_size=3, sharpness=1.0)
    new, answers = examples(3000, seed=2)
    gaps = []
    for calibrated in (False, True):
        weight, bias = fit_map(
            conditioner,
            inputs,
            targets,
            scenes=[None] * 3,
            places=[],
            penalty=0.1,
            calibrated=calibrated,
        )
        told = torch.softmax(
            (new - conditioner.feature_mean) / conditioner.feature_std @ weight.t() + bias, -1
        )
        sure, named = told.max(-1)
        hits = answers.gather(1, named[:, None])[:, 0]
        gaps.append(abs(float(sure.mean() - hits.mean())))
    assert gaps[1] < 0.05 < gaps[0]


def test_photos_alike_do_not_vouch_for_each_other() -> None:
    generator = torch.Generator().manual_seed(3)
    several = torch.randn(20, 40, generator=generator).repeat(5, 1)  # five copies of twenty photos
    targets = torch.eye(2)[torch.randint(2, (20,), generator=generator)].repeat(5, 1)  # of nothing to be seen

    def by_heart(chosen: Tensor) -> tuple[Tensor, Tensor]:
        weight = targets[chosen].t() @ several[chosen]
        return weight - weight.mean(0), torch.zeros(2)

    assert find_factor(several, targets, by_heart) < 0.2


def test_too_few_photos_tell_nothing() -> None:
    inputs, targets = examples(12, seed=4)
    assert find_factor(inputs, targets, lambda chosen: (torch.ones(3, 12), torch.zeros(3))) == 1.0


@pytest.mark.parametrize("spread", [0.4, 0.8, 1.2])
def test_many_photos_have_the_clusters_that_they_have_as_a_whole(
    spread: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = torch.Generator().manual_seed(5)
    inputs = torch.randn(12, 16, generator=generator).repeat(20, 1)
    inputs += spread * torch.randn(240, 16, generator=generator)

    def clusters(whole: int) -> set[frozenset[int]]:
        monkeypatch.setattr(confidence, "_WHOLE", whole)
        numbers = torch.tensor(confidence._clusters(inputs))
        return {
            frozenset((numbers == number).nonzero().flatten().tolist())
            for number in numbers.unique().tolist()
        }

    together = clusters(1_000)
    assert 1 < len(together) < 240
    assert clusters(50) == together


def test_many_photos_whose_groups_take_turns_are_told_of_as_few(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = torch.Generator().manual_seed(6)
    inputs, targets = torch.randn(400, 30, generator=generator), torch.eye(5)[torch.arange(400) % 5]
    inputs[:, :5] += 2.0 * targets

    def fit(chosen: Tensor) -> tuple[Tensor, Tensor]:
        weight = targets[chosen].t() @ inputs[chosen] / len(inputs)
        return weight - weight.mean(0), torch.zeros(5)

    few = find_factor(inputs, targets, fit)
    monkeypatch.setattr(confidence, "_WHOLE", 100)
    assert find_factor(inputs, targets, fit) == pytest.approx(few, rel=0.2)
