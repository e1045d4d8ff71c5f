"""The quick path for training equals the plain one: same scores, same gradients."""

from collections.abc import Sequence

import pytest
import torch
from tiny_models import random_frames, random_vectors, tiny_wavenet
from torch import Tensor

from photowave.wavenet import WaveNet
from photowave.wavenet.fused import FusedStack

OUTPUTS = [("softmax", 1), ("mixture", 1), ("mixture", 4)]
DILATIONS = [(1,), (1, 2, 4), (3, 40, 16, 1), (16,), (15, 17)]
STEPS = 16


def plain(wavenet: WaveNet, frames: Tensor, vector: Tensor, history: Tensor | None = None) -> Tensor:
    parameters, _ = wavenet(frames if history is None else history, vector)
    return wavenet.output.log2_prob(parameters, frames)


def gradients(wavenet: WaveNet, score: Tensor, inputs: Sequence[Tensor]) -> list[Tensor]:
    weight = torch.linspace(0.5, 2.0, score.numel(), dtype=score.dtype).view(score.shape)
    return list(torch.autograd.grad((score * weight).sum(), [*wavenet.parameters(), *inputs]))


@pytest.mark.parametrize("kind", OUTPUTS)
@pytest.mark.parametrize("dilations", DILATIONS)
@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("local", [False, True])
def test_score_and_every_gradient_equal_the_plain_ones(
    kind: tuple[str, int], dilations: tuple[int, ...], batch: int, local: bool
) -> None:
    wavenet = tiny_wavenet(*kind, dilations=dilations)
    frames = random_frames(wavenet, batch, STEPS)
    vector = random_vectors(batch * STEPS).view(batch, STEPS, -1) if local else random_vectors(batch)
    vector.requires_grad_()
    inputs = [vector]
    if kind[0] == "mixture":
        inputs.append(frames.requires_grad_())
    quick, slow = wavenet.score(frames, vector), plain(wavenet, frames, vector)
    assert quick.shape == (batch, STEPS)
    torch.testing.assert_close(quick, slow, rtol=0, atol=1e-11)
    names = [name for name, _ in wavenet.named_parameters()] + ["vector", "frames"]
    pairs = zip(gradients(wavenet, quick, inputs), gradients(wavenet, slow, inputs), strict=True)
    for name, (mine, reference) in zip(names, pairs, strict=False):
        torch.testing.assert_close(mine, reference, rtol=1e-9, atol=1e-9, msg=lambda m, n=name: f"{n}: {m}")
        # A dilation beyond the clip leaves the older tap without gradient; nothing else may be without.
        assert bool(mine.any()), name


@pytest.mark.parametrize("kind", OUTPUTS)
def test_history_is_what_is_seen_and_frames_are_what_is_scored(kind: tuple[str, int]) -> None:
    wavenet = tiny_wavenet(*kind)
    frames, history = (random_frames(wavenet, 2, STEPS, seed=seed) for seed in (1, 2))
    vector = random_vectors(2)
    score = wavenet.score(frames, vector, history=history)
    torch.testing.assert_close(score, plain(wavenet, frames, vector, history), rtol=0, atol=1e-11)
    assert not torch.allclose(score, wavenet.score(frames, vector))
    torch.testing.assert_close(
        wavenet.score(frames, vector, history=frames), wavenet.score(frames, vector), rtol=0, atol=0
    )


@pytest.mark.parametrize("dilations", [(1,), (1, 3), (2, 9, 1)])
@pytest.mark.parametrize("bias_steps", [1, 5])
def test_the_hand_written_gradient_is_the_numerical_one(dilations: tuple[int, ...], bias_steps: int) -> None:
    steps, batch, residual, gate = 5, 2, 3, 2
    generator = torch.Generator().manual_seed(0)

    def random(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64, requires_grad=True)

    layers = len(dilations)
    inputs, biases = random(steps, batch, residual), random(layers, bias_steps, batch, 2 * gate)
    taps = [random(2 * gate, 2 * residual) for _ in range(layers)]
    residuals = [p for _ in range(layers - 1) for p in (random(residual, gate), random(residual))]

    def stack(inputs: Tensor, biases: Tensor, *weights: Tensor) -> Tensor:
        return FusedStack.apply(inputs, biases, dilations, *weights)

    assert torch.autograd.gradcheck(stack, (inputs, biases, *taps, *residuals))


def test_weights_stay_as_they_are() -> None:
    wavenet = tiny_wavenet()
    before = {name: tensor.clone() for name, tensor in wavenet.state_dict().items()}
    frames = random_frames(wavenet, 2, STEPS)
    wavenet.score(frames, random_vectors(2)).sum().backward()
    assert all(torch.equal(tensor, before[name]) for name, tensor in wavenet.state_dict().items())
