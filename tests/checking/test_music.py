"""Music is told from natural sounds."""

import numpy as np
import pytest
import torch
from planted_faults import hiss, rumble
from tiny_music import RATE, song

from photowave.checking.music import music


def told(samples: np.ndarray) -> str | None:
    return music(torch.from_numpy(samples).float())


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", ["chords", "melody", "drums", "band"])
def test_music_is_suspected_at_any_tempo(kind: str, seed: int) -> None:
    assert told(song(kind, seed=seed, noise_db=-20.0 + 4 * seed)) is not None


def test_it_is_said_what_speaks_for_music() -> None:
    assert "its rhythm comes back every" in str(told(song("drums", seed=1)))
    assert "in one tuning" in str(told(song("chords", seed=1)))


def natural(name: str, seconds: float = 12.0) -> np.ndarray:
    """A sound with tones or a rhythm that is no music."""
    draw, time = np.random.default_rng(0), np.arange(round(seconds * RATE)) / RATE
    if name == "hum":
        tones = sum(np.sin(2 * np.pi * 50 * k * time) / k for k in range(1, 40))
        return tones + hiss(1, seconds)[:, 0]
    if name == "waves":
        return hiss(2, seconds)[:, 0] * (1.2 + np.sin(2 * np.pi * time / 7))
    if name == "birds":  # that sing any frequencies, and glide
        found = 0.02 * hiss(3, seconds)[:, 0]
        for start in np.sort(draw.uniform(0, seconds - 0.5, 40)):
            part = slice(int(start * RATE), int(start * RATE) + RATE // 3)
            glide = np.linspace(draw.uniform(1_500, 3_500), draw.uniform(1_500, 3_500), RATE // 3)
            found[part] += 0.1 * np.sin(2 * np.pi * np.cumsum(glide) / RATE) * np.hanning(RATE // 3)
        return found
    return {"hiss": hiss, "rumble": rumble}[name](4, seconds)[:, 0]


@pytest.mark.parametrize("name", ["hiss", "rumble", "hum", "waves", "birds"])
def test_natural_sounds_are_not(name: str) -> None:
    assert told(natural(name)) is None


@pytest.mark.parametrize(
    "samples", [np.zeros(10 * RATE), np.ones(10 * RATE), np.zeros(0), hiss(0, 1.0)[:, 0]]
)
def test_silence_and_short_sounds_are_not(samples: np.ndarray) -> None:
    assert told(samples) is None
