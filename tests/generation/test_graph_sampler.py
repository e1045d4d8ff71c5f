"""The sampler that replays a recorded block draws what the plain one draws."""

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_sampler import PlainSampler
from tiny_models import random_vectors, tiny_wavenet

from photowave.generation.graph_sampler import BLOCK, GraphSampler


def samplers(
    output: str, bands: int, guidance: float, device: str = "cpu"
) -> tuple[GraphSampler, PlainSampler]:
    wavenet = tiny_wavenet(output, bands).double().to(device)
    *vectors, null = random_vectors(4).to(device)
    options: dict[str, Any] = {
        "vectors": torch.stack(vectors),
        "seeds": [5, 6, 5],
        "guidance": guidance,
        "null": null,
    }
    return GraphSampler(wavenet, **options), PlainSampler(wavenet, **options)


@pytest.mark.parametrize("guidance", [1.0, 2.5])
@pytest.mark.parametrize(("output", "bands"), [("softmax", 1), ("mixture", 4)])
def test_draws_what_the_plain_sampler_draws(output: str, bands: int, guidance: float) -> None:
    graph, plain = samplers(output, bands, guidance)
    steps = 2 * BLOCK + 5
    torch.testing.assert_close(graph.draw(steps), plain.draw(steps), rtol=0, atol=1e-9)


@pytest.mark.parametrize("guidance", [1.0, 2.5])
@pytest.mark.parametrize(("knots", "frames_per_knot"), [(1, 3.0), (2, 50.0), (5, 9.7)])
def test_follows_a_track(knots: int, frames_per_knot: float, guidance: float) -> None:
    wavenet = tiny_wavenet("mixture", 4)
    options: dict[str, Any] = {
        "vectors": random_vectors(2 * knots).view(2, knots, -1),
        "seeds": [5, 6],
        "frames_per_knot": frames_per_knot,
        "guidance": guidance,
        "null": random_vectors(1, seed=9)[0],
    }
    drawn = GraphSampler(wavenet, **options).draw(2 * BLOCK + 5)
    torch.testing.assert_close(drawn, PlainSampler(wavenet, **options).draw(2 * BLOCK + 5), rtol=0, atol=1e-9)


@settings(deadline=None, max_examples=10)
@given(cuts=st.lists(st.integers(1, BLOCK + 9), min_size=1, max_size=4))
def test_chunks_change_nothing(cuts: list[int]) -> None:
    graph, plain = samplers("softmax", 1, 1.0)
    pieces = torch.cat([graph.draw(steps) for steps in cuts], 1)
    assert torch.equal(pieces, plain.draw(sum(cuts)))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
@pytest.mark.parametrize(("output", "bands"), [("softmax", 1), ("mixture", 4)])
def test_a_recorded_block_draws_what_the_plain_sampler_draws(output: str, bands: int) -> None:
    graph, plain = samplers(output, bands, 1.0, device="cuda")
    steps = 3 * BLOCK + 1
    torch.testing.assert_close(graph.draw(steps), plain.draw(steps), rtol=0, atol=1e-9)
