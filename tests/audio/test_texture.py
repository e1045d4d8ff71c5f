"""Texture statistics of sounds whose texture is known."""

import math
import warnings

import pytest
import torch
from torch import Tensor

from photowave.audio.texture import TextureStatistics, power_db
from photowave.errors import MediaError

RATE = 16_000
TEXTURE = TextureStatistics(sample_rate=RATE, mels=40)


def noise(seconds: float = 4.0) -> Tensor:
    return 0.1 * torch.randn(1, int(seconds * RATE), generator=torch.Generator().manual_seed(2))


def tone(frequency: float) -> Tensor:
    return 0.1 * math.sqrt(2) * torch.sin(2 * math.pi * frequency / RATE * torch.arange(4 * RATE))[None]


def band_of(frequency: float) -> int:
    """The mel band whose centre is nearest."""
    mels = 2595 * math.log10(1 + frequency / 700)
    return round(mels / (2595 * math.log10(1 + RATE / 2 / 700)) * 41) - 1


@pytest.mark.parametrize("sample_rate", [1_000, 8_000, 11_025, 16_000, 32_000, 44_100, 192_000])
@pytest.mark.parametrize("mels", [4, 40, 128])
def test_no_mel_filter_is_empty(sample_rate: int, mels: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        texture = TextureStatistics(sample_rate=sample_rate, mels=mels)
    assert bool((texture.mel_filters.amax(dim=0) > 0).all())
    assert texture(torch.zeros(2, texture.shortest)).shape == (2, texture.channels)


@pytest.mark.parametrize("frequency", [300.0, 1000.0, 4000.0])
def test_a_tone_is_steady_and_lies_in_its_band(frequency: float) -> None:
    mean, spread = TEXTURE(tone(frequency))[0].split(40)
    assert abs(int(mean.argmax()) - band_of(frequency)) <= 1
    assert float(spread[mean.argmax()]) < 0.05
    assert float(mean.max() - mean.median()) > 5


def test_white_noise_spreads_over_all_bands() -> None:
    mean, spread = TEXTURE(noise())[0].split(40)
    # Mean power in a bin is the variance, 0.01; a band sums its bins by the filter's weights.
    power = TEXTURE.log_mel(noise()).exp().mean(dim=(0, 1))
    assert torch.allclose(power, 0.01 * TEXTURE.mel_filters.sum(dim=0), rtol=0.15)
    assert float(spread.min()) > 0.1
    assert float(spread.max()) < 1.5
    assert float(mean.min()) > math.log(1e-5) + 4


def test_gain_moves_the_mean_and_not_the_spread() -> None:
    quiet, loud = TEXTURE(noise())[0].split(40), TEXTURE(2 * noise())[0].split(40)
    assert torch.allclose(loud[0] - quiet[0], torch.full((40,), math.log(4)), atol=0.05)
    assert torch.allclose(loud[1], quiet[1], atol=0.05)


def test_beating_shows_in_the_spread() -> None:
    swell = 1 + 0.9 * torch.sin(2 * math.pi * torch.arange(4 * RATE) / RATE)
    steady, beating = TEXTURE(noise())[0, 40:], TEXTURE(noise() * swell)[0, 40:]
    assert bool((beating > steady + 0.3).all())


def test_silence_is_the_floor() -> None:
    mean, spread = TEXTURE(torch.zeros(1, RATE))[0].split(40)
    assert torch.allclose(mean, torch.full((40,), math.log(1e-5)))
    assert torch.equal(spread, torch.zeros(40))


@pytest.mark.parametrize("gain_db", [-12.0, -3.0, 6.0])
def test_power_follows_the_gain_whatever_the_colour(gain_db: float) -> None:
    both = torch.cat([noise(), tone(1000.0)])
    told = power_db(TEXTURE.log_mel(10 ** (gain_db / 20) * both)) - power_db(TEXTURE.log_mel(both))
    assert torch.allclose(told, torch.full((2,), gain_db), atol=0.05)
    # White noise and a tone of one variance have one power.
    powers = power_db(TEXTURE.log_mel(both))
    assert abs(float(powers[0] - powers[1])) < 0.5


def test_silence_has_no_power() -> None:
    # But for the rounding of the floor: white noise of -20 dBFS lies 100 dB above.
    silent, heard = power_db(TEXTURE.log_mel(torch.zeros(1, RATE))), power_db(TEXTURE.log_mel(noise()))
    assert float(silent) < float(heard) - 90


def test_sounds_of_a_batch_do_not_mix() -> None:
    both = TEXTURE(torch.cat([noise(), tone(1000.0)]))
    assert torch.allclose(both[:1], TEXTURE(noise()), atol=1e-5)
    assert torch.allclose(both[1:], TEXTURE(tone(1000.0)), atol=1e-4)


def test_frames_and_shortest() -> None:
    assert TEXTURE.log_mel(noise()).shape == (1, 1 + (4 * RATE - TEXTURE.shortest) // TEXTURE.hop, 40)
    with pytest.raises(MediaError, match=f"at least {TEXTURE.shortest}"):
        TEXTURE(torch.zeros(1, TEXTURE.shortest - 1))


def test_nothing_is_stored() -> None:
    assert TEXTURE.state_dict() == {}
