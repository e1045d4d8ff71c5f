"""Corners become sines: which frequencies, how they wander, and that chance follows the seed alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from scipy.signal import hilbert

from photowave.errors import ConfigError
from photowave.evaluation.sounds.sonify import corner_frequencies, oscillate

RATE = 4_000


def busy_photo(seed: int) -> Image.Image:
    """Many small blocks of random colour."""
    blocks = np.random.default_rng(seed).integers(0, 256, (30, 30, 3), dtype=np.uint8)
    return Image.fromarray(blocks).resize((300, 300), Image.Resampling.NEAREST)


def square(brightness: int) -> Image.Image:
    pixels = np.zeros((80, 90, 3), dtype=np.uint8)
    pixels[20:60, 25:65] = brightness
    return Image.fromarray(pixels)


@settings(max_examples=40, deadline=None)
@given(
    st.tuples(st.integers(1, 40), st.integers(1, 40), st.just(3)).flatmap(
        lambda shape: arrays(np.uint8, shape)
    ),
    st.integers(1, 30),
)
def test_every_photo_has_frequencies_within_20_to_500(pixels: np.ndarray, corners: int) -> None:
    found = corner_frequencies(Image.fromarray(pixels), corners=corners)
    assert 1 <= len(found) <= corners
    assert found.min() >= 20.0
    assert found.max() <= 500.0


@settings(max_examples=30, deadline=None)
@given(st.tuples(*[st.integers(0, 255)] * 3), st.integers(1, 30), st.integers(1, 30))
def test_one_colour_is_one_sine(colour: tuple[int, int, int], width: int, height: int) -> None:
    found = corner_frequencies(Image.new("RGB", (width, height), colour))
    assert found == pytest.approx([20 + 480 * sum(colour) / 3 / 255])


def test_a_square_has_four_corners_and_their_brightness_is_their_frequency() -> None:
    bright, dark = corner_frequencies(square(200)), corner_frequencies(square(100))
    assert len(bright) == len(dark) == 4
    # A corner patch lies between a ninth and a half on the square.
    assert np.all((bright - 20 > 480 * 200 / 255 / 9) & (bright - 20 < 480 * 200 / 255 / 2))
    assert dark - 20 == pytest.approx((bright - 20) / 2)


def test_the_edge_of_a_photo_and_a_straight_edge_are_no_corners() -> None:
    pixels = np.zeros((60, 80, 3), dtype=np.uint8)
    pixels[:, 40:] = 255
    assert len(corner_frequencies(Image.fromarray(pixels))) == 1


def test_faint_corners_count_and_faint_noise_does_not() -> None:
    assert len(corner_frequencies(square(10))) == 4
    noisy = 128 + np.random.default_rng(0).integers(-2, 3, (100, 100, 3))
    assert corner_frequencies(Image.fromarray(noisy.astype(np.uint8))) == pytest.approx(
        [20 + 480 * noisy.mean() / 255]
    )


def test_the_strongest_corners_are_taken() -> None:
    all_found = corner_frequencies(busy_photo(0), corners=10_000)
    assert len(all_found) > 200
    assert np.array_equal(corner_frequencies(busy_photo(0)), all_found[:200])
    assert np.array_equal(corner_frequencies(busy_photo(0), corners=7), all_found[:7])


def test_other_photos_have_other_frequencies() -> None:
    assert not np.array_equal(corner_frequencies(busy_photo(0)), corner_frequencies(busy_photo(1)))


def test_photo_and_seed_decide_every_sample() -> None:
    def heard(photo: int, seed: int) -> np.ndarray:
        return oscillate(
            corner_frequencies(busy_photo(photo), corners=20), sample_rate=RATE, duration_s=0.6, seed=seed
        )

    first = heard(0, 0)
    assert first.dtype == np.float32
    assert first.shape == (2_400,)
    assert np.array_equal(first, heard(0, 0))
    assert not np.array_equal(first, heard(0, 1))
    assert not np.array_equal(first, heard(1, 0))


def test_level() -> None:
    samples = oscillate(corner_frequencies(busy_photo(0)), sample_rate=RATE, duration_s=2.0)
    assert 10 * np.log10(np.mean(samples.astype(float) ** 2)) == pytest.approx(-20.0, abs=1e-3)
    louder = oscillate(corner_frequencies(busy_photo(0)), sample_rate=RATE, duration_s=2.0, rms_dbfs=-14.0)
    assert 10 * np.log10(np.mean(louder.astype(float) ** 2)) == pytest.approx(-14.0, abs=1e-3)


@pytest.mark.parametrize("start", [20.0, 100.0, 500.0])
def test_a_sine_wanders_slowly_and_stays_in_range(start: float) -> None:
    rate = 4_000
    samples = oscillate([start], sample_rate=rate, duration_s=20.0, seed=3).astype(float)
    phase = np.unwrap(np.angle(hilbert(samples)))
    # Averaged over a tenth of a second; the ends, where the analytic signal is wrong, are left out.
    heard = (np.diff(phase[::400]) * rate / 400 / (2 * np.pi))[3:-3]
    assert heard.min() > 19.5
    assert heard.max() < 500.5
    semitones = 12 * np.log2(heard / start)
    assert 0.2 < np.abs(semitones).max() < 6.0
    assert np.abs(np.diff(semitones)).max() < 0.5


def proportional(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two sounds differ by a gain only."""
    one, other = one.astype(float), other.astype(float)
    return bool(np.allclose(one * (one @ other) / (one @ one), other, atol=1e-5))


