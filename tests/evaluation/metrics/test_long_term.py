"""Spectrum and level of a scene's sounds taken together."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from photowave.evaluation.metrics.long_term import long_term_differences
from photowave.evaluation.metrics.metric import Row

FLAT = torch.zeros(1, 4, dtype=torch.float64)


def compare(
    spectra: Tensor, levels: NDArray[np.float64], sources: NDArray[np.int64] | None = None
) -> dict[str, Row]:
    """Sounds for two photos of one scene against two recordings, the first with three excerpts."""
    return long_term_differences(
        spectra, levels, scenes=np.array(["sea", "sea"]),
        sources=np.full((2, 1), -1) if sources is None else sources,
        real_spectra=FLAT.expand(4, 4), real_levels=np.full(4, -20.0),
        real_scenes=np.array(["sea"] * 4), recordings=np.array([0, 0, 0, 1]), seed=0,
    )  # fmt: skip


def test_a_gain_is_the_difference_in_both() -> None:
    found = compare(FLAT.expand(2, 4) - 3.0, np.full(2, -23.0))
    assert found["long_term_spectrum_db"][0] == pytest.approx(3.0)
    assert found["level_difference_db"][0] == pytest.approx(3.0)
    assert found["level_difference_db"][3] == 1
    same = compare(FLAT.expand(2, 4), np.full(2, -20.0))
    assert same["long_term_spectrum_db"][0] == pytest.approx(0.0, abs=1e-12)


def test_power_is_what_is_averaged() -> None:
    # A sound 10 dB up and one without any power: together half of ten times as much.
    found = compare(torch.stack([FLAT[0] + 10, FLAT[0] - 300]), np.array([-10.0, -300.0]))
    expected = 10 * np.log10(5)
    assert found["long_term_spectrum_db"][0] == pytest.approx(expected)
    # Levels are compared one by one: what is too loud does not make up for what is too soft.
    assert found["level_difference_db"][0] == pytest.approx((10 + 280) / 2)


def test_bands_are_compared_one_by_one() -> None:
    tilt = torch.tensor([6.0, 2.0, -2.0, -6.0], dtype=torch.float64)
    found = compare((FLAT[0] + tilt).expand(2, 4), np.full(2, -20.0))
    assert found["long_term_spectrum_db"][0] == pytest.approx(4.0)
    assert found["level_difference_db"][0] == pytest.approx(0.0, abs=1e-12)


def test_recordings_count_alike_and_those_that_were_played_do_not() -> None:
    common: dict[str, Any] = {
        "scenes": np.array(["sea"]), "real_spectra": torch.tensor([[0.0], [0.0], [0.0], [10.0]]),
        "real_levels": np.array([-20.0, -20.0, -20.0, -10.0]), "real_scenes": np.array(["sea"] * 4),
        "recordings": np.array([0, 0, 0, 1]), "seed": 0,
    }  # fmt: skip
    sound, level = torch.tensor([[0.0]]), np.array([-20.0])
    drawn = long_term_differences(sound, level, sources=np.array([[-1]]), **common)
    assert drawn["long_term_spectrum_db"][0] == pytest.approx(10 * np.log10(5.5))
    played = long_term_differences(sound, level, sources=np.array([[0]]), **common)
    assert played["long_term_spectrum_db"][0] == pytest.approx(10.0)
    common["recordings"] = np.zeros(4, int)
    none = long_term_differences(sound, level, sources=np.array([[0]]), **common)
    assert np.isnan(none["long_term_spectrum_db"][0])
    assert none["long_term_spectrum_db"][3] == 0
