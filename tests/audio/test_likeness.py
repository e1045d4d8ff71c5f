"""The measure of a copy: one for itself, falling with noise, blind to level and to small shifts."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from photowave.audio.likeness import likeness, log_mel_db, noise_likeness
from photowave.errors import MediaError

RATE = 16_000


def plucked(seconds: float = 4.0, *, rate: int = RATE) -> Tensor:
    """Decaying partials, struck every 0.7 s, over a faint hiss."""
    time = torch.arange(int(seconds * rate)) / rate
    since = time % 0.7
    tones = [torch.sin(2 * math.pi * f * time) * torch.exp(-since * f / 200) for f in (220, 447, 910, 1830)]
    hiss = torch.randn(len(time), generator=torch.Generator().manual_seed(0))
    return 0.1 * torch.stack(tones).sum(0) + 1e-4 * hiss


def with_noise(samples: Tensor, below_db: float) -> Tensor:
    noise = torch.randn(samples.shape, generator=torch.Generator().manual_seed(1))
    return samples + noise * samples.square().mean().sqrt() * 10 ** (-below_db / 20)


def test_a_sound_is_like_itself() -> None:
    found = likeness(plucked(), plucked(), sample_rate=RATE)
    assert found.correlation == pytest.approx(1.0, abs=1e-5)
    assert found.mean_abs_db == 0.0


@settings(deadline=None, max_examples=10)
@given(gain=st.floats(0.05, 5.0))
def test_level_does_not_count(gain: float) -> None:
    found = likeness(plucked(2.0), gain * plucked(2.0), sample_rate=RATE)
    assert found.correlation == pytest.approx(1.0, abs=1e-3)
    assert found.mean_abs_db < 0.1


def test_more_noise_is_less_alike() -> None:
    found = [likeness(plucked(), with_noise(plucked(), db), sample_rate=RATE) for db in (40, 20, 10, 0)]
    assert [f.correlation for f in found] == sorted((f.correlation for f in found), reverse=True)
    assert [f.mean_abs_db for f in found] == sorted(f.mean_abs_db for f in found)
    other = torch.randn(len(plucked()), generator=torch.Generator().manual_seed(3))
    assert likeness(plucked(), other, sample_rate=RATE).correlation < 0.3


def test_a_shift_of_up_to_half_a_second_is_found() -> None:
    original = plucked()
    late = torch.cat([1e-4 * torch.randn(7 * 512), original])
    found = likeness(original, late[: len(original)], sample_rate=RATE)
    assert found.correlation > 0.98
    assert found.mean_abs_db > 3.0


def test_is_the_correlation_of_the_spectrograms() -> None:
    original, copy = plucked(), with_noise(plucked(), 15)
    a, b = log_mel_db(original, RATE), log_mel_db(copy, RATE)
    assert a.shape == (64, 1 + len(original) // 512)
    assert float(a.max()) == 0.0
    assert float(a.min()) >= -60.0
    plain = float(torch.corrcoef(torch.stack([a.flatten(), b.flatten()]))[0, 1])
    found = likeness(original, copy, sample_rate=RATE)
    assert found.correlation >= plain
    assert found.mean_abs_db == pytest.approx(float((a - b).abs().mean()), abs=1e-5)


def test_other_rates_are_brought_to_the_same() -> None:
    found = likeness(plucked(rate=48_000), with_noise(plucked(rate=48_000), 60), sample_rate=48_000)
    assert found.correlation > 0.99


def test_silence_and_a_moment_are_told() -> None:
    assert likeness(plucked(), torch.zeros(4 * RATE), sample_rate=RATE).correlation == -1.0
    with pytest.raises(MediaError, match=r"the copy lasts 0\.0625 s; comparing needs 0\.1 s"):
        likeness(plucked(), torch.zeros(1_000), sample_rate=RATE)


def test_the_figures_stay_what_they_were() -> None:
    """Against figures of the measure as it was first written down, in a script of its own."""
    time = torch.arange(2 * RATE) / RATE
    a = 0.3 * torch.sin(2 * math.pi * 440 * time) * torch.exp(-2 * time)
    a += 0.05 * torch.sin(2 * math.pi * 3000 * time * time / 4)
    b = 0.3 * torch.sin(2 * math.pi * 450 * time) * torch.exp(-3 * time)
    b += 0.05 * torch.sin(2 * math.pi * 2500 * time * time / 4) + 1e-3 * torch.cos(2 * math.pi * 6000 * time)
    found = likeness(a, b, sample_rate=RATE)
    assert found.correlation == pytest.approx(0.68145, abs=1e-3)
    assert found.mean_abs_db == pytest.approx(3.57065, abs=1e-2)


def test_noise_with_the_spectrum_is_like_a_steady_sound_and_unlike_strokes() -> None:
    generator = torch.Generator().manual_seed(0)
    hiss = torch.randn(4 * RATE, generator=generator)
    steep = torch.fft.irfft(torch.fft.rfft(hiss) / (1 + torch.arange(2 * RATE + 1) / 200), 4 * RATE)
    assert noise_likeness(steep, sample_rate=RATE) > 0.85
    pulses = steep * (torch.arange(4 * RATE) % (RATE // 2) < RATE // 20)
    assert noise_likeness(pulses, sample_rate=RATE) < 0.5
    assert likeness(steep, steep + 0.1 * steep.std() * hiss.flip(0), sample_rate=RATE).correlation > (
        noise_likeness(steep, sample_rate=RATE)
    )
