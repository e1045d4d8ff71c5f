"""The share of scenes whose sounds are, on average, like their own recordings."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from photowave.evaluation.metrics.nearest_scene import scenes_nearest

CENTRES = {"city": (0.0, 0.0), "sea": (10.0, 0.0), "wood": (0.0, 10.0)}
NAMES = np.array(list(CENTRES))


def recordings(each: int = 2) -> tuple[NDArray[np.float64], NDArray[np.str_], NDArray[np.int64]]:
    """Three excerpts of each recording, a little apart from the centre of their scene."""
    rows, scenes, numbers = [], [], []
    for number, name in enumerate(np.repeat(NAMES, each)):
        for shift in (-0.1, 0.0, 0.1):
            rows.append(np.array(CENTRES[name]) + shift + 0.2 * (number % each))
            scenes.append(name)
            numbers.append(number)
    return np.array(rows), np.array(scenes), np.array(numbers)


def share(sounds: NDArray[np.float64], scenes: NDArray[np.str_], sources: NDArray[np.int64]) -> float:
    """The metric for some sounds, one seed each."""
    excerpts, excerpt_scenes, numbers = recordings()
    value, low, high, count = scenes_nearest(
        sounds, scenes=scenes, sources=sources.reshape(len(scenes), -1),
        excerpts=excerpts, excerpt_scenes=excerpt_scenes, recordings=numbers, seed=0,
    )  # fmt: skip
    assert low <= value <= high
    assert count == len(np.unique(scenes))
    return value


def test_sounds_like_their_scenes_count_and_others_do_not() -> None:
    sounds = np.array([CENTRES[name] for name in NAMES])
    drawn = np.full(3, -1)
    assert share(sounds, NAMES, drawn) == 1.0
    assert share(np.roll(sounds, 1, axis=0), NAMES, drawn) == 0.0
    assert share(sounds[[0, 0, 2]], NAMES, drawn) == pytest.approx(2 / 3)


def test_it_is_the_mean_that_counts_not_each_sound() -> None:
    # Two photos of the sea whose sounds lie on either side of it, one of them nearer to the wood.
    sounds = np.array([[0.0, 0.0], [1.0, 6.0], [19.0, -6.0], [0.0, 10.0]])
    scenes = np.array(["city", "sea", "sea", "wood"])
    assert share(sounds, scenes, np.full(4, -1)) == 1.0


def test_a_sound_is_not_compared_with_its_own_recording() -> None:
    excerpts = np.array([[0.0], [100.0], [4.0], [5.0]])
    scenes, numbers = np.array(["city", "city", "sea", "sea"]), np.arange(4)

    def nearest(source: int) -> float:
        return scenes_nearest(
            np.array([[0.0]]), scenes=np.array(["city"]), sources=np.array([[source]]),
            excerpts=excerpts, excerpt_scenes=scenes, recordings=numbers, seed=0,
        )[0]  # fmt: skip

    # Without its own recording the city is the one at 100; a sound of nobody has the mean of both, at 50.
    assert nearest(0) == 0.0
    excerpts[1] = 6.0
    assert nearest(-1) == 1.0


def test_scenes_without_recordings_do_not_count() -> None:
    excerpts, excerpt_scenes, numbers = recordings()
    value, _, _, count = scenes_nearest(
        np.array([[0.0, 0.0], [5.0, 5.0]]), scenes=np.array(["city", "desert"]), sources=np.full((2, 1), -1),
        excerpts=excerpts, excerpt_scenes=excerpt_scenes, recordings=numbers, seed=0,
    )  # fmt: skip
    assert (value, count) == (1.0, 1)
    value, _, _, count = scenes_nearest(
        np.array([[5.0, 5.0]]), scenes=np.array(["desert"]), sources=np.full((1, 1), -1),
        excerpts=excerpts, excerpt_scenes=excerpt_scenes, recordings=numbers, seed=0,
    )  # fmt: skip
    assert np.isnan(value)
    assert count == 0


@settings(deadline=None)
@given(st.permutations(range(3)), st.floats(-5, 5), st.floats(0.5, 3))
def test_order_place_and_scale_do_not_matter(order: list[int], shift: float, scale: float) -> None:
    excerpts, excerpt_scenes, numbers = recordings()
    sounds = np.array([[1.0, 6.5], [10.0, 1.0], [3.0, 9.0]])

    def value_of(rows: NDArray[np.float64], scenes: NDArray[np.str_], real: NDArray[np.float64]) -> float:
        return scenes_nearest(
            rows, scenes=scenes, sources=np.full((3, 1), -1),
            excerpts=real, excerpt_scenes=excerpt_scenes, recordings=numbers, seed=0,
        )[0]  # fmt: skip

    before = value_of(sounds, NAMES, excerpts)
    after = value_of(scale * sounds[order] + shift, NAMES[order], scale * excerpts + shift)
    assert before == pytest.approx(after)
    assert before == pytest.approx(2 / 3)
