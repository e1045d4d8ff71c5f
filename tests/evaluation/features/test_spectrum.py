"""Mean spectra of sounds whose spectrum is known."""

import math

import pytest
import torch
from torch import Tensor

from photowave.errors import MediaError
from photowave.evaluation.features.spectrum import mean_mel_db

RATE = 16_000


def noise(count: int = 1, *, sample_rate: int = RATE, seconds: float = 5.0, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return 0.1 * torch.randn(count, int(seconds * sample_rate), generator=generator)


def tone(frequency: float) -> Tensor:
    time = torch.arange(5 * RATE, dtype=torch.float64) / RATE
    return 0.1 * torch.sin(2 * math.pi * frequency * time)[None]


@pytest.mark.parametrize("sample_rate", [8_000, 16_000, 44_100])
def test_white_noise_has_its_level_in_every_band(sample_rate: int) -> None:
    db = mean_mel_db(noise(sample_rate=sample_rate), sample_rate)
    assert db.shape == (1, 64)
    assert float(db.mean()) == pytest.approx(-20.0, abs=0.3)
    # The lowest bands hold few independent values; next to 0 Hz half of the band lies beyond the edge.
    assert bool(((db + 20).abs() < 2.0).all())


def test_a_tone_lies_in_its_band() -> None:
    for frequency in (300.0, 1_000.0, 4_000.0):
        db = mean_mel_db(tone(frequency), RATE)[0]
        mel = 2595 * math.log10(1 + frequency / 700) / (2595 * math.log10(1 + RATE / 2 / 700))
        assert abs(int(db.argmax()) - (round(mel * 65) - 1)) <= 1


def test_silence_is_the_floor() -> None:
    floor = torch.full((2, 64), -70.0, dtype=torch.float64)
    assert torch.allclose(mean_mel_db(torch.zeros(2, RATE), RATE), floor)


def test_six_decibels_are_six_decibels() -> None:
    gain = mean_mel_db(2 * noise(), RATE) - mean_mel_db(noise(), RATE)
    assert torch.allclose(gain, torch.full_like(gain, 20 * math.log10(2)), atol=1e-3)


def test_order_in_time_does_not_matter() -> None:
    low, high = tone(400.0), tone(3_000.0)
    first, second = (mean_mel_db(torch.cat(parts, dim=1), RATE) for parts in ((low, high), (high, low)))
    assert float((first - second).abs().mean()) < 0.1
    assert float((first - mean_mel_db(low, RATE)).abs().mean()) > 1.0


def test_sounds_of_a_batch_do_not_mix() -> None:
    batch = noise(18, seconds=0.5)
    assert torch.allclose(mean_mel_db(batch, RATE)[16:17], mean_mel_db(batch[16:17], RATE), rtol=1e-12)


def test_what_has_no_spectrum_is_refused() -> None:
    with pytest.raises(MediaError, match="at least 1024 samples"):
        mean_mel_db(torch.zeros(1, 1023), RATE)
    with pytest.raises(MediaError, match="batch, time"):
        mean_mel_db(torch.zeros(RATE), RATE)
