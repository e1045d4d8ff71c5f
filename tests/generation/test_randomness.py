"""Random numbers depend on the seed alone, and never reach 0 or 1."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_sampler import PlainSampler
from tiny_models import random_vectors, tiny_wavenet

from photowave.generation import randomness
from photowave.generation.randomness import UniformStream

# Philox4x64-10, seeded by NumPy's SeedSequence: were these to change, every sound would.
GOLDEN = {
    (0, 0): [0.7211967525405779, 0.026925274171797242, 0.4025382164530228, 0.8209430513720833],
    (0, 1): [0.6744381640227511, 0.4788968376798527, 0.30998762221501786, 0.4726330704259737],
    (2024, 0): [0.9320739976883256, 0.8259604770248575, 0.5284153524469336, 0.8746493974955493],
    (2**64, 0): [0.5616963216662901, 0.19165606782904188, 0.7888846934779182, 0.5061627185653103],
}


@pytest.mark.parametrize(("key", "expected"), GOLDEN.items())
def test_first_numbers_are_pinned(key: tuple[int, int], expected: list[float]) -> None:
    seed, purpose = key
    assert UniformStream(seed, purpose=purpose).take(4).tolist() == expected


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 2**70), purpose=st.integers(0, 3), sizes=st.lists(st.integers(0, 50), max_size=6))
def test_chunks_do_not_matter(seed: int, purpose: int, sizes: list[int]) -> None:
    stream = UniformStream(seed, purpose=purpose)
    parts = np.concatenate([np.empty(0), *(stream.take(size) for size in sizes)])
    assert np.array_equal(parts, UniformStream(seed, purpose=purpose).take(sum(sizes)))


def test_seeds_and_purposes_give_different_numbers() -> None:
    keys = [(0, 0), (1, 0), (0, 1), (2**32, 0), (2**64, 0)]
    firsts = {tuple(UniformStream(seed, purpose=purpose).take(2)) for seed, purpose in keys}
    assert len(firsts) == len(keys)


def test_numbers_are_spread_evenly() -> None:
    numbers = UniformStream(7).take(100_000)
    counts = np.histogram(numbers, bins=20, range=(0, 1))[0]
    # 5,000 a bin, with a spread of 69.
    assert np.abs(counts - 5_000).max() < 5 * 69
    assert abs(np.corrcoef(numbers[:-1], numbers[1:])[0, 1]) < 0.02


class Extremes:
    """Bits that are all zeros, then all ones."""

    def __init__(self, _seed: object):
        pass

    def random_raw(self, count: int) -> np.ndarray:
        return np.resize(np.array([0, 2**64 - 1], np.uint64), count)


@pytest.fixture
def extreme_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(randomness.np.random, "Philox", Extremes)


@pytest.mark.usefixtures("extreme_bits")
def test_the_outermost_numbers_lie_inside() -> None:
    low, high = UniformStream(0).take(2)
    assert 0.0 < low < 1e-15
    assert 1 - 1e-15 < high < 1.0
    assert low == 1.0 - high


@pytest.mark.usefixtures("extreme_bits")
def test_the_plain_sampler_survives_the_outermost_numbers_in_float32() -> None:
    wavenet = tiny_wavenet("mixture", 1, dtype=torch.float32)
    drawn = PlainSampler(wavenet, vectors=random_vectors(1, dtype=torch.float32), seeds=[0]).draw(4)
    assert bool(drawn.isfinite().all())
