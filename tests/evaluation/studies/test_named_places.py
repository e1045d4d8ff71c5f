"""Naming places: calibration is measured as it is defined, and strangers are counted."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from photowave.evaluation.studies.named_places import _among, calibration_error


def test_answers_that_are_right_as_often_as_said_have_no_error() -> None:
    random = np.random.default_rng(0)
    sure = random.random(200_000)
    hits = random.random(len(sure)) < sure
    assert calibration_error(sure, hits) < 0.01
    assert calibration_error(sure, np.zeros(len(sure), bool)) == pytest.approx(0.5, abs=0.01)


@given(sure=arrays(np.float64, st.integers(1, 50), elements=st.floats(0, 1)), hit=st.booleans())
def test_the_error_is_the_gap_where_all_are_right_or_wrong(sure: np.ndarray, hit: bool) -> None:
    hits = np.full(len(sure), hit)
    assert calibration_error(sure, hits) == pytest.approx(abs((sure - hits).mean()))


def test_places_that_share_textures_are_right_for_either() -> None:
    assert _among("harbour or sea", ["sea"])
    assert not _among("harbour or sea", ["seaside"])
