"""Loudness: the values that the standards name."""

import math

import pytest
import torch
from torch import Tensor

from photowave.audio import gain_to_loudness, integrated_lufs
from photowave.errors import MediaError


def tone(dbfs: float, *, hz: float = 1_000.0, seconds: float = 5.0, rate: int = 48_000) -> Tensor:
    return 10 ** (dbfs / 20) * torch.sin(
        2 * math.pi * hz * torch.arange(round(seconds * rate)).double() / rate
    )


@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000])
def test_a_sine_of_997_hz_and_full_scale_has_3_01_lufs_below_zero(rate: int) -> None:
    # ITU-R BS.1770-4, annex 1.
    assert integrated_lufs(tone(0, hz=997, rate=rate), sample_rate=rate) == pytest.approx(-3.01, abs=0.005)


@pytest.mark.parametrize(
    ("parts", "lufs"),
    [  # EBU Tech 3341, cases 1 to 4: stereo, levels in dBFS and seconds.
        ([(-23, 20)], -23.0),
        ([(-33, 20)], -33.0),
        ([(-36, 10), (-23, 60), (-36, 10)], -23.0),
        ([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23.0),
    ],
)
def test_the_gates_leave_out_what_is_soft(parts: list[tuple[float, float]], lufs: float) -> None:
    sound = torch.cat([tone(level, seconds=seconds) for level, seconds in parts])
    assert integrated_lufs(torch.stack([sound, sound]), sample_rate=48_000) == pytest.approx(lufs, abs=0.1)


def test_treble_at_full_scale_is_not_clipped() -> None:
    loud, soft = (integrated_lufs(tone(level, hz=6_000), sample_rate=48_000) for level in (0.0, -20.0))
    assert loud - soft == pytest.approx(20.0, abs=1e-6)


def test_a_sound_shorter_than_a_block_has_a_loudness_only_without_gates() -> None:
    short = tone(-20, seconds=0.1)
    assert integrated_lufs(short, sample_rate=48_000) == -math.inf
    assert integrated_lufs(short, sample_rate=48_000, gated=False) == pytest.approx(-23.0, abs=0.5)
    assert integrated_lufs(short[:0], sample_rate=48_000, gated=False) == -math.inf


@pytest.mark.parametrize("seconds", [0.2, 5.0, 125.0])
def test_the_gain_brings_a_sound_of_any_length_to_its_loudness(seconds: float) -> None:
    sound = tone(-45, seconds=seconds, rate=8_000)
    gain = gain_to_loudness(sound, sample_rate=8_000, lufs=-30.0)
    gated = seconds >= 0.4
    assert integrated_lufs(gain * sound, sample_rate=8_000, gated=gated) == pytest.approx(-30.0, abs=0.01)


def test_peaks_stay_where_they_are_allowed_and_silence_is_refused() -> None:
    clicks = torch.zeros(48_000)
    clicks[::9_600] = 0.5
    gain = gain_to_loudness(clicks, sample_rate=48_000, lufs=-6.0)
    assert gain * 0.5 == pytest.approx(10 ** (-1 / 20))
    with pytest.raises(MediaError, match="the power must be positive"):
        gain_to_loudness(torch.zeros(100), sample_rate=48_000, lufs=-20.0)
