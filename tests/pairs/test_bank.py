"""Recordings in memory: level, textures, and everything that is wrong reported at once."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from tiny_scenes import RATE, noise

from photowave.audio import TextureStatistics, rms_dbfs
from photowave.config import AudioConfig
from photowave.errors import ConfigError, PairError
from photowave.pairs.bank import SoundBank, refuse_if_any
from photowave.pairs.pairing import Excerpt

AUDIO = AudioConfig(sample_rate=RATE, texture_mels=8)


def write(path: Path, samples: np.ndarray, rate: int = RATE) -> Excerpt:
    soundfile.write(path, samples, rate, subtype="FLOAT")
    return Excerpt(path, None)


def bank(*excerpts: Excerpt, clip_s: float = 0.5, window_s: float = 2.0) -> SoundBank:
    return SoundBank(excerpts, audio=AUDIO, clip_s=clip_s, window_s=window_s)


def test_recordings_come_at_one_rate_and_level(tmp_path: Path) -> None:
    quiet = write(tmp_path / "quiet.wav", 0.01 * noise(0, rumble=False, seconds=3))
    other_rate = write(tmp_path / "fast.wav", noise(1, rumble=True, seconds=3), 2 * RATE)
    made = bank(quiet, other_rate)
    assert [len(r.samples) for r in made.recordings] == [3 * RATE, 3 * RATE // 2]
    assert made.duration_s == pytest.approx(4.5)
    for recording in made.recordings:
        assert recording.samples.dtype == torch.float32
        assert rms_dbfs(recording.samples) == pytest.approx(-20.0, abs=0.01)


def test_texture_is_that_of_the_window_around_the_clip(tmp_path: Path) -> None:
    halves = np.concatenate([noise(0, rumble=False, seconds=5), noise(1, rumble=True, seconds=5)])
    made = bank(write(tmp_path / "halves.wav", halves))
    samples = made.recordings[0].samples
    statistics = TextureStatistics(sample_rate=RATE, mels=8)
    assert len(made.recordings[0].textures) == 9
    for start_s, first_s in [(0.0, 0), (0.6, 0), (1.0, 0), (4.0, 3), (4.8, 4), (9.5, 8)]:
        clip, texture = made.clip(0, round(start_s * RATE), RATE // 2)
        assert torch.equal(clip, samples[round(start_s * RATE) :][: RATE // 2])
        window = samples[first_s * RATE : (first_s + 2) * RATE]
        torch.testing.assert_close(texture, statistics(window[None])[0])


def test_recording_shorter_than_a_window_has_the_texture_of_all_of_it(tmp_path: Path) -> None:
    made = bank(write(tmp_path / "a.wav", noise(0, rumble=True, seconds=1)))
    expected = TextureStatistics(sample_rate=RATE, mels=8)(made.recordings[0].samples[None])
    torch.testing.assert_close(made.recordings[0].textures, expected)


def test_excerpts_start_where_they_are_told(tmp_path: Path) -> None:
    path = write(tmp_path / "long.wav", noise(0, rumble=False, seconds=10)).path
    whole, first, last = bank(Excerpt(path, None), Excerpt(path, 3.0), Excerpt(path, 9.0)).recordings
    assert torch.equal(first.samples, whole.samples[3 * RATE : 5 * RATE])
    assert torch.equal(last.samples, whole.samples[9 * RATE :])
    assert first.samples.untyped_storage().nbytes() == 4 * len(first.samples)


def test_all_bad_recordings_are_named_together(tmp_path: Path) -> None:
    good = write(tmp_path / "good.wav", noise(0, rumble=False))
    late = Excerpt(good.path, 1.8)
    half_silent = write(tmp_path / "half.wav", np.concatenate([noise(0, rumble=False), np.zeros(2 * RATE)]))
    bad = [
        write(tmp_path / "silent.wav", np.zeros(RATE)),
        write(tmp_path / "nan.wav", np.full(RATE, np.nan)),
        write(tmp_path / "one.wav", np.ones(1)),
        write(tmp_path / "short.wav", noise(0, rumble=False, seconds=0.3)),
        Excerpt(tmp_path / "empty.wav", None),
        Excerpt(tmp_path / "text.wav", None),
        late,
        Excerpt(half_silent.path, 2.0),
    ]
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.wav").write_text("no sound")
    with pytest.raises(PairError) as caught:
        bank(good, *bad)
    message = str(caught.value)
    assert message.startswith("8 of 9 recordings cannot be used: ")
    assert "\n" not in message
    for name in ("silent", "nan", "one", "empty", "text"):
        assert f"{name}.wav" in message
    assert "short.wav lasts 0.3 s; training needs 0.5 s." in message
    assert "good.wav from start_s 1.8 lasts 0.2 s; training needs 0.5 s." in message
    assert "half.wav from start_s 2 is silent: its level stays below -80 dBFS." in message


def test_long_lists_are_whole() -> None:
    with pytest.raises(PairError, match=r"^12 of 20 photos cannot be used: p0; p1; .*; p10; p11\.$"):
        refuse_if_any([f"p{n}." for n in range(12)], what="photos", total=20)
    refuse_if_any([], what="photos", total=20)


def test_window_too_short_for_a_texture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"data\.window_s=0\.01: a texture at 4000 Hz needs at least 0\."):
        bank(write(tmp_path / "a.wav", noise(0, rumble=False)), window_s=0.01)


def test_progress_counts_recordings(tmp_path: Path) -> None:
    one = write(tmp_path / "a.wav", noise(0, rumble=False))
    counted: list[int] = []
    SoundBank([one, one], audio=AUDIO, clip_s=0.5, window_s=1.0, progress=counted.append)
    assert counted == [1, 1]
