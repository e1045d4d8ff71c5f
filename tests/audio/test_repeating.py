"""Repeating: as long as asked, at an even level, and never more than the sound itself where it is long."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from photowave.audio import repeat_to


@given(time=st.integers(10, 60), length=st.integers(1, 400))
def test_it_is_as_long_as_asked_and_begins_as_the_sound_does(time: int, length: int) -> None:
    samples = torch.arange(1.0, time + 1)
    repeated = repeat_to(samples, length)
    assert len(repeated) == max(time, length)
    kept = time - max(1, round(time / 10))
    assert torch.equal(repeated[:kept], samples[:kept])


def test_noise_keeps_its_level_over_the_seams() -> None:
    rate = 1_000
    sounds = torch.randn(200, rate, generator=torch.Generator().manual_seed(0))
    power = torch.stack([repeat_to(sound, 3 * rate) for sound in sounds]).square().mean(0)
    assert float(power.unfold(0, 50, 50).mean(1).min()) == pytest.approx(1.0, abs=0.06)
    assert float(power.unfold(0, 50, 50).mean(1).max()) == pytest.approx(1.0, abs=0.06)


def test_a_constant_has_no_click() -> None:
    repeated = repeat_to(torch.ones(500), 2_000)
    assert float(repeated.diff().abs().max()) < 0.05
