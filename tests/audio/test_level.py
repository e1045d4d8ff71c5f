"""Levels and gains."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from photowave.audio import level
from photowave.audio.level import mean_power, normalise, rms_dbfs, without_fades, without_offset
from photowave.errors import MediaError

TONE = torch.sin(2 * math.pi * 100 / 8000 * torch.arange(8000))


def test_full_sine_is_three_db_below_full_scale() -> None:
    assert rms_dbfs(TONE) == pytest.approx(-3.0103, abs=1e-4)
    assert rms_dbfs(torch.ones(5)) == 0.0
    assert rms_dbfs(torch.zeros(5)) == -math.inf
    assert rms_dbfs(torch.zeros(0)) == -math.inf


@settings(deadline=None)
@given(gain_db=st.floats(-60, 20), target=st.floats(-60, -6))
def test_level_is_reached_whatever_it_was(gain_db: float, target: float) -> None:
    louder = normalise(TONE * 10 ** (gain_db / 20), rms_dbfs=target, peak_dbfs=0.0)
    assert rms_dbfs(louder) == pytest.approx(target, abs=1e-3)


@settings(deadline=None)
@given(peak_dbfs=st.floats(-20, 0))
def test_peak_wins_and_nothing_is_shaped(peak_dbfs: float) -> None:
    click = 0.001 * TONE
    click[4000] = 0.5
    limited = normalise(click, rms_dbfs=-6.0, peak_dbfs=peak_dbfs)
    assert float(limited.abs().max()) == pytest.approx(10 ** (peak_dbfs / 20), rel=1e-5)
    gain = limited[4000] / click[4000]
    assert torch.allclose(limited, click * gain, rtol=1e-5, atol=0)
    assert limited.dtype == torch.float32


@pytest.mark.parametrize("samples", [torch.zeros(10), torch.zeros(0), torch.full((3,), math.nan)])
def test_silence_has_no_level_to_reach(samples: torch.Tensor) -> None:
    with pytest.raises(MediaError, match="cannot be brought"):
        normalise(samples, rms_dbfs=-20.0)


@given(offset=st.floats(-1, 1), spread=st.floats(1e-3, 1))
@settings(deadline=None, max_examples=50)
def test_an_offset_is_taken_out_where_it_counts_and_nothing_else_changes(
    offset: float, spread: float
) -> None:
    sound = torch.randn(2, 4_000, generator=torch.Generator().manual_seed(0))
    sound = spread * (sound - sound.mean(1, keepdim=True)) / sound.std(1, correction=0, keepdim=True)
    moved = torch.stack([sound[0] + offset, sound[1]])
    found = without_offset(moved)
    assert torch.equal(found[1], moved[1])
    if abs(offset) < 0.099 * spread:
        assert found is moved
    elif abs(offset) > 0.101 * spread:
        torch.testing.assert_close(found[0], sound[0], atol=1e-6, rtol=0)


def test_the_power_of_hours_is_that_of_their_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = torch.randn(10_001, generator=torch.Generator().manual_seed(0))
    whole, faded = mean_power(sound), without_fades(sound, sample_rate=1_000, longest_s=1.0)
    monkeypatch.setattr(level, "_AT_ONCE", 999)
    assert mean_power(sound) == pytest.approx(whole, rel=1e-12)
    assert torch.equal(without_fades(sound, sample_rate=1_000, longest_s=1.0), faded)
