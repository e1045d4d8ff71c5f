"""Where a spectrum breaks off: found to a few percent where it does, and nowhere else."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from photowave.audio import resample
from photowave.checking.cliff import find_cliff

RATE = 44_100


def power(samples: np.ndarray) -> np.ndarray:
    parts = samples[: len(samples) // 2048 * 2048].reshape(-1, 2048)
    return np.square(np.abs(np.fft.rfft(parts * np.hanning(2048), axis=1))).sum(0)


def coloured(db_per_octave: float, seed: int = 0) -> np.ndarray:
    spectrum = np.fft.rfft(np.random.default_rng(seed).normal(size=2 * RATE))
    hz = np.fft.rfftfreq(2 * RATE, 1 / RATE)
    return np.fft.irfft(spectrum * np.maximum(hz / 100, 1) ** (-db_per_octave / 6.02))


@pytest.mark.parametrize("old_rate", [8_000, 11_025, 16_000, 22_050, 32_000])
def test_an_upsampled_sound_ends_at_half_its_old_rate(old_rate: int) -> None:
    noise = torch.from_numpy(np.random.default_rng(1).normal(0, 0.1, 4 * old_rate)).float()
    found = find_cliff(power(resample(noise, old_rate=old_rate, new_rate=RATE).numpy()), sample_rate=RATE)
    assert found == pytest.approx(old_rate / 2, rel=0.08)


@settings(deadline=None, max_examples=20)
@given(slope=st.floats(0, 18), seed=st.integers(0, 9))
def test_a_natural_slope_is_no_cliff(slope: float, seed: int) -> None:
    assert find_cliff(power(coloured(slope, seed)), sample_rate=RATE) == RATE / 2


def test_a_loud_line_above_hiss_is_no_cliff() -> None:
    cricket = np.sin(2 * np.pi * 4_300 * np.arange(2 * RATE) / RATE) + 1e-3 * coloured(0)
    assert find_cliff(power(cricket), sample_rate=RATE) == RATE / 2


def test_silence_has_none() -> None:
    assert find_cliff(np.zeros(1025), sample_rate=RATE) == RATE / 2
