"""Spread between photos, nearest excerpts and copies: known spreads come out, copies are found."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from made_scenes import RATE, made_real, made_sound
from numpy.typing import NDArray

from photowave.evaluation.memory import TrainingWaveforms, nearest_excerpt
from photowave.evaluation.spread import count_deals, measure_spread, spread_ratio
from photowave.evaluation.vectors import Standard, distances


def drawn(photo_spread: float, seed_spread: float, *, photos: int = 60, seeds: int = 3, seed: int = 0):
    """Vectors of photos whose spread is known, [photos, seeds, 50], and a scene for each."""
    random = np.random.default_rng(seed)
    centres = photo_spread * random.standard_normal((photos, 1, 50))
    vectors = centres + seed_spread * random.standard_normal((photos, seeds, 50))
    return vectors, np.array([f"scene {photo % 5}" for photo in range(photos)])


@pytest.mark.parametrize("expected", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("seeds", [2, 5])
def test_the_ratio_is_that_of_the_spreads(expected: float, seeds: int) -> None:
    assert spread_ratio(*drawn(expected, 1.0, seeds=seeds)) == pytest.approx(expected, rel=0.1)


def test_no_influence_of_the_photo_is_near_nothing() -> None:
    spread = measure_spread(*drawn(0.0, 1.0), seed=0)
    assert spread.ratio < 0.15
    assert spread.ratio <= spread.at_random_high < 0.25


def test_influence_stands_out_from_random_deals() -> None:
    spread = measure_spread(*drawn(1.0, 1.0), seed=0)
    assert spread.low < spread.ratio < spread.high
    assert spread.low > 0.8
    assert spread.at_random < spread.at_random_high < 0.3


def test_equal_sounds_have_no_spread_and_one_per_photo_a_finite_one() -> None:
    vectors, scenes = drawn(1.0, 0.0)
    assert 5.0 < spread_ratio(vectors, scenes) < 20.0
    assert spread_ratio(np.zeros_like(vectors), scenes) == 0.0
    assert np.isnan(spread_ratio(vectors[:, :1], scenes))
    assert np.isnan(spread_ratio(vectors, np.full_like(scenes, "same")))


def test_same_seed_same_spread() -> None:
    data = drawn(1.0, 1.0, photos=12)
    assert measure_spread(*data, seed=5) == measure_spread(*data, seed=5)
    assert measure_spread(*data, seed=5) != measure_spread(*data, seed=6)


@given(st.integers(0, 10**6), st.floats(0.1, 10.0))
@settings(deadline=None, max_examples=20)
def test_the_ratio_does_not_depend_on_the_unit(seed: int, factor: float) -> None:
    vectors, scenes = drawn(2.0, 2.0, photos=10, seed=seed)
    scaled = spread_ratio(factor * vectors + 3.0, scenes)
    assert scaled == pytest.approx(spread_ratio(vectors, scenes), rel=1e-6)


@pytest.mark.parametrize("scenes", [["a", "b"], ["a", "a", "b"], ["a", "b", "c"], ["a", "b", "b", "a"]])
@pytest.mark.parametrize("seeds", [1, 2])
def test_deals_are_counted_as_one_counts_them(scenes: list[str], seeds: int) -> None:
    """All orders of the sounds, told apart by what decides the ratio: who shares a photo, who a scene."""
    sounds = len(scenes) * seeds

    def told(order: tuple[int, ...]) -> frozenset[frozenset[frozenset[int]]]:
        photos = [frozenset(order[k : k + seeds]) for k in range(0, sounds, seeds)]
        return frozenset(
            frozenset(p for p, own in zip(photos, scenes, strict=True) if own == scene)
            for scene in set(scenes)
        )

    if sounds <= 6:
        distinct = {told(order) for order in itertools.permutations(range(sounds))}
        assert count_deals(np.array(scenes), seeds=seeds) == len(distinct)
    else:
        assert count_deals(np.array(scenes), seeds=seeds) == 315


def test_equal_vectors_are_no_distance_apart() -> None:
    vectors = np.random.default_rng(0).standard_normal((5, 9)) * 1e6
    apart = distances(vectors, vectors)
    assert (np.diag(apart) == 0).all()
    expected = np.sqrt(np.mean((vectors[0] - vectors[1]) ** 2))
    assert apart[0, 1] == pytest.approx(expected)


def test_standardised_excerpts_have_unit_spread_and_constants_stay() -> None:
    vectors = np.random.default_rng(0).normal(7.0, 3.0, (40, 4))
    vectors[:, 3] = -11.5
    standard = Standard.of(vectors)
    scaled = standard(vectors)
    assert scaled.mean(0) == pytest.approx(np.zeros(4), abs=1e-12)
    assert scaled.std(0) == pytest.approx([1, 1, 1, 0])
    assert standard(vectors + np.array([0, 0, 0, 2.0]))[:, 3] == pytest.approx(np.full(40, 2.0))


TRAIN = np.array([[0.0], [1.0], [10.0], [12.0]])
TRAIN_RECORDINGS = np.array([0, 1, 2, 3])


def nearest(value: float, source: int = -1, recordings: NDArray[np.int64] = TRAIN_RECORDINGS) -> float:
    found = nearest_excerpt(
        np.array([[value]]), np.array([source]), excerpts=TRAIN, recordings=recordings
    )  # fmt: skip
    return float(found[0])


def test_nearest_excerpt_counts_in_usual_distances() -> None:
    # The nearest strangers are 1, 1, 2 and 2 apart: the unit is their median.
    assert nearest(0.0) == 0.0
    assert nearest(-3.0) == pytest.approx(2.0)
    assert nearest(0.0, source=0) == pytest.approx(1 / 1.5)


def test_unit_and_value_leave_out_alike() -> None:
    # Of one recording, 0 and 1 are no strangers: the nearest are now 10, 9, 2 and 2 away.
    assert nearest(0.5, recordings=np.array([0, 0, 2, 3])) == pytest.approx(0.5 / 5.5)
    assert nearest(0.5, source=0, recordings=np.array([0, 0, 2, 3])) == pytest.approx(9.5 / 5.5)


def test_nearest_excerpt_with_one_recording_is_unknown() -> None:
    assert np.isnan(nearest(0.0, recordings=np.zeros(4, np.int64)))


@pytest.fixture(scope="module")
def waveforms() -> TrainingWaveforms:
    return TrainingWaveforms(made_real())


def test_only_training_recordings_are_compared(waveforms: TrainingWaveforms) -> None:
    real = made_real()
    train = np.unique(real.recordings[real.splits == "train"])
    assert waveforms.recordings.tolist() == train.tolist()
    unheard = real.samples[torch.from_numpy(real.splits == "test")]
    assert waveforms.likeness(unheard).max() < 0.6


def test_a_copy_is_1_whatever_its_level_sign_and_place(waveforms: TrainingWaveforms) -> None:
    real = made_real()
    first, second = real.samples[0], real.samples[1]
    across = torch.cat([first, second])[2_345 : 2_345 + RATE]
    for copy in (first, -0.1 * first, across):
        likeness = waveforms.likeness(copy[None])[0]
        assert likeness[0] == pytest.approx(1.0, abs=1e-4)
        assert likeness[1:].max() < 0.6
    half = torch.cat([first[4_000:], torch.zeros(4_000)])
    assert waveforms.likeness(half[None])[0, 0] == pytest.approx(2**-0.5, abs=0.05)
    mixed = first + made_sound("hiss", 77)
    assert waveforms.likeness(mixed[None])[0, 0] == pytest.approx(2**-0.5, abs=0.05)


def test_it_is_the_correlation_that_one_computes_by_hand() -> None:
    real = made_real()
    waveforms = TrainingWaveforms(real)
    sound = made_sound("pulse", 5)
    row = torch.cat([torch.zeros(RATE), real.samples[0], real.samples[1], torch.zeros(RATE)]).double()
    sums = torch.nn.functional.conv1d(row[None, None], sound.double()[None, None])[0, 0]
    energy = row.unfold(0, RATE, 1).square().sum(1)
    # Where next to nothing of the recording is left in the window, its energy has a least value.
    energy = energy.clamp_min(1e-4 * RATE * float(row[RATE:-RATE].square().mean()))
    expected = float((sums / (energy.sqrt() * sound.double().norm())).abs().max())
    assert expected > 0.01
    assert waveforms.likeness(sound[None])[0, 0] == pytest.approx(expected, abs=1e-5)


def test_the_own_recording_and_silence_count_for_nothing(waveforms: TrainingWaveforms) -> None:
    sound = made_real().samples[:1]
    assert waveforms.copied(sound, np.array([-1]))[0] == pytest.approx(1.0, abs=1e-4)
    assert waveforms.copied(sound, np.array([0]))[0] < 0.6
    assert waveforms.copied(torch.zeros(1, RATE), np.array([-1]))[0] == 0.0
