"""Finished sounds: loudness, fades, and loops without a seam."""

import math

import pytest
import torch
import torchaudio.functional
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from photowave.audio import fade, join, resample, to_loudness
from photowave.errors import MediaError

RATE = 8_000


def noise(seconds: float, *, channels: int = 1, seed: int = 0, level: float = 0.05) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    samples = level * torch.randn(channels, round(seconds * RATE), generator=generator)
    return samples[0] if channels == 1 else samples


@settings(deadline=None, max_examples=25)
@given(lufs=st.floats(-40, -16), channels=st.sampled_from([1, 2]), level=st.floats(0.001, 0.2))
def test_a_sound_comes_to_the_loudness_that_is_asked(lufs: float, channels: int, level: float) -> None:
    samples = noise(1.0, channels=channels, level=level)
    louder = to_loudness(samples, sample_rate=RATE, lufs=lufs)
    assert louder.shape == samples.shape
    # Another hand's filters, at the rate for which the standard gives them.
    told = torchaudio.functional.loudness(
        resample(louder, old_rate=RATE, new_rate=48_000).view(channels, -1), 48_000
    )
    assert float(told) == pytest.approx(lufs, abs=0.1)
    torch.testing.assert_close(louder / louder.abs().max(), samples / samples.abs().max(), rtol=0, atol=1e-4)


def test_peaks_are_bent_and_never_clip() -> None:
    samples = noise(1.0, level=0.01)
    samples[4_000] = 0.9
    louder = to_loudness(samples, sample_rate=RATE, lufs=-10.0)
    assert 0.9 < float(louder.abs().max()) <= 1.0


@pytest.mark.parametrize(
    ("samples", "message"), [(noise(0.3), "at least 0.4 s"), (torch.zeros(RATE), "that soft has no loudness")]
)
def test_what_has_no_loudness_is_refused(samples: Tensor, message: str) -> None:
    with pytest.raises(MediaError, match=message):
        to_loudness(samples, sample_rate=RATE, lufs=-23.0)


@settings(deadline=None, max_examples=40)
@given(seconds=st.floats(0, 2), duration=st.floats(0.01, 1.0), channels=st.sampled_from([1, 2]))
def test_a_fade_begins_and_ends_in_silence_and_leaves_the_middle(
    seconds: float, duration: float, channels: int
) -> None:
    samples = noise(duration, channels=channels)
    before = samples.clone()
    faded = fade(samples, sample_rate=RATE, seconds=seconds)
    assert torch.equal(samples, before), "what was given stays as it was"
    count = min(round(seconds * RATE), samples.shape[-1] // 2)
    middle = slice(count, samples.shape[-1] - count)
    assert torch.equal(faded[..., middle], samples[..., middle])
    assert bool((faded.abs() <= samples.abs()).all())
    if count > 100:
        assert faded[..., [0, -1]].abs().max() < 0.02 * samples.abs().max()


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 999), channels=st.sampled_from([1, 2]), tail=st.sampled_from([800, 4_000]))
def test_the_seam_of_a_loop_cannot_be_found(seed: int, channels: int, tail: int) -> None:
    drawn = noise(2.0 + tail / RATE, channels=channels, seed=seed)
    loop = join(drawn, overlap=tail)
    assert loop.shape[-1] == 2 * RATE
    seam = (loop[..., 0] - loop[..., -1]).abs()
    steps = loop.diff(dim=-1).abs()
    expected = drawn[..., 2 * RATE] - drawn[..., 2 * RATE - 1]  # the step that was drawn there
    torch.testing.assert_close(seam, expected.abs(), rtol=0, atol=2 * float(drawn.abs().max()) / tail)
    twice = torch.cat([loop, loop], -1)[..., 2 * RATE - tail : 2 * RATE + tail]
    level = 20 * math.log10(float(twice.square().mean().sqrt() / loop.square().mean().sqrt()))
    assert abs(level) < 1.0
    assert float(seam.max()) <= float(steps.max()) * 1.5


def test_a_tone_goes_through_the_seam_of_a_loop() -> None:
    time = torch.arange(3 * RATE) / RATE
    tone = 0.5 * torch.sin(2 * math.pi * 441.3 * time)
    loop = join(tone, overlap=RATE // 2)
    twice = torch.cat([loop, loop])
    steps = twice.diff().abs()
    assert float(steps[len(loop) - 1]) <= float(torch.quantile(steps, 0.99)) * 1.05
