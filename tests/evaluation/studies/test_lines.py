"""The share of lines is counted as it is defined, on places that have any."""

import math

import pytest

from photowave.evaluation.studies.lines import FLOOR_DB, share_of_excess


def test_recordings_themselves_have_all_and_noise_nothing() -> None:
    real = {"forest": 11.3, "dusk": 10.4}
    assert share_of_excess(real, real) == pytest.approx(1.0)
    assert share_of_excess(real, dict.fromkeys(real, FLOOR_DB)) == pytest.approx(0.0)


def test_places_count_alike_and_those_without_lines_do_not() -> None:
    real = {"forest": FLOOR_DB + 2.0, "dusk": FLOOR_DB + 4.0, "wind": FLOOR_DB + 0.5}
    drawn = {"forest": FLOOR_DB + 1.0, "dusk": FLOOR_DB + 1.0, "wind": FLOOR_DB}
    assert share_of_excess(real, drawn) == pytest.approx((1 / 2 + 1 / 4) / 2)
    assert math.isnan(share_of_excess({"wind": 9.0}, {"wind": 9.0}))
