"""Changed copies of a recording agree, others do not; a recording among those of another place is named."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from planted_faults import RATE, hiss, rumble

from photowave.audio import resample
from photowave.checking.alike import LEAST_AGREEMENT, find_alike, find_strangers
from photowave.checking.prints import SoundPrint, agreement, sound_print
from photowave.pairs.rows import Row

SECONDS = 8.0


def made(samples: np.ndarray) -> SoundPrint:
    found = sound_print(torch.from_numpy(samples).float())
    assert found is not None
    return found


def gusts(seed: int) -> np.ndarray:
    """Noise that swells and fades, [time]."""
    swell = np.interp(
        np.arange(round(SECONDS * RATE)) / RATE, range(9), np.random.default_rng(seed).uniform(0.2, 2, 9)
    )
    return swell * (rumble(seed, SECONDS)[:, 0] + 0.3 * hiss(seed + 50, SECONDS)[:, 0])


def coded(samples: np.ndarray, kind: str, **options: float) -> np.ndarray:
    content = io.BytesIO()
    with soundfile.SoundFile(content, "w", RATE, 1, format=kind, **options) as file:
        file.write(samples)
    return np.asarray(soundfile.read(io.BytesIO(content.getvalue()))[0])


def at_rate(samples: np.ndarray, rate: int) -> np.ndarray:
    there = resample(torch.from_numpy(samples), old_rate=RATE, new_rate=rate)
    return np.asarray(resample(there, old_rate=rate, new_rate=RATE))


CHANGES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "softer": lambda x: 0.05 * x,
    "mp3": lambda x: coded(0.5 * x, "MP3"),
    "small mp3": lambda x: coded(0.5 * x, "MP3", compression_level=0.9),
    "ogg": lambda x: coded(0.5 * x, "OGG"),
    "small ogg": lambda x: coded(0.5 * x, "OGG", compression_level=1.0),
    "8 kHz": lambda x: at_rate(x, 8_000),
    "11 kHz": lambda x: at_rate(x, 11_025),
    "16 bits": lambda x: np.round(x * 32_768) / 32_768,
    "all": lambda x: coded(0.2 * at_rate(x, 11_025)[7_001:-5_000], "OGG", compression_level=0.8),
}


@pytest.mark.parametrize("sound", [gusts(0), hiss(0, SECONDS)[:, 0]], ids=["gusts", "hiss"])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_changed_copy_agrees(change: Callable[[np.ndarray], np.ndarray], sound: np.ndarray) -> None:
    share, _ = agreement(made(sound), made(change(sound)))
    assert share > LEAST_AGREEMENT + 0.1


@settings(deadline=None, max_examples=15)
@given(before=st.integers(0, 3 * RATE), after=st.integers(0, RATE), gain_db=st.floats(-30, 10))
def test_a_shortened_copy_agrees_where_it_was_cut(before: int, after: int, gain_db: float) -> None:
    whole = gusts(1)
    part = 10 ** (gain_db / 20) * whole[before : len(whole) - after]
    share, later_s = agreement(made(whole), made(part))
    assert share > LEAST_AGREEMENT
    assert later_s == pytest.approx(before / RATE, abs=0.07)


@settings(deadline=None, max_examples=15)
@given(seeds=st.lists(st.integers(0, 999), min_size=2, max_size=2, unique=True), silent=st.booleans())
def test_other_recordings_do_not_agree(seeds: list[int], silent: bool) -> None:
    """Not even where both have long digital silence."""
    one, other = (gusts(seed) for seed in seeds)
    if silent:
        one[3 * RATE :] = other[3 * RATE :] = 0
    assert agreement(made(one), made(other))[0] < LEAST_AGREEMENT - 0.1


def rows(sounds: dict[str, np.ndarray], *, scene: str = "sea", split: str = "train") -> list[Row]:
    return [Row(None, Path(f"/{name}"), scene, split, line=n) for n, name in enumerate(sounds, 2)]


def prints(sounds: dict[str, np.ndarray]) -> dict[Path, SoundPrint]:
    return {Path(f"/{name}"): made(samples) for name, samples in sounds.items()}


def test_a_copy_is_named_once_with_what_it_is_a_copy_of() -> None:
    sounds = {f"{n}.wav": gusts(n) for n in range(40)} | {"copy.ogg": 0.1 * gusts(7)[RATE:]}
    ((found),) = find_alike(rows(sounds), prints(sounds))
    assert (found.kind, found.lines) == ("near duplicate", (42,))
    assert found.value.startswith("it sounds as '7.wav' does from 1.0 s on (0.")


def test_a_copy_in_another_split_is_a_recording_in_two() -> None:
    sounds = {"a.wav": gusts(0), "b.wav": gusts(1), "copy.wav": gusts(0) / 2}
    first, second, copy = rows(sounds)
    both = [first, second, Row(None, copy.sound, "sea", "test", line=4)]
    ((found),) = find_alike(both, prints(sounds))
    assert (found.kind, found.lines) == ("recording in two splits", (4,))
    assert found.value.endswith("which is in split train (line 2)")


def test_excerpts_of_one_recording_are_no_copies() -> None:
    sounds = {"walk__0-8s.wav": gusts(0), "walk__1-8s.wav": gusts(0)[RATE:]}
    assert not list(find_alike(rows(sounds), prints(sounds)))


def test_recordings_of_swapped_places_are_named() -> None:
    sea, cave = ({f"{name}{n}": one(n, 3.0)[:, 0] for n in range(6)} for name, one in PLACES)
    listed = [*rows(sea), *rows(cave, scene="cave")]
    assert not list(find_strangers(listed, prints(sea | cave)))
    swapped = sea | {"sea1": cave["cave1"]}, cave | {"cave1": sea["sea1"]}
    found = list(find_strangers(listed, prints(swapped[0] | swapped[1])))
    assert [each.file for each in found] == [Path("/cave1"), Path("/sea1")]
    assert found[0].value.startswith("the nearest recordings of sea are ")


PLACES = (("sea", hiss), ("cave", rumble))


@pytest.mark.parametrize("count", [1, 3])
def test_a_place_of_few_recordings_says_nothing(count: int) -> None:
    sea = {f"sea{n}": hiss(n)[:, 0] for n in range(6)}
    cave = {f"cave{n}": rumble(n)[:, 0] for n in range(count - 1)} | {"stray": hiss(9)[:, 0]}
    assert not list(find_strangers([*rows(sea), *rows(cave, scene="cave")], prints(sea | cave)))


def test_places_that_sound_alike_are_not_told_apart() -> None:
    sea, lake = ({f"{name}{n}": hiss(n + 10 * first)[:, 0] for n in range(8)} for first, name in NAMES)
    assert not list(find_strangers([*rows(sea), *rows(lake, scene="lake")], prints(sea | lake)))


NAMES = ((0, "sea"), (1, "lake"))
