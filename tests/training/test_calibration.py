"""What is measured before the first step."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from tiny_scenes import tiny_config
from torch import Tensor

from photowave.model import PhotowaveModel, TextureConditioner
from photowave.pairs.datamodule import PairsDataModule, SplitData
from photowave.training.calibration import calibrate, fit_softmax
from photowave.training.task import SoundscapeTask
from photowave.wavenet import MixtureOutput


@pytest.fixture
def parts(make_data: Callable[..., PairsDataModule], make_task: Callable[..., SoundscapeTask]) -> dict:
    """The splits of the tiny scenes."""
    data = make_data()
    data.trainer = type("Trainer", (), {"lightning_module": make_task()})()  # type: ignore[assignment]
    data.setup("fit")
    return data.parts


@pytest.fixture
def conditioner(parts: dict[str, SplitData]) -> TextureConditioner:
    """A calibrated one."""
    model = PhotowaveModel(tiny_config(), feature_dim=parts["train"].features.shape[1])
    calibrate(model, parts["train"], seed=0, prior_penalty=1e-3)
    assert isinstance(model.conditioner, TextureConditioner)
    return model.conditioner


def test_codebook_holds_textures_that_were_heard(
    parts: dict[str, SplitData], conditioner: TextureConditioner
) -> None:
    heard = torch.cat([recording.textures for recording in parts["train"].bank.recordings])
    assert all((heard == entry).all(1).any() for entry in conditioner.codebook)
    assert len(conditioner.codebook.unique(dim=0)) == 4


def test_textures_and_features_come_out_normalised(
    parts: dict[str, SplitData], conditioner: TextureConditioner
) -> None:
    textures = torch.cat([recording.textures for recording in parts["train"].bank.recordings])
    normalised = (textures - conditioner.texture_mean) / conditioner.texture_std
    torch.testing.assert_close(normalised.mean(0), torch.zeros(16), atol=1e-4, rtol=0)
    torch.testing.assert_close(normalised.std(0, correction=0), torch.ones(16), atol=1e-4, rtol=0)


@pytest.mark.parametrize("split", ["train", "val"])
def test_prior_prefers_textures_of_the_right_scene(
    split: str, parts: dict[str, SplitData], conditioner: TextureConditioner
) -> None:
    bank, pairing = parts["train"].bank, parts["train"].pairing
    scene_of_entry = [
        next(
            scene
            for recording, scene in zip(bank.recordings, pairing.sound_scenes, strict=True)
            if (recording.textures == entry).all(1).any()
        )
        for entry in conditioner.codebook
    ]
    assert set(scene_of_entry) == {"hiss", "rumble"}
    part = parts[split]
    chances = torch.softmax(conditioner.prior_logits(part.features), -1)
    for row, scene in zip(chances, part.pairing.photo_scenes, strict=True):
        right = torch.tensor([s == scene for s in scene_of_entry])
        assert row[right].sum() > 0.5


def test_more_entries_than_textures_repeat_and_are_never_drawn(parts: dict[str, SplitData]) -> None:
    config = tiny_config()
    object.__setattr__(config.conditioning, "codebook_size", 40)
    model = PhotowaveModel(config, feature_dim=parts["train"].features.shape[1])
    calibrate(model, parts["train"], seed=0, prior_penalty=1e-3)
    assert isinstance(model.conditioner, TextureConditioner)
    windows = sum(len(recording.textures) for recording in parts["train"].bank.recordings)
    assert windows < 40
    chances = torch.softmax(model.conditioner.prior_logits(parts["val"].features), -1)
    assert chances[:, windows:].max() == 0.0


@pytest.mark.parametrize("bands", [1, 2, 4])
def test_band_levels_are_those_of_the_training_split(parts: dict[str, SplitData], bands: int) -> None:
    train = parts["train"]
    model = PhotowaveModel(
        tiny_config(output="mixture", bands=bands, mixtures=2), feature_dim=train.features.shape[1]
    )
    calibrate(model, train, seed=0, prior_penalty=1e-3)
    assert isinstance(model.wavenet.output, MixtureOutput)
    # All recordings are equally long, so that the mean over recordings is that over all frames.
    samples = torch.stack([recording.samples for recording in train.bank.recordings])
    frames = model.codec.encode(samples).reshape(-1, bands).double()
    levels = frames.square().mean(0).sqrt().float()
    torch.testing.assert_close(model.wavenet.output.scale, levels, rtol=1e-5, atol=0)


def problem(seed: int) -> tuple[Tensor, Tensor]:
    random = np.random.default_rng(seed)
    inputs = random.standard_normal((60, 5))
    classes = (inputs @ random.standard_normal((5, 3)) + random.standard_normal((60, 3))).argmax(1)
    return torch.from_numpy(inputs).float(), torch.from_numpy(classes)


def objective(inputs: Tensor, classes: Tensor, weight: Tensor, bias: Tensor, penalty: float) -> float:
    scores = inputs.double() @ weight.double().t() + bias.double()
    loss = torch.nn.functional.cross_entropy(scores, classes)
    return float(loss + penalty * weight.double().square().sum())


@pytest.mark.parametrize("penalty", [1e-1, 1e-2, 1e-3])
def test_fit_softmax_finds_the_minimum_that_scikit_learn_finds(penalty: float) -> None:
    inputs, classes = problem(1)
    weight, bias = fit_softmax(inputs, torch.nn.functional.one_hot(classes).float(), penalty=penalty)
    # scikit-learn minimises C * (sum of the losses) + half the squared weights.
    other = LogisticRegression(C=1 / (2 * penalty * len(inputs)), tol=1e-10, max_iter=10_000)
    other.fit(inputs.double().numpy(), classes.numpy())
    best_weight, best_bias = torch.from_numpy(other.coef_), torch.from_numpy(other.intercept_)
    gap = objective(inputs, classes, weight, bias, penalty) - objective(
        inputs, classes, best_weight, best_bias, penalty
    )
    # Single precision resolves a loss near 1 to 6e-8; ten such steps are what it may stop short by.
    assert abs(gap) < 6e-7
    # The penalty makes the objective strongly convex in the weights: distance^2 <= gap / penalty.
    assert float((weight.double() - best_weight).square().sum()) <= 6e-7 / penalty


def test_fit_softmax_takes_soft_targets() -> None:
    inputs = torch.zeros(4, 2)
    targets = torch.tensor([[0.5, 0.3, 0.2]]).expand(4, 3)
    weight, bias = fit_softmax(inputs, targets, penalty=1e-3)
    assert weight.abs().max() == 0.0
    torch.testing.assert_close(torch.softmax(bias, 0), targets[0], atol=1e-4, rtol=0)
