"""Sound that goes through the codec and back comes out as it went in, as far as each kind promises."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from photowave.audio import level_bounds
from photowave.model import FrameCodec
from photowave.settings import AudioConfig, WaveNetConfig


def codec(output: str, bands: int = 1, levels: int = 256) -> FrameCodec:
    return FrameCodec(
        audio=AudioConfig(bands=bands), wavenet=WaveNetConfig(output=output, quantization_levels=levels)
    )


def noise(*shape: int) -> Tensor:
    return 0.3 * torch.randn(*shape, generator=torch.Generator().manual_seed(0)).clamp(-3, 3)


@settings(deadline=None, max_examples=60)
@given(levels=st.integers(2, 4096), samples=st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=30))
def test_softmax_round_trip_stays_within_the_level(levels: int, samples: list[float]) -> None:
    coder = codec("softmax", levels=levels)
    given_samples = torch.tensor([samples])
    frames = coder.encode(given_samples)
    assert frames.dtype == torch.int64
    decoded, state = coder.decode(frames)
    assert state is None
    assert coder.delay == 0
    bounds = level_bounds(levels=levels)
    low, high = bounds[frames] - 1e-6, bounds[frames + 1] + 1e-6
    assert bool(((low <= decoded) & (decoded <= high)).all())
    assert bool(((low <= given_samples) & (given_samples <= high)).all())
    # Half a level of the companded scale, on which all are alike.
    mu = levels - 1

    def companded(x: Tensor) -> Tensor:
        return x.sign() * torch.log1p(mu * x.double().abs()) / math.log1p(mu)

    assert float((companded(decoded) - companded(given_samples)).abs().max()) <= 1 / mu + 1e-5


@pytest.mark.parametrize("bands", [1, 2, 4, 8, 16])
def test_mixture_round_trip_comes_back_late_by_the_delay(bands: int) -> None:
    coder, samples = codec("mixture", bands), noise(2, 1600)
    assert coder.delay == (0 if bands == 1 else 15 * bands)
    padded = torch.nn.functional.pad(samples, (0, coder.delay))
    frames = coder.encode(padded)
    assert frames.shape == (2, padded.shape[1] // bands, bands)
    decoded, _ = coder.decode(frames)
    error = decoded[:, coder.delay :] - samples
    assert float(error.square().mean() / samples.square().mean()) < (1e-6 if bands > 1 else 1e-30)


@settings(deadline=None, max_examples=30)
@given(
    kind=st.sampled_from([("softmax", 1), ("mixture", 1), ("mixture", 4)]),
    sizes=st.lists(st.integers(1, 30), min_size=1, max_size=6),
)
def test_decoding_in_chunks_changes_no_bit(kind: tuple[str, int], sizes: list[int]) -> None:
    coder = codec(*kind)
    frames = coder.encode(noise(2, sum(sizes) * kind[1]))
    whole, _ = coder.decode(frames)
    state, parts = None, []
    for chunk in frames.split(sizes, 1):
        part, state = coder.decode(chunk, state)
        parts.append(part)
    assert torch.equal(torch.cat(parts, 1), whole)
