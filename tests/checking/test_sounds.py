"""What one pass over a recording measures: the same in blocks as at once, and nothing said of good sound."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from photowave.audio import files
from photowave.checking.sounds import measure_sound, missing_bytes, odd_sound, unusable_sound

RATE = 16_000


def told(path: Path) -> set[str]:
    facts = measure_sound(path)
    odd = odd_sound(facts, sample_rate=RATE, bandwidth_hz=None)
    return {kind for kind, _ in [*unusable_sound(facts, shortest_s=0.5), *odd]}


def written(path: Path, samples: np.ndarray, **options: str) -> Path:
    soundfile.write(path, samples, RATE, **options)
    return path


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 99),
    channels=st.integers(1, 3),
    count=st.integers(2, 5_000),
    zeros=st.integers(0, 4_000),
)
def test_blocks_give_what_the_whole_gives(
    seed: int, channels: int, count: int, zeros: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noise = np.random.default_rng(seed).normal(0, 0.1, (count, channels))
    path = written(tmp_path / "s.wav", np.concatenate([noise, np.zeros((zeros, channels))]), subtype="FLOAT")
    whole = measure_sound(path)
    with monkeypatch.context() as patched:
        patched.setattr(files, "_BLOCK", 2048 * 2)
        parts = measure_sound(path)
    assert parts.count == whole.count == count + zeros
    for name in ("sums", "squares", "low", "high", "power"):
        assert getattr(parts, name) == pytest.approx(getattr(whole, name), rel=1e-5, abs=1e-4)
    assert parts.duration_s == pytest.approx((count + zeros) / RATE)


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".mp3"])
def test_nothing_is_said_of_good_noise_in_any_format(suffix: str, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, (3 * RATE, 2))
    assert told(written(tmp_path / f"s{suffix}", noise)) == set()


@pytest.mark.parametrize("hz", [50, 440, 3_000])
def test_a_full_scale_tone_is_not_clipped(hz: int, tmp_path: Path) -> None:
    tone = 0.9999 * np.sin(2 * np.pi * hz * np.arange(3 * RATE) / RATE)
    assert "clipped" not in told(written(tmp_path / "tone.wav", tone))


@pytest.mark.parametrize("suffix", [".wav", ".ogg", ".mp3"])
def test_flat_tops_are_found_behind_lossy_formats_too(suffix: str, tmp_path: Path) -> None:
    loud = np.clip(np.random.default_rng(0).normal(0, 1.0, 3 * RATE), -1, 1)
    smooth = np.clip(4 * np.convolve(loud, np.hanning(32) / 16, "same"), -1, 1)
    assert "clipped" in told(written(tmp_path / f"s{suffix}", smooth))


def test_quiet_recordings_of_eight_bits_are_not_silent(tmp_path: Path) -> None:
    quiet = np.random.default_rng(0).normal(0, 0.012, 3 * RATE)
    assert not {"silent", "mostly silent"} & told(written(tmp_path / "s.wav", quiet, subtype="PCM_U8"))


@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lost=st.integers(1, 2_000), kind=st.sampled_from(["WAV", "AIFF"]))
def test_bytes_that_a_header_promises_are_missed(lost: int, kind: str, tmp_path: Path) -> None:
    path = written(tmp_path / "s.bin", np.ones(2_000) / 2, format=kind, subtype="PCM_16")
    assert missing_bytes(path) == 0
    path.write_bytes(path.read_bytes()[:-lost])
    assert missing_bytes(path) == lost - 1  # one may be padding
