"""Nearest excerpts and copies: distances come in usual ones, copies are found."""

import numpy as np
import pytest
import torch
from made_scenes import RATE, made_real, made_sound
from numpy.typing import NDArray

from photowave.evaluation.metrics.copying import TrainingWaveforms, nearest_excerpt

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
