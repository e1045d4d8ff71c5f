"""The verdict follows the metrics, claims nothing that they do not show, and is one line."""

from dataclasses import replace

import numpy as np
import pytest

from photowave.evaluation.judging.verdict import verdict
from photowave.evaluation.metrics.metric import Metric
from photowave.evaluation.metrics.spread import Spread, measure_spread

NAN = float("nan")
RECOGNISED = Metric(
    name="scene_recognised", system="model", value=0.4, low=0.3, high=0.5, count=9, unit="", better="higher",
    floor=0.1, ceiling=0.65,
)  # fmt: skip
TEXTURE = replace(RECOGNISED, name="texture_distance", value=0.5, floor=0.7, ceiling=-0.002)
SPREAD = Spread(ratio=0.9, low=0.7, high=1.1, at_random=0.1, at_random_high=0.2, distinct_deals=280)


@pytest.mark.parametrize(
    ("value", "low", "ratio", "begins"),
    [
        (0.4, 0.3, 0.9, "Photos decide the sound, and towards their own scene"),
        (0.12, 0.05, 0.9, "Photos change the sound, but no sign that it is towards their own scene"),
        (0.4, NAN, 0.9, "Photos change the sound, but no sign that it is towards their own scene"),
        (0.4, 0.3, 0.15, "No sign that the photo matters, every photo may sound the same"),
        (0.4, 0.3, NAN, "Sounds fit their photos better than chance"),
        (0.1, 0.05, NAN, "No sign that sounds fit their photos"),
    ],
)
def test_the_verdict_follows_the_metrics(value: float, low: float, ratio: float, begins: str) -> None:
    recognised, spread = replace(RECOGNISED, value=value, low=low), replace(SPREAD, ratio=ratio)
    text = verdict(recognised, spread, texture=TEXTURE)
    assert text.startswith(begins + ": ")
    assert f"{value:.0%}" in text
    assert text.endswith(
        "by chance 10%, real recordings 65%; their texture is 0.50 from that of the scene's recordings "
        "(further recordings 0.00, those of other scenes 0.70)."
    )
    without = verdict(recognised, spread, texture=replace(TEXTURE, floor=NAN))
    assert without.endswith("from that of the scene's recordings.")


def test_what_is_unknown_is_not_mentioned() -> None:
    text = verdict(replace(RECOGNISED, ceiling=NAN), SPREAD, texture=replace(TEXTURE, value=NAN))
    assert text.endswith("by chance 10%.")


def test_too_few_photos_are_no_sign_of_anything() -> None:
    """Sounds of two photos that could not differ more: one in three deals is as good."""
    vectors = np.array([[[0.0], [0.1]], [[9.0], [9.1]]])
    spread = measure_spread(vectors, np.array(["city", "sea"]), seed=0)
    assert spread.distinct_deals == 3
    text = verdict(RECOGNISED, spread, texture=TEXTURE)
    assert text.startswith("Too few photos to tell")
    assert "dealt in 3 ways only, of 20 needed" in text
    enough = np.concatenate([vectors, vectors + 20.0])
    spread = measure_spread(enough, np.array(["city", "sea", "forest", "wind"]), seed=0)
    assert spread.distinct_deals == 105
    assert verdict(RECOGNISED, spread, texture=TEXTURE).startswith("Photos decide the sound")


def test_the_swap_gain_is_told_with_its_interval() -> None:
    gain = replace(RECOGNISED, name="photo_swap_gain", value=-0.02, low=-0.26, high=0.17)
    told = "; a photo of another scene costs -0.02 (-0.26 to 0.17) bits per sample of a recording."
    assert verdict(RECOGNISED, SPREAD, texture=TEXTURE, swap_gain=gain).endswith(told)
    for nothing in (None, replace(gain, value=NAN)):
        assert "bits" not in verdict(RECOGNISED, SPREAD, texture=TEXTURE, swap_gain=nothing)


@pytest.mark.parametrize(("high", "repeated"), [(0.79, True), (0.8, False), (NAN, False)])
def test_repeated_excerpts_are_told(high: float, repeated: bool) -> None:
    nearest = replace(RECOGNISED, name="nearest_excerpt", value=0.5, low=0.4, high=high)
    of_real = replace(nearest, system="real", value=1.0, low=0.8, high=1.2)
    text = verdict(RECOGNISED, SPREAD, texture=TEXTURE, nearest=nearest, nearest_of_real=of_real)
    assert text.endswith("than recordings do: partly repeated.") == repeated
    assert "\n" not in text
