"""A soundscape says what it is, plays in a notebook and is written without loss beyond 16 bits."""

import base64
import io
import math
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from photowave.errors import MediaError
from photowave.generation import Soundscape

RATE = 8_000


@pytest.fixture
def sound() -> Soundscape:
    samples = (0.5 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)).astype(np.float32)
    return Soundscape(samples, RATE, Image.new("RGB", (900, 400), "teal"), {"seed": 7})


def test_facts(sound: Soundscape) -> None:
    assert sound.duration_s == 1.0
    assert sound.rms_dbfs == pytest.approx(20 * math.log10(0.5) - 3.01, abs=0.01)
    assert repr(sound) == "Soundscape(1.00 s at 8000 Hz, -9.0 dBFS, seed 7)"
    assert repr(Soundscape(sound.samples, RATE)) == "Soundscape(1.00 s at 8000 Hz, -9.0 dBFS)"


@pytest.mark.parametrize(("suffix", "kind"), [("wav", "WAV"), ("flac", "FLAC"), ("WAV", "WAV")])
def test_saved_samples_are_the_nearest_16_bit_ones(
    suffix: str, kind: str, sound: Soundscape, tmp_path: Path
) -> None:
    path = tmp_path / f"sound.{suffix}"
    sound.save(path)
    info = soundfile.info(path)
    assert (info.format, info.subtype, info.samplerate, info.channels) == (kind, "PCM_16", RATE, 1)
    read, _ = soundfile.read(path)
    assert np.abs(read - sound.samples).max() <= 2.0**-16
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["sound.aac", "sound", "missing/sound.wav"])
def test_what_cannot_be_saved_is_a_media_error_and_leaves_nothing(
    name: str, sound: Soundscape, tmp_path: Path
) -> None:
    with pytest.raises(MediaError, match=re.escape(str(tmp_path / name))):
        sound.save(tmp_path / name)
    assert not list(tmp_path.iterdir())


def inline(html: str, kind: str) -> list[bytes]:
    return [base64.b64decode(text) for text in re.findall(f'src="data:{kind};base64,([^"]+)"', html)]


def test_html_holds_photo_spectrogram_and_player(sound: Soundscape) -> None:
    html = sound._repr_html_()
    assert html.startswith("<div>seed 7, 1.00 s<br>")
    photo, spectrogram = (Image.open(io.BytesIO(content)) for content in inline(html, "image/png"))
    assert photo.size == (300, 133)
    assert photo.getpixel((0, 0)) == (0, 128, 128)
    assert spectrogram.size == (600, 200)
    assert len(spectrogram.getcolors()) <= 128
    (flac,) = inline(html, "audio/flac")
    assert soundfile.info(io.BytesIO(flac)).format == "FLAC"
    read, rate = soundfile.read(io.BytesIO(flac))
    assert rate == RATE
    assert np.abs(read - sound.samples).max() <= 2.0**-16
    assert "http" not in html
    assert sound.photo is not None
    assert sound.photo.size == (900, 400)  # the small one is a copy


def test_html_without_a_photo(sound: Soundscape) -> None:
    html = Soundscape(sound.samples, RATE)._repr_html_()
    assert len(inline(html, "image/png")) == len(inline(html, "audio/flac")) == 1


def test_caption_tells_what_is_known_and_is_escaped(sound: Soundscape) -> None:
    info = {"temperature": 0.8, "photo": "<b>.jpg", "seed": 12_345_678, "guidance": 1.5, "other": 3}
    html = Soundscape(sound.samples, RATE, info=info)._repr_html_()
    assert html.startswith("<div>&lt;b&gt;.jpg: seed 12345678, temperature 0.8, guidance 1.5, 1.00 s<br><img")


def test_the_loudest_samples_play_without_a_turn(sound: Soundscape) -> None:
    loud = Soundscape(np.array([1.0, -1.0, 0.5] * 1_000, np.float32), RATE)
    (flac,) = inline(loud._repr_html_(), "audio/flac")
    read, _ = soundfile.read(io.BytesIO(flac))
    assert read[:3].tolist() == [1 - 2.0**-15, -1.0, 0.5]


def test_spectrogram_shows_the_tone(sound: Soundscape) -> None:
    image = sound.spectrogram(width=50, height=100)
    assert image.size == (50, 100)
    brightness = np.asarray(image.convert("L"), dtype=float).mean(1)
    loudest = int(brightness.argmax())
    # 440 Hz lies in the lower part of the picture, whose top is 4,000 Hz.
    assert 60 <= loudest <= 95
    assert brightness[loudest] > 2 * np.median(brightness)


def test_silence_can_be_shown() -> None:
    silent = Soundscape(np.zeros(RATE, np.float32), RATE)
    assert silent.rms_dbfs == -math.inf
    assert "-inf dBFS" in repr(silent)
    assert inline(silent._repr_html_(), "audio/flac")
    shown = np.asarray(silent.spectrogram().convert("L"))
    assert shown.max() < 10


def test_finishing_makes_a_new_sound_and_tells_what_was_done() -> None:
    samples = (0.1 * np.random.default_rng(0).standard_normal((2, 8_000))).astype(np.float32)
    sound = Soundscape(samples, 8_000, info={"seed": 3})
    assert np.array_equal(sound.finished().samples, samples)
    other = sound.finished(sample_rate=16_000, channels=1, loudness_lufs=-30.0, fade_s=0.1)
    assert other.samples.shape == (16_000,)
    assert other.sample_rate == 16_000
    assert other.info == {
        "seed": 3, "channels": 1, "sample_rate": 16_000, "loudness_lufs": -30.0, "fade_s": 0.1
    }  # fmt: skip
    assert sound.info == {"seed": 3}
    assert np.array_equal(sound.samples, samples)
