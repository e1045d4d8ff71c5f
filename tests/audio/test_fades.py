"""Cutting off fades takes what is soft at either end, no more than asked, and nothing else."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from photowave.audio import without_fades

RATE = 1_000
FRAME = 50


def steady(frames: int, *, seed: int = 0) -> Tensor:
    """Noise of the same power in every frame of 50 ms."""
    noise = torch.randn(frames, FRAME, generator=torch.Generator().manual_seed(seed))
    return (0.1 * noise / noise.square().mean(1, keepdim=True).sqrt()).flatten()


def ramp(samples: Tensor, frames_in: int, frames_out: int) -> Tensor:
    """Fade linearly in and out."""
    gain = torch.ones(len(samples))
    gain[: frames_in * FRAME] = torch.linspace(0, 1, frames_in * FRAME)
    if frames_out:
        gain[-frames_out * FRAME :] = torch.linspace(1, 0, frames_out * FRAME)
    return samples * gain


def place_of(part: Tensor, whole: Tensor) -> int:
    """Where a part of noise begins in the whole; it must be there as it was, and once."""
    places = [i for i in range(len(whole) - len(part) + 1) if torch.equal(whole[i : i + len(part)], part)]
    assert len(places) == 1
    return places[0]


def test_what_lies_twelve_db_below_the_median_goes() -> None:
    sound = steady(60)
    sound[: 4 * FRAME] *= 10 ** (-12.5 / 20)
    sound[4 * FRAME : 6 * FRAME] *= 10 ** (-11.5 / 20)
    sound[-3 * FRAME :] *= 10 ** (-12.5 / 20)
    assert torch.equal(without_fades(sound, sample_rate=RATE, longest_s=1.0), sound[4 * FRAME : -3 * FRAME])


def test_a_linear_fade_is_cut_where_it_has_a_quarter_of_the_level() -> None:
    sound = ramp(steady(80), 20, 12)
    cut = without_fades(sound, sample_rate=RATE, longest_s=2.0)
    first = place_of(cut, sound)
    assert first == pytest.approx(5 * FRAME, abs=FRAME)
    assert len(sound) - first - len(cut) == pytest.approx(3 * FRAME, abs=FRAME)


@pytest.mark.parametrize(
    ("frames_in", "frames_out"), [(20, 0), (0, 20)], ids=["only fading in", "only fading out"]
)
def test_the_other_end_stays(frames_in: int, frames_out: int) -> None:
    sound = ramp(steady(80)[:-7], frames_in, frames_out)
    cut = without_fades(sound, sample_rate=RATE, longest_s=2.0)
    first = place_of(cut, sound)
    assert (first == 0) == (frames_in == 0)
    assert (first + len(cut) == len(sound)) == (frames_out == 0)
    assert len(cut) < len(sound)


def test_no_more_is_cut_off_than_asked() -> None:
    sound = ramp(steady(80), 30, 30)
    cut = without_fades(sound, sample_rate=RATE, longest_s=0.123)
    assert torch.equal(cut, sound[123:-123])
    assert torch.equal(without_fades(sound, sample_rate=RATE, longest_s=0.0), sound)
    farther = without_fades(sound, sample_rate=RATE, longest_s=1e306)
    assert torch.equal(farther, without_fades(sound, sample_rate=RATE, longest_s=4.0))


def test_a_pause_in_the_middle_stays() -> None:
    sound = steady(60)
    sound[20 * FRAME : 40 * FRAME] = 0.0
    assert torch.equal(without_fades(sound, sample_rate=RATE, longest_s=1.0), sound)


@pytest.mark.parametrize(
    "sound",
    [
        torch.zeros(0),
        steady(1)[: FRAME - 1],
        steady(1),
        torch.zeros(20 * FRAME),
        torch.full((20 * FRAME,), torch.nan),
        torch.cat([steady(3), torch.zeros(20 * FRAME)]),
        steady(40)[:-7],
    ],
    ids=["empty", "shorter than a frame", "one frame", "silence", "NaN", "mostly silence", "steady"],
)
def test_a_sound_without_fades_stays_as_it_is(sound: Tensor) -> None:
    cut = without_fades(sound, sample_rate=RATE, longest_s=1.0)
    assert cut.shape == sound.shape
    assert torch.equal(cut.nan_to_num(), sound.nan_to_num())


SOUNDS = st.tuples(st.integers(30, 70), st.integers(0, 15), st.integers(0, 15), st.integers(0, FRAME - 1))


@settings(deadline=None, max_examples=60)
@given(shape=SOUNDS, longest_s=st.floats(0.0, 1.0), seed=st.integers(0, 99))
def test_a_part_is_left_that_no_gain_changes(
    shape: tuple[int, int, int, int], longest_s: float, seed: int
) -> None:
    frames, frames_in, frames_out, dropped = shape
    sound = ramp(steady(frames, seed=seed), frames_in, frames_out)
    sound = sound[: len(sound) - dropped]
    cut = without_fades(sound, sample_rate=RATE, longest_s=longest_s)
    first = place_of(cut, sound)
    assert first <= longest_s * RATE
    assert len(sound) - first - len(cut) <= longest_s * RATE
    softer = without_fades(sound / 8, sample_rate=RATE, longest_s=longest_s)
    assert torch.equal(softer, cut / 8)


@settings(deadline=None, max_examples=40)
@given(shape=SOUNDS, longest_s=st.floats(0.0, 1.0))
def test_both_ends_are_treated_alike(shape: tuple[int, int, int, int], longest_s: float) -> None:
    frames, frames_in, frames_out, _ = shape
    sound = ramp(steady(frames), frames_in, frames_out)
    forwards = without_fades(sound, sample_rate=RATE, longest_s=longest_s)
    backwards = without_fades(sound.flip(0), sample_rate=RATE, longest_s=longest_s)
    assert torch.equal(backwards.flip(0), forwards)


def test_the_rate_says_how_long_a_frame_is() -> None:
    sound = ramp(steady(80), 20, 0)
    faster = sound.repeat_interleave(16)
    cut, cut_faster = (
        without_fades(s, sample_rate=r, longest_s=2.0) for s, r in ((sound, RATE), (faster, 16 * RATE))
    )
    assert torch.equal(cut.repeat_interleave(16), cut_faster)
