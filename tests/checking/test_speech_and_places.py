"""Speech is told from noise, and a photo that shows another place from one that shows its own."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from photowave import checkpoint
from photowave.checking import check_pairs, speech
from photowave.checking.places import PlaceMap
from photowave.checking.speech import SpeechDetector
from photowave.errors import CheckpointError
from photowave.settings import CheckSettings

EXAMPLES = Path(__file__).resolve().parents[2] / "data" / "examples"
RATE = 16_000


def voice(seconds: float) -> np.ndarray:
    """A made-up voice: pulses through three resonances that glide from vowel to vowel, with pauses."""
    vowels = np.array([(730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480)], float)
    draw, found = np.random.default_rng(0), np.zeros(0)
    while len(found) < seconds * RATE:
        count = int(RATE * draw.uniform(0.15, 0.3))
        first, last = vowels[draw.integers(0, 4, 2)]
        pitch = 120 * np.linspace(1.1, 0.95, count) * draw.uniform(0.9, 1.15)
        pulses = np.diff(np.floor(np.cumsum(pitch) / RATE), prepend=0)
        sound = np.diff(np.convolve(pulses, np.exp(-np.arange(200) / 30))[:count], prepend=0)
        sound += 0.01 * draw.normal(size=count)
        for begin, end, width in zip(first, last, (60, 90, 150), strict=True):
            radius = np.exp(-np.pi * width / RATE)
            turn = 2 * radius * np.cos(2 * np.pi * np.linspace(begin, end, count) / RATE)
            out = np.zeros(count + 2)
            for n in range(count):
                out[n + 2] = sound[n] + turn[n] * out[n + 1] - radius**2 * out[n]
            sound = out[2:]
        sound *= np.sqrt(np.hanning(count)) / np.abs(sound).max()
        breath = np.diff(draw.normal(size=int(RATE * draw.uniform(0.03, 0.08))), prepend=0)
        found = np.concatenate([found, sound / 2, 0.05 * breath * np.hanning(len(breath))])
    return found[: round(seconds * RATE)]


def test_a_voice_is_heard_and_noise_is_not(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).normal(0, 0.05, 12 * RATE)
    soundfile.write(
        tmp_path / "voice.wav", np.concatenate([voice(6), np.zeros(RATE)]) + noise[: 7 * RATE] / 50, RATE
    )
    soundfile.write(tmp_path / "noise.wav", noise, RATE)
    (tmp_path / "m.csv").write_text("photo,sound,scene,split\n,voice.wav,,train\n,noise.wav,,train\n")
    report = check_pairs(tmp_path / "m.csv", settings=CheckSettings(sample_rate=RATE))
    assert [each.lines for each in report.findings if each.kind == "speech"] == [(2,)]
    assert not report.rejected_lines


def test_a_detector_forgets_what_it_heard_before() -> None:
    detector, talk = SpeechDetector(), torch.from_numpy(voice(5)).float()
    hiss = 0.1 * torch.randn(5 * RATE, generator=torch.Generator().manual_seed(0))
    first = detector.told(talk)
    assert first is not None
    assert detector.told(hiss) is None
    assert detector.told(talk) == first


def test_it_is_said_that_speech_was_not_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech, "find_spec", lambda name: None)
    soundfile.write(tmp_path / "a.wav", np.random.default_rng(1).normal(0, 0.1, RATE), RATE)
    (tmp_path / "m.csv").write_text("photo,sound,scene,split\n,a.wav,,train\n")
    report = check_pairs(tmp_path / "m.csv", settings=CheckSettings(sample_rate=RATE))
    assert report.not_checked[0] == "speech: pip install 'photowave[check]' brings what hears it"


def test_a_photo_of_another_place_is_doubted(tmp_path: Path) -> None:
    lines = [
        f"{EXAMPLES / name}.jpg,,{scene},train"
        for name, scene in (("sea", "sea_waves"), ("city", "sea_waves"))
    ]
    lines += [f"{EXAMPLES / 'city.jpg'},,somewhere else,train"]
    (tmp_path / "m.csv").write_text("\n".join(["photo,sound,scene,split", *lines]) + "\n")
    places = PlaceMap(checkpoint.load_model(checkpoint.default_model_path()))
    report = check_pairs(tmp_path / "m.csv", settings=CheckSettings(speech=False), places=places)
    ((each),) = report.findings
    assert each.kind == "implausible place"
    assert each.value.startswith("the model gives sea_waves 0.")
    assert 3 in each.lines


def test_a_model_with_another_encoder_has_no_say(tiny_model_file: Path, tmp_path: Path) -> None:
    loaded = checkpoint.load_model(tiny_model_file)
    path = tmp_path / "other.safetensors"
    checkpoint.save_model(loaded.model, path, encoder_fingerprint="another")
    with pytest.raises(CheckpointError, match="another photo encoder"):
        PlaceMap(checkpoint.load_model(path))
