"""Compiled drawing of spectral frames gives what the distribution and the regions say, number for number."""

import math

import numba
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from photowave.generation.packing import pack_output
from photowave.generation.spectral_kernel import FLAGS, draw_frame, exponential, logarithm
from photowave.wavenet import PowerRegions, SpectralOutput
from photowave.wavenet.spectral import AROUND, DECAYS, FEATURES

BANDS, STEPS = 40, 12


@numba.njit(fastmath=FLAGS)
def exponentials(values):
    for i in range(len(values)):
        values[i] = exponential(values[i])


@numba.njit(fastmath=FLAGS)
def logarithms(values):
    for i in range(len(values)):
        values[i] = logarithm(values[i])


@settings(deadline=None, max_examples=100)
@given(numbers=st.lists(st.floats(-87, 88, width=32), min_size=1, max_size=70))
def test_float32_exponentials_are_as_exact_as_they_can_be(numbers: list[float]) -> None:
    values = np.array(numbers, np.float32)
    exponentials(values)
    np.testing.assert_allclose(values, [math.exp(x) for x in numbers], rtol=2 * np.finfo(np.float32).eps)


@settings(deadline=None, max_examples=100)
@given(numbers=st.lists(st.floats(2.0**-100, 2.0**100, width=32), min_size=1, max_size=70))
def test_float32_logarithms_are_as_exact_as_they_can_be(numbers: list[float]) -> None:
    values = np.array(numbers, np.float32)
    logarithms(values)
    np.testing.assert_allclose(values, [math.log(x) for x in numbers], rtol=2e-7, atol=2e-7)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_extremes_give_neither_infinity_nor_nan(kind: type) -> None:
    values = np.array([-np.inf, -1e4, -0.0, 0.0, 1e4, np.inf], kind)
    exponentials(values)
    assert np.isfinite(values).all()
    assert values[2] == values[3] == 1.0


@torch.no_grad()
@pytest.mark.parametrize("own", [2, 17, 40])
@pytest.mark.parametrize("contrast", [1.0, 2.5])
@pytest.mark.parametrize("guidance", [1.0, 2.0])
@pytest.mark.parametrize("count", [0, 9])
def test_frames_are_those_of_the_distribution(own: int, contrast: float, guidance: float, count: int) -> None:
    output = SpectralOutput(bands=BANDS, own=own, groups=3, mixtures=2, contrast=contrast).double()
    chance = torch.Generator().manual_seed(own)

    def numbers(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=chance, dtype=torch.float64)

    output.scale.copy_(numbers(BANDS).exp())
    around, eye = AROUND, torch.eye(own, dtype=torch.float64)  # the buffer was rounded to float32
    smoothing = torch.nn.functional.avg_pool1d(eye, around, 1, around // 2, count_include_pad=False)
    output.smoothing.copy_(smoothing)
    regions = PowerRegions(count, bands=BANDS, sample_rate=44_100) if count else None
    twins, sounds = 1 if guidance == 1.0 else 2, 3
    lanes = sounds * twins
    features = np.zeros((lanes, FEATURES, output.cells))
    means, before = np.zeros((lanes, len(DECAYS), output.cells)), np.zeros(lanes)
    packed, memory = pack_output(output, regions), output.empty_memory(numbers(1, lanes, BANDS))
    for _ in range(STEPS):
        raw, usual = numbers(lanes, output.raw_channels), 0.3 * numbers(lanes, output.cells)
        uniforms = torch.rand(sounds, output.uniforms, generator=chance, dtype=torch.float64)
        luck, held = output.chance(uniforms), numbers(sounds, 0 if regions is None else regions.count)
        frames, spreads = np.empty((2, sounds, BANDS))
        entering = np.empty((lanes, output.inputs))
        draw_frame(
            packed.tables, packed.limits, packed.around, contrast, 0.8, guidance, raw.numpy(), usual.numpy(),
            luck.numpy(), held.numpy(), features, means, before, frames, spreads, entering,
        )  # fmt: skip
        told = output.sharpened(output.complete(raw, memory.features[0], usual), usual)
        if twins == 2:
            told = told[1::2] + guidance * (told[::2] - told[1::2])
        spread = output.drawn_spread(told, luck, temperature=0.8)
        frame = output.around(spread, luck)
        if regions is not None:
            frame, spread = regions.hold(frame, spread, held)
        repeated = frame.repeat_interleave(twins, 0)
        memory = output.recall(repeated[None], usual, memory=memory)[1]
        for mine, plain in (
            (frames, frame),
            (spreads, spread),
            (entering, output.network_input(repeated, usual)),
            (features, memory.features[0].mT),
            (means, memory.means.transpose(0, 1)),
        ):
            np.testing.assert_allclose(mine, plain.numpy(), rtol=1e-9, atol=1e-11)
        assert (before == float(memory.frames)).all()
