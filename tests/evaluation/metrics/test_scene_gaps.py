"""Gaps between sounds and recordings: by hand, and without the recording a sound was taken from."""

import numpy as np
import pytest

from photowave.evaluation.metrics.scene_gaps import scene_gaps

REAL = {
    "real_values": np.array([[1.0, 10.0], [3.0, 10.0], [8.0, 10.0], [0.0, 0.0]]),
    "real_scenes": np.array(["sea", "sea", "sea", "wood"]),
    "recordings": np.array([0, 0, 1, 2]),
    "seed": 0,
}
"""The sea has recordings with means (2, 10) and (8, 10), the wood one of (0, 0)."""


def gaps(values: list[list[float]], scenes: list[str], sources: list[int]) -> tuple[float, float, float, int]:
    return scene_gaps(
        np.array(values),
        scenes=np.array(scenes),
        sources=np.array(sources)[:, None],
        **REAL,  # type: ignore[arg-type]
    )


def test_means_are_compared_recording_by_recording_and_value_by_value() -> None:
    value, *_, count = gaps([[6.0, 13.0], [8.0, 9.0], [1.0, 0.0]], ["sea", "sea", "wood"], [-1, -1, -1])
    # The sea: means (7, 11) beside (5, 10); the wood: (1, 0) beside (0, 0).
    assert value == pytest.approx(((2 + 1) / 2 + (1 + 0) / 2) / 2)
    assert count == 2


def test_what_a_sound_was_taken_from_is_left_out() -> None:
    value, *_, count = gaps([[2.0, 10.0]], ["sea"], [0])
    assert value == pytest.approx((6 + 0) / 2)
    assert count == 1


def test_a_scene_without_another_recording_does_not_count() -> None:
    value, *_, count = gaps([[5.0, 10.0], [0.0, 0.0]], ["sea", "wood"], [-1, 2])
    assert (value, count) == (pytest.approx(0.0), 1)
    assert np.isnan(gaps([[0.0, 0.0]], ["wood"], [2])[0])