def test_a_longer_sound_begins_like_a_shorter_one() -> None:
    frequencies = corner_frequencies(busy_photo(0))
    short = oscillate(frequencies, sample_rate=RATE, duration_s=0.7)
    long = oscillate(frequencies, sample_rate=RATE, duration_s=1.9)
    assert proportional(long[: len(short)], short)


def test_the_sample_rate_changes_only_how_finely_the_sound_is_told() -> None:
    coarse = oscillate([30.0, 170.0, 480.0], sample_rate=RATE, duration_s=1.3, seed=5)
    fine = oscillate([30.0, 170.0, 480.0], sample_rate=3 * RATE, duration_s=1.3, seed=5)
    assert proportional(fine[::3], coarse)


def test_steps_that_do_not_fall_on_samples_leave_no_gap() -> None:
    samples = oscillate([100.0], sample_rate=1_001, duration_s=5.0)
    assert samples.shape == (5_005,)
    # Nowhere steeper than a sine of 100 Hz that has wandered by two semitones.
    steepest = np.abs(np.diff(samples)).max()
    assert steepest < 2 * np.pi * 100 * 2 ** (2 / 12) / 1_001 * np.abs(samples).max()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"sample_rate": 999}, "sample_rate=999"),
        ({"duration_s": 0.0}, "duration_s=0"),
        ({"duration_s": 1e-5}, "shorter than one sample"),
        ({"seed": -1}, "seed=-1"),
        ({"frequencies": []}, r"shape \[0\]"),
        ({"frequencies": [[100.0]]}, r"shape \[1, 1\]"),
        ({"frequencies": [100.0, 501.0]}, r"all within 20 to 500 Hz"),
        ({"frequencies": [float("nan")]}, "all within 20 to 500 Hz"),
    ],
)
def test_wrong_settings_are_told(settings: dict, told: str) -> None:
    given = {"frequencies": [100.0], "sample_rate": RATE, "duration_s": 0.1} | settings
    with pytest.raises(ConfigError, match=told):
        oscillate(given.pop("frequencies"), **given)


def test_no_corners_wanted_is_told() -> None:
    with pytest.raises(ConfigError, match="corners=0"):
        corner_frequencies(busy_photo(0), corners=0)
