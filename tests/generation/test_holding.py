"""No sound stays louder than 3 dB above what is usual; what is as loud as usual is left alone."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from photowave.audio import rms_dbfs
from photowave.generation.holding import LevelHolder

RATE, USUAL = 8_000, -20.0


def holder(sounds: int = 1) -> LevelHolder:
    return LevelHolder(sounds, usual_dbfs=USUAL, sample_rate=RATE)


def noise(above_db: float, *, seconds: float = 2.0, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    level = 10 ** ((USUAL + above_db) / 20)
    return level * torch.randn(1, round(seconds * RATE), generator=generator)


@settings(deadline=None, max_examples=40)
@given(above_db=st.floats(-20, 16), swell_db=st.floats(-10, 4), seed=st.integers(0, 99))
def test_what_swells_slowly_is_at_most_three_decibels_above_the_usual_level(
    above_db: float, swell_db: float, seed: int
) -> None:
    sound = noise(above_db, seed=seed)
    swelling = sound * 10 ** (swell_db / 20 * torch.linspace(0, 1, sound.shape[-1]))
    held = holder().hold(swelling)
    assert rms_dbfs(held[0]) <= USUAL + 3.0
    assert bool((held.abs() <= swelling.abs()).all())


def test_what_is_as_loud_as_usual_is_left_alone_and_so_is_a_short_crack() -> None:
    sound = noise(0.0)
    sound[0, 9_000:9_040] *= 5
    assert torch.equal(holder().hold(sound), sound)


@pytest.mark.parametrize("channels", [1, 2])
def test_it_does_not_depend_on_pieces_or_company(channels: int) -> None:
    sounds = torch.cat([noise(8.0, seed=1), noise(3.0, seed=2)])
    if channels == 2:
        sounds = torch.stack([sounds, 0.5 * sounds.flip(-1)], 1)
    together = holder(2).hold(sounds)
    alone = holder(1)
    parts = [alone.hold(part[1:]) for part in torch.split(sounds, 777, -1)]
    assert torch.equal(torch.cat(parts, -1), together[1:])


def test_channels_are_turned_down_together() -> None:
    left = noise(10.0)[0]
    pair = torch.stack([left, 0.1 * left])[None]
    held = holder().hold(pair)[0]
    torch.testing.assert_close(held[1], 0.1 * held[0])
    assert rms_dbfs(held[0]) < rms_dbfs(left)
