"""Resampling: at any rate a tone keeps its pitch, and what cannot be kept is gone."""

import math

import pytest
import torch
from torch import Tensor

from photowave.audio import resample, resample_blocks


def tone(hz: float, rate: int, seconds: float) -> Tensor:
    return torch.sin(2 * math.pi * hz * torch.arange(round(seconds * rate)).double() / rate)


@pytest.mark.parametrize(
    ("old", "new"), [(47_999, 48_000), (16_001, 16_000), (44_100, 16_000), (8_000, 44_100)]
)
def test_a_tone_is_where_it_was(old: int, new: int) -> None:
    found = resample(tone(997, old, 2.0), old_rate=old, new_rate=new)
    assert len(found) == math.ceil(2 * new)
    inner = slice(new // 10, -new // 10)
    # A rate off by 21 millionths would be off by 0.27 here, after two seconds.
    torch.testing.assert_close(found[inner], tone(997, new, 2.0)[: len(found)][inner], atol=3e-5, rtol=0)


@pytest.mark.parametrize("old", [48_000, 47_999])
def test_what_lies_above_half_the_new_rate_is_100_db_down(old: int) -> None:
    found = resample(tone(8_100, old, 1.0), old_rate=old, new_rate=16_000)[1_000:-1_000]
    assert 20 * math.log10(float(found.abs().max())) < -100


@pytest.mark.parametrize(("old", "new"), [(48_000, 44_100), (8_000, 16_000)])
@pytest.mark.parametrize("length_s", [1.3, 4.0, 7.7])
def test_blocks_give_what_the_whole_gives(old: int, new: int, length_s: float) -> None:
    sound = torch.randn(2, round(length_s * old), generator=torch.Generator().manual_seed(0))
    blocks = list(resample_blocks(iter(sound.split(2 * old, 1)), old_rate=old, new_rate=new))
    whole = resample(sound, old_rate=old, new_rate=new)
    torch.testing.assert_close(torch.cat(blocks, 1), whole, atol=1e-6, rtol=0)
