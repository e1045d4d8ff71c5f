"""The decoder is causal, sees exactly its receptive field, runs in chunks and hears its conditioning."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import random_frames, random_vectors, tiny_wavenet
from torch import Tensor

from photowave.wavenet import WaveNet

OUTPUTS = [("softmax", 1), ("mixture", 1), ("mixture", 4)]


def run(wavenet: WaveNet, frames: Tensor, vector: Tensor) -> Tensor:
    with torch.no_grad():
        return wavenet(frames, vector)[0]


@settings(deadline=None, max_examples=40)
@given(kind=st.sampled_from(OUTPUTS), changed=st.integers(0, 18), seed=st.integers(0, 50))
def test_a_frame_changes_only_what_comes_after_it(kind: tuple[str, int], changed: int, seed: int) -> None:
    # With few skip channels all rectified units can be at rest at once, and nothing shows.
    wavenet = tiny_wavenet(*kind, skip=40, seed=seed)
    frames, vector = random_frames(wavenet, 1, 20), random_vectors(1)
    other = frames.clone()
    other[:, changed] = (frames[:, changed] + 1) % 16 if kind[0] == "softmax" else frames[:, changed] + 0.1
    before, after = run(wavenet, frames, vector), run(wavenet, other, vector)
    assert torch.equal(before[:, : changed + 1], after[:, : changed + 1])
    assert not torch.equal(before[:, changed + 1], after[:, changed + 1])


@pytest.mark.parametrize("dilations", [(1,), (5,), (1, 2, 4), (3, 1, 3), (1, 2, 1, 2), (7, 2)])
def test_exactly_the_receptive_field_is_seen(dilations: tuple[int, ...]) -> None:
    wavenet = tiny_wavenet("mixture", 1, dilations=dilations)
    reach = wavenet.receptive_field
    assert reach == 2 + sum(dilations)
    steps = reach + 4
    frames = random_frames(wavenet, 1, steps).requires_grad_()
    parameters, _ = wavenet(frames, random_vectors(1))
    (gradient,) = torch.autograd.grad(parameters[0, -1].square().sum(), frames)
    # Taps that add up: not every distance need be a sum of some dilations and the two taps at the input.
    distances = {1, 2}
    for dilation in dilations:
        distances |= {distance + dilation for distance in distances}
    seen = (gradient[0, :, 0] != 0).nonzero().flatten().tolist()
    assert seen == sorted(steps - 1 - distance for distance in distances)
    assert max(distances) == reach


def test_doubling_dilations_leave_no_gap_in_the_receptive_field() -> None:
    wavenet = tiny_wavenet("mixture", 2, dilations=(1, 2, 4, 8))
    steps = wavenet.receptive_field + 3
    frames = random_frames(wavenet, 1, steps).requires_grad_()
    parameters, _ = wavenet(frames, random_vectors(1))
    (gradient,) = torch.autograd.grad(parameters[0, -1].square().sum(), frames)
    assert bool((gradient[0, -1 - wavenet.receptive_field : -1] != 0).all())
    assert not gradient[0, : -1 - wavenet.receptive_field].any()
    assert not gradient[0, -1].any()


@settings(deadline=None, max_examples=40)
@given(
    kind=st.sampled_from(OUTPUTS),
    dilations=st.sampled_from([(1,), (1, 2, 4), (9, 1), (30,)]),
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=6),
    batch=st.integers(1, 3),
)
def test_chunk_by_chunk_is_the_whole(
    kind: tuple[str, int], dilations: tuple[int, ...], sizes: list[int], batch: int
) -> None:
    wavenet = tiny_wavenet(*kind, dilations=dilations)
    frames, vector = random_frames(wavenet, batch, sum(sizes)), random_vectors(batch)
    state, parts = None, []
    with torch.no_grad():
        for chunk in frames.split(sizes, 1):
            part, state = wavenet(chunk, vector, state)
            parts.append(part)
    torch.testing.assert_close(torch.cat(parts, 1), run(wavenet, frames, vector), rtol=0, atol=1e-12)


def test_nothing_before_is_not_a_silent_frame_before() -> None:
    """Before the first frame the embedding is zero, which no level's embedding is."""
    wavenet = tiny_wavenet()
    frames, vector = torch.full((1, 12), 8), random_vectors(1)
    parameters = run(wavenet, frames, vector)
    assert not torch.allclose(parameters[:, 0], parameters[:, -1])


CONDITIONS = ["condition_gates", "condition_skip", "condition_hidden"]


@pytest.mark.parametrize("kept", [*CONDITIONS, None])
def test_each_way_of_conditioning_reaches_the_output_alone(kept: str | None) -> None:
    wavenet = tiny_wavenet()
    for name in CONDITIONS:
        if name != kept:
            wavenet.get_parameter(f"{name}.weight").data.zero_()
    frames = random_frames(wavenet, 1, 10)
    one, other = (run(wavenet, frames, random_vectors(1, seed=seed)) for seed in (3, 4))
    assert torch.equal(one, other) is (kept is None)


@pytest.mark.parametrize("layer", range(3))
@pytest.mark.parametrize("half", ["filter", "gate"])
def test_every_layers_filter_and_gate_are_conditioned(layer: int, half: str) -> None:
    wavenet = tiny_wavenet(gate=5)
    wavenet.condition_skip.weight.data.zero_()
    wavenet.condition_hidden.weight.data.zero_()
    first = layer * 10 + (5 if half == "gate" else 0)
    kept = wavenet.condition_gates.weight.data[first : first + 5].clone()
    wavenet.condition_gates.weight.data.zero_()
    wavenet.condition_gates.weight.data[first : first + 5] = kept
    frames = random_frames(wavenet, 1, 10)
    one, other = (run(wavenet, frames, random_vectors(1, seed=seed)) for seed in (3, 4))
    assert not torch.equal(one, other)


@pytest.mark.parametrize("kind", OUTPUTS)
def test_sounds_of_a_batch_do_not_touch(kind: tuple[str, int]) -> None:
    wavenet = tiny_wavenet(*kind)
    frames, vector = random_frames(wavenet, 3, 12), random_vectors(3)
    before = run(wavenet, frames, vector)
    vector[1] += 1.0
    changed = run(wavenet, frames, vector)
    assert torch.equal(before[[0, 2]], changed[[0, 2]])
    assert not torch.equal(before[1], changed[1])
    frames[1] = random_frames(wavenet, 3, 12, seed=9)[1]
    again = run(wavenet, frames, vector)
    assert torch.equal(before[[0, 2]], again[[0, 2]])
    assert not torch.equal(changed[1], again[1])


@pytest.mark.parametrize("kind", OUTPUTS)
def test_a_vector_per_frame_is_heard_from_its_frame_on(kind: tuple[str, int]) -> None:
    wavenet, steps = tiny_wavenet(*kind, skip=40), 12
    frames, vector = random_frames(wavenet, 2, steps), random_vectors(2)
    held = vector[:, None].expand(-1, steps, -1).clone()
    torch.testing.assert_close(run(wavenet, frames, held), run(wavenet, frames, vector), rtol=0, atol=1e-12)
    moved = held.clone()
    moved[:, 5] += 1.0
    before, after = run(wavenet, frames, held), run(wavenet, frames, moved)
    assert torch.equal(before[:, :5], after[:, :5])
    assert bool((before[:, 5] != after[:, 5]).any())
    with torch.no_grad():
        first, state = wavenet(frames[:, :7], moved[:, :7])
        second, _ = wavenet(frames[:, 7:], moved[:, 7:], state)
    torch.testing.assert_close(torch.cat([first, second], 1), after, rtol=0, atol=1e-12)
