"""Faults put into sounds on purpose, and found."""

import math
from dataclasses import fields

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from photowave.errors import MediaError
from photowave.evaluation.features.health import Health, measure_health

RATE = 16_000
TIME = torch.arange(5 * RATE, dtype=torch.float64) / RATE


def noise(*, slope: float = 0.0, seed: int = 0) -> Tensor:
    """Noise of -20 dBFS whose power falls as 1 / frequency^slope."""
    white = torch.randn(5 * RATE, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    spectrum = torch.fft.rfft(white)
    spectrum[1:] /= torch.arange(1, len(spectrum), dtype=torch.float64) ** (slope / 2)
    spectrum[0] = 0.0
    coloured = torch.fft.irfft(spectrum)
    return 0.1 * coloured / coloured.square().mean().sqrt()


def rain(*, seed: int = 0) -> Tensor:
    """Faint noise and 300 drops that set in at once and die away in some milliseconds; none in the end."""
    rng = np.random.default_rng(seed)
    sound = 0.1 * noise(seed=seed).numpy()
    for start in rng.integers(0, 4 * RATE, size=300):
        decay = np.exp(-np.arange(800) / (RATE * rng.uniform(0.004, 0.010)))
        sound[start : start + 800] += rng.uniform(0.1, 0.4) * decay * rng.normal(size=800)
    return torch.from_numpy(sound)


def judged(samples: Tensor) -> Health:
    return measure_health(samples[None] if samples.dim() == 1 else samples, RATE)


@settings(deadline=None, max_examples=10)
@given(gain_db=st.floats(-30.0, 12.0))
def test_gain_changes_the_level_and_not_the_shape(gain_db: float) -> None:
    before, after = judged(noise(slope=1)), judged(10 ** (gain_db / 20) * noise(slope=1))
    assert after.rms_dbfs - before.rms_dbfs == pytest.approx(gain_db, abs=1e-9)
    assert after.click_ratio == pytest.approx(before.click_ratio, rel=1e-3)


def test_level_of_a_full_sine() -> None:
    health = judged(torch.sin(2 * math.pi * 100 * TIME))
    assert health.rms_dbfs[0] == pytest.approx(20 * math.log10(1 / math.sqrt(2)), abs=1e-6)


@pytest.mark.parametrize("slope", [1.0, 1.5, 2.0])
def test_a_single_sample_click_stands_out_of_noise(slope: float) -> None:
    clean = noise(slope=slope)
    clicked = clean.clone()
    clicked[30_000] += 0.5
    assert judged(clean).click_ratio[0] < 5.5
    assert judged(clicked).click_ratio[0] > 7.0


def test_a_click_stands_out_of_white_noise() -> None:
    # White noise reaches 0.45 by itself, so that a click of 0.5 could hide in it.
    clicked = noise()
    clicked[30_000] = 0.9
    assert judged(noise()).click_ratio[0] < 5.5
    assert judged(clicked).click_ratio[0] > 7.0


def test_rain_is_no_click() -> None:
    clean = rain()
    clicked = clean.clone()
    clicked[72_000] += 0.5
    assert clean.abs().max() > 0.5
    assert judged(clean).click_ratio[0] < 10.0
    assert judged(clicked).click_ratio[0] > 20.0


def test_silence_and_tones_have_finite_health() -> None:
    sounds = torch.stack([torch.zeros_like(TIME), 0.5 * torch.sin(2 * math.pi * 440 * TIME), 0 * TIME + 0.5])
    health = judged(sounds.float())
    for field in fields(Health):
        values = getattr(health, field.name)
        assert values.shape == (3,)
        assert values.dtype == np.float64
        assert np.isfinite(values).all(), field.name
    assert health.rms_dbfs[0] == -120.0
    # A pure tone is predicted down to rounding, which must not look like clicks.
    assert health.click_ratio[1] < 10.0


def test_sounds_of_a_batch_do_not_mix() -> None:
    batch = torch.stack([noise(seed=seed)[:RATE] for seed in range(18)])
    together, alone = judged(batch), judged(batch[17])
    for field in fields(Health):
        assert getattr(together, field.name)[17] == pytest.approx(getattr(alone, field.name)[0], rel=1e-9)


def test_what_cannot_be_judged_is_refused() -> None:
    with pytest.raises(MediaError, match="at least 16000 samples"):
        measure_health(torch.zeros(1, RATE - 1), RATE)
    with pytest.raises(MediaError, match="batch, time"):
        measure_health(torch.zeros(0, RATE), RATE)
    with pytest.raises(MediaError, match="NaN"):
        measure_health(torch.full((1, RATE), math.inf), RATE)
