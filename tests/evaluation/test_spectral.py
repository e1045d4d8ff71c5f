"""Average spectra of sounds whose spectrum is known."""

import math

import pytest
import torch
from torch import Tensor

from photowave.errors import MediaError
from photowave.evaluation.spectral import (
    WINDOWS_S,
    average_spectra,
    mean_mel_db,
    mean_power,
    pairwise_spectral_distance_db,
    spectral_distance_db,
)

RATE = 16_000


def noise(count: int = 1, *, sample_rate: int = RATE, seconds: float = 5.0, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return 0.1 * torch.randn(count, int(seconds * sample_rate), generator=generator)


def tone(frequency: float) -> Tensor:
    time = torch.arange(5 * RATE, dtype=torch.float64) / RATE
    return 0.1 * torch.sin(2 * math.pi * frequency * time)[None]


@pytest.mark.parametrize("sample_rate", [8_000, 16_000, 44_100])
@pytest.mark.parametrize("window_s", WINDOWS_S)
def test_white_noise_has_its_level_in_every_band(sample_rate: int, window_s: float) -> None:
    db = mean_mel_db(noise(sample_rate=sample_rate), sample_rate, window_s=window_s)
    assert db.shape == (1, 64)
    assert float(db.mean()) == pytest.approx(-20.0, abs=0.3)
    # The lowest bands hold few independent values; next to 0 Hz half of the band lies beyond the edge.
    assert bool(((db + 20).abs() < 2.0).all())


def test_the_average_has_the_power_of_the_sound() -> None:
    # Parseval: the mean over all bins, both signs of frequency, is the mean square.
    samples = noise()
    power = mean_power(samples, window=512, length=512)
    both = torch.cat([power, power[:, 1:-1]], dim=1).mean()
    assert float(both) == pytest.approx(float(samples.double().square().mean()), rel=0.01)


def test_a_tone_lies_in_its_band() -> None:
    for frequency in (300.0, 1_000.0, 4_000.0):
        db = mean_mel_db(tone(frequency), RATE)[0]
        mel = 2595 * math.log10(1 + frequency / 700) / (2595 * math.log10(1 + RATE / 2 / 700))
        assert abs(int(db.argmax()) - (round(mel * 65) - 1)) <= 1


def test_long_windows_tell_near_tones_apart() -> None:
    two = average_spectra(tone(500.0) + tone(620.0), RATE)
    dips = {window_s: float(db[0, 10:18].max() - db[0, 12:15].min()) for window_s, db in two.items()}
    assert dips[0.128] > dips[0.032] > dips[0.008]


def test_silence_is_the_floor() -> None:
    for db in average_spectra(torch.zeros(2, RATE), RATE).values():
        assert torch.allclose(db, torch.full((2, 64), -70.0, dtype=torch.float64))


def test_six_decibels_are_six_decibels() -> None:
    quiet, loud = average_spectra(noise(), RATE), average_spectra(2 * noise(), RATE)
    assert float(spectral_distance_db(quiet, loud)) == pytest.approx(20 * math.log10(2), abs=1e-3)


def test_distances_agree() -> None:
    a, b = average_spectra(noise(3), RATE), average_spectra(noise(3, seed=1) + tone(700.0), RATE)
    one_by_one, all_pairs = spectral_distance_db(a, b), pairwise_spectral_distance_db(a, b)
    assert torch.allclose(all_pairs.diagonal(), one_by_one)
    assert torch.allclose(spectral_distance_db(a, {w: db[:1] for w, db in b.items()}), all_pairs[:, 0])
    same = pairwise_spectral_distance_db(a, a)
    assert torch.equal(same.diagonal(), torch.zeros(3, dtype=torch.float64))
    assert float(one_by_one.min()) > 2 * float(same.max())


def test_order_in_time_does_not_matter() -> None:
    low, high = tone(400.0), tone(3_000.0)
    first = average_spectra(torch.cat([low, high], dim=1), RATE)
    second = average_spectra(torch.cat([high, low], dim=1), RATE)
    assert float(spectral_distance_db(first, second)) < 0.1


def test_sounds_of_a_batch_do_not_mix() -> None:
    batch = noise(18, seconds=0.5)
    together = average_spectra(batch, RATE)
    for window_s, db in average_spectra(batch[16:17], RATE).items():
        assert torch.allclose(together[window_s][16:17], db, rtol=1e-12)


def test_what_has_no_spectrum_is_refused() -> None:
    with pytest.raises(MediaError, match="at least 1024 samples"):
        mean_mel_db(torch.zeros(1, 1023), RATE)
    with pytest.raises(MediaError, match="batch, time"):
        mean_mel_db(torch.zeros(RATE), RATE)
