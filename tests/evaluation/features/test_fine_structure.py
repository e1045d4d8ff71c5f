"""Lines, peaks and pulses: each rises with what it is named after, and with nothing else."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from photowave.evaluation.features.fine_structure import measure_fine_structure

RATE = 16_000
SECONDS = torch.arange(4 * RATE, dtype=torch.float64) / RATE


def noise(seed: int = 0, rate: int = RATE) -> Tensor:
    return torch.randn(4 * rate, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def measured(samples: Tensor, rate: int = RATE) -> dict[str, float]:
    return {name: float(value[0]) for name, value in measure_fine_structure(samples[None], rate).items()}


def test_white_noise_has_the_known_lines_at_any_rate() -> None:
    for rate in (8_000, RATE, 44_100):
        assert measured(noise(rate=rate), rate)["lines_db"] == pytest.approx(8.4, abs=0.4)


def test_whistles_over_noise_are_lines() -> None:
    whistles = sum(torch.sin(2 * math.pi * hz * SECONDS) for hz in range(600, 7_600, 400))
    found = [measured(noise() + share * whistles)["lines_db"] for share in (0.0, 0.3, 1.0)]
    assert found[1] > found[0] + 2
    assert found[2] > found[1] + 5


def test_rare_calls_are_peaks_and_a_steady_tone_is_none() -> None:
    tone = torch.sin(2 * math.pi * 2_000 * SECONDS)
    calls = tone * (SECONDS % 1.0 < 0.1)
    plain, steady, rare = (measured(noise() + 5 * part)["peaks_db"] for part in (0 * tone, tone, calls))
    assert steady == pytest.approx(plain, abs=0.3)
    clicks = torch.where(SECONDS % 1.0 < 0.02, 20.0, 1.0) * noise()
    assert measured(clicks)["peaks_db"] > plain + 3
    assert rare >= plain - 0.3


@pytest.mark.parametrize(("hz", "name", "other"), [(5, "slow", "fast"), (24, "fast", "slow")])
def test_pulses_are_felt_in_their_own_band(hz: float, name: str, other: str) -> None:
    pulsing = (1 + 0.9 * torch.sin(2 * math.pi * hz * SECONDS)) * noise()
    before, after = measured(noise()), measured(pulsing)
    assert after[f"{name}_pulses_db"] > before[f"{name}_pulses_db"] + 3
    assert abs(after[f"{other}_pulses_db"] - before[f"{other}_pulses_db"]) < 3


@settings(deadline=None, max_examples=10)
@given(gain_db=st.floats(-40, 10))
def test_the_level_does_not_count(gain_db: float) -> None:
    loud, soft = measured(noise()), measured(10 ** (gain_db / 20) * noise())
    assert loud == pytest.approx(soft, abs=1e-6)


def test_sounds_of_a_batch_do_not_touch_and_silence_is_finite() -> None:
    batch = torch.stack([noise(0), torch.zeros(4 * RATE, dtype=torch.float64), noise(1)])
    together = measure_fine_structure(batch, RATE)
    for row, sound in enumerate(batch):
        alone = measure_fine_structure(sound[None], RATE)
        for name, value in together.items():
            assert torch.isfinite(value).all()
            torch.testing.assert_close(value[row], alone[name][0], rtol=0, atol=1e-9)
