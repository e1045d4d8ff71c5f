"""The Frechet distance against closed forms, and against the half of the recordings a sound is not from."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_scenes import made_real
from numpy.typing import NDArray

from photowave.evaluation.embedding.distances import distance_from_others, frechet_audio_distance, halves


def cloud(count: int, dimensions: int, *, seed: int) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, dimensions)) @ rng.normal(size=(dimensions, dimensions))


SIZES = st.integers(2, 12)
SEEDS = st.integers(0, 2**32 - 1)


@settings(deadline=None, max_examples=40)
@given(count=SIZES, dimensions=SIZES, seed=SEEDS)
def test_zero_on_itself(count: int, dimensions: int, seed: int) -> None:
    vectors = cloud(count, dimensions, seed=seed)
    assert frechet_audio_distance(vectors, vectors) == pytest.approx(
        0.0, abs=1e-10 * np.square(vectors).sum()
    )


@settings(deadline=None, max_examples=40)
@given(count=SIZES, other=SIZES, dimensions=SIZES, seed=SEEDS)
def test_symmetric_and_never_negative(count: int, other: int, dimensions: int, seed: int) -> None:
    a, b = cloud(count, dimensions, seed=seed), cloud(other, dimensions, seed=seed + 1)
    there, back = frechet_audio_distance(a, b), frechet_audio_distance(b, a)
    assert there == pytest.approx(back, rel=1e-9)
    assert there >= 0.0


@settings(deadline=None, max_examples=40)
@given(count=SIZES, dimensions=SIZES, seed=SEEDS, length=st.floats(0.1, 10.0))
def test_a_shift_counts_by_its_square(count: int, dimensions: int, seed: int, length: float) -> None:
    vectors = cloud(count, dimensions, seed=seed)
    step = np.full(dimensions, length / np.sqrt(dimensions))
    noise = 1e-10 * np.square(vectors).sum()
    assert frechet_audio_distance(vectors, vectors + step) == pytest.approx(length**2, rel=1e-9, abs=noise)


def test_one_dimension_is_exact() -> None:
    a, b = cloud(50, 1, seed=0), 3.0 + cloud(70, 1, seed=1)
    wanted = (a.mean() - b.mean()) ** 2 + (a.std(ddof=1) - b.std(ddof=1)) ** 2
    assert frechet_audio_distance(a, b) == pytest.approx(wanted, rel=1e-12)


def test_known_normal_distributions() -> None:
    # Covariances that do not commute: diag(9, 1) and the same turned by 45 degrees. Of M = A B the trace is
    # 50 and the determinant 81, so that the trace of its root is sqrt(50 + 2 * sqrt(81)) = sqrt(68).
    def normal(seed: int) -> NDArray[np.float64]:
        vectors = np.random.default_rng(seed).normal(size=(50, 2))
        return np.linalg.qr(vectors - vectors.mean(0))[0] * np.sqrt(49)

    a = normal(2) * [3.0, 1.0]
    turn = np.array([[1.0, 1.0], [-1.0, 1.0]]) / np.sqrt(2)
    b = normal(3) * [3.0, 1.0] @ turn + [1.0, 2.0]
    assert frechet_audio_distance(a, b) == pytest.approx(5.0 + 20.0 - 2 * np.sqrt(68.0), rel=1e-9)


def test_halves_keep_recordings_together_and_scenes_on_both_sides() -> None:
    real = made_real()
    half = halves(real.scenes, real.recordings, seed=3)
    assert half.keys() == set(real.recordings.tolist())
    for scene in np.unique(real.scenes):
        own = [half[int(number)] for number in np.unique(real.recordings[real.scenes == scene])]
        assert sorted(own) == [0, 0, 1, 1]


def test_frechet_leaves_the_own_half_out() -> None:
    random = np.random.default_rng(0)
    excerpts = np.concatenate([random.normal(0, 1, (20, 2)), random.normal(9, 1, (20, 2))])
    recordings = np.repeat([0, 1], 20)
    half = {0: 0, 1: 1}
    own = distance_from_others(
        excerpts[:20], recordings[:20], excerpts=excerpts, recordings=recordings, half=half,
        distance=frechet_audio_distance,
    )  # fmt: skip
    assert own > 100  # against the other recording only, though the same excerpts lie there
    unknown = distance_from_others(
        excerpts[:20], np.full(20, -1), excerpts=excerpts, recordings=recordings, half=half,
        distance=frechet_audio_distance,
    )  # fmt: skip
    assert unknown == pytest.approx(own / 2, rel=0.2)
    shuffled = distance_from_others(
        random.permutation(excerpts[:20]),
        np.full(20, -1),
        excerpts=excerpts,
        recordings=recordings,
        half=half,
        distance=frechet_audio_distance,
    )
    assert shuffled == unknown
