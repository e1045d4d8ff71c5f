"""Low bandwidth: what is missing at the top is filled, what is there stays."""

import math

import pytest
import torch
from torch import Tensor

from photowave.audio import extend_bandwidth, resample
from photowave.audio.bandwidth import FALL_DB_PER_OCTAVE

RATE = 32_000


def low_passed(seconds: float = 2.0) -> Tensor:
    """White noise up to 4 kHz, half a second loud and half a second soft in turn."""
    narrow = torch.randn(round(8_000 * seconds), generator=torch.Generator().manual_seed(0))
    gain = torch.where(torch.arange(len(narrow)) % 8_000 < 4_000, 0.1, 0.01)
    return resample(narrow * gain, old_rate=8_000, new_rate=RATE)


def level_db(samples: Tensor, low_hz: float, high_hz: float) -> float:
    power = torch.fft.rfft(samples).abs().square()
    hz = torch.fft.rfftfreq(len(samples), 1 / RATE)
    return 10 * math.log10(float(power[(hz >= low_hz) & (hz < high_hz)].mean()))


def test_levels_above_go_on_falling() -> None:
    samples = low_passed()
    full = extend_bandwidth(samples, sample_rate=RATE, bandwidth_hz=4_000)
    assert level_db(samples, 5_000, 15_000) < level_db(samples, 3_000, 3_600) - 50
    below = level_db(full, 3_000, 3_600)
    for centre in (6_000, 12_000):
        octaves = math.log2(centre / 3_800)
        wanted = below - FALL_DB_PER_OCTAVE * octaves
        assert level_db(full, centre - 300, centre + 300) == pytest.approx(wanted, abs=1.5)


def test_what_is_there_stays_and_what_is_added_follows_its_level() -> None:
    samples = low_passed()
    added = extend_bandwidth(samples, sample_rate=RATE, bandwidth_hz=4_000) - samples
    assert level_db(added, 0, 3_500) < level_db(samples, 0, 3_500) - 40
    loud, soft = added[2_000:14_000], added[18_000:30_000]
    assert 20 * math.log10(float(loud.std() / soft.std())) == pytest.approx(20, abs=2)


def test_a_full_band_is_left_alone() -> None:
    samples = low_passed()
    assert extend_bandwidth(samples, sample_rate=RATE, bandwidth_hz=15_900) is samples


def test_the_same_seed_gives_the_same_noise() -> None:
    samples = low_passed(0.5)
    first, again = (extend_bandwidth(samples, sample_rate=RATE, bandwidth_hz=4_000, seed=3) for _ in range(2))
    assert torch.equal(first, again)
    assert not torch.equal(first, extend_bandwidth(samples, sample_rate=RATE, bandwidth_hz=4_000, seed=4))
