"""Recordings in the cache are those that were read, and are read once."""

import hashlib
import os
import pickle
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from tiny_scenes import RATE, noise

from photowave.audio import SpectralEnvelope
from photowave.errors import PairError
from photowave.pairs.bank import SoundBank
from photowave.pairs.kept_recordings import FileHashes
from photowave.pairs.pairing import Excerpt
from photowave.pairs.recording import RecordingReader
from photowave.settings import AudioConfig

AUDIO = AudioConfig(sample_rate=RATE, texture_mels=8)


def write(path: Path, seed: int, *, channels: int = 1) -> Path:
    samples = np.stack([noise(seed + n, rumble=False, seconds=3) for n in range(channels)], 1)
    soundfile.write(path, samples, RATE)
    os.utime(path, (time.time() - 60,) * 2)
    return path


def bank(folder: Path | None, excerpts: list[Excerpt], **changes: Any) -> SoundBank:
    given = {"audio": AUDIO, "clip_s": 0.5, "window_s": 1.0} | changes
    envelope = SpectralEnvelope(sample_rate=RATE, mels=8, hops=4)
    return SoundBank(excerpts, envelope=envelope, cache=folder, **given)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that are read, in their order."""
    found: list[Path] = []
    inner = RecordingReader.read

    def counted(self: RecordingReader, excerpt: Excerpt, bandwidth_hz: float | None) -> Any:
        found.append(excerpt.path)
        return inner(self, excerpt, bandwidth_hz)

    monkeypatch.setattr(RecordingReader, "read", counted)
    return found


def test_what_comes_from_the_cache_is_what_was_read(tmp_path: Path, read: list[Path]) -> None:
    paths = [write(tmp_path / f"{n}.wav", n, channels=1 + n % 2) for n in range(3)]
    excerpts = [Excerpt(paths[0], None), Excerpt(paths[0], 1.0), *(Excerpt(path, None) for path in paths[1:])]
    stereo = {"audio": replace(AUDIO, channels=2)}
    plain = bank(None, excerpts, **stereo)
    read.clear()
    first, second = (bank(tmp_path / "cache", excerpts, **stereo) for _ in range(2))
    assert len(read) == len(excerpts)
    for kept in (first, second, pickle.loads(pickle.dumps(second.only(range(len(excerpts)))))):
        assert kept.lengths.tolist() == plain.lengths.tolist()
        assert kept.windows.tolist() == plain.windows.tolist()
        for mine, theirs in zip(kept.recordings, plain.recordings, strict=True):
            assert mine.path == theirs.path
            for name in ("samples", "textures", "levels", "spectra"):
                assert torch.equal(getattr(mine, name), getattr(theirs, name)), name
            assert (mine.width is None) == (theirs.width is None)
            assert mine.width is None or torch.equal(mine.width, theirs.width)


@pytest.mark.parametrize(
    "changes",
    [
        {"audio": replace(AUDIO, rms_dbfs=-25.0)},
        {"audio": replace(AUDIO, texture_mels=9)},
        {"clip_s": 0.6},
        {"window_s": 1.5},
        {"fade_s": 0.5},
        {"level": "loudness"},
        {"bandwidths_hz": (500.0,)},
    ],
)
def test_other_settings_are_read_anew(changes: dict[str, Any], tmp_path: Path, read: list[Path]) -> None:
    path = write(tmp_path / "a.wav", 0)
    for _ in range(2):
        bank(tmp_path / "cache", [Excerpt(path, None)])
    assert len(read) == 1
    bank(tmp_path / "cache", [Excerpt(path, None)], **changes)
    assert len(read) == 2


def test_content_counts_and_not_the_name(tmp_path: Path, read: list[Path]) -> None:
    path = write(tmp_path / "a.wav", 0)
    before = bank(tmp_path / "cache", [Excerpt(path, None)]).recordings[0].samples.clone()
    copy = path.rename(tmp_path / "b.wav")
    (same,) = bank(tmp_path / "cache", [Excerpt(copy, None)]).recordings
    assert (same.path, len(read)) == (copy, 1)
    assert torch.equal(same.samples, before)
    write(copy, 5)
    os.utime(copy, (time.time() - 30,) * 2)
    (other,) = bank(tmp_path / "cache", [Excerpt(copy, None)]).recordings
    assert len(read) == 2
    assert not torch.equal(other.samples, before)


def test_bad_recordings_are_named_and_the_others_kept(tmp_path: Path) -> None:
    good = write(tmp_path / "good.wav", 0)
    (tmp_path / "bad.wav").write_text("no sound")
    excerpts = [Excerpt(tmp_path / name, None) for name in ("bad.wav", "gone.wav", "good.wav")]
    for folder in (None, tmp_path / "cache"):
        found = bank(folder, excerpts, strict=False)
        assert [r.path for r in found.recordings] == [good]
        assert list(found.bad) == excerpts[:2]
        assert "gone.wav: no such file" in found.bad[excerpts[1]]


@pytest.mark.parametrize("kept", [True, False])
def test_a_file_is_looked_at_once(kept: bool, tmp_path: Path) -> None:
    path, gone = write(tmp_path / "a.wav", 0), tmp_path / "gone.wav"
    hashed = FileHashes(tmp_path / "cache" if kept else None)
    content = hashlib.sha256(path.read_bytes()).digest()
    assert hashed([path, gone, path]) == {path: content}
    path.unlink()
    assert hashed([path]) == {path: content}


def test_what_changes_after_it_was_hashed_is_kept_under_its_new_content(
    tmp_path: Path, read: list[Path]
) -> None:
    path, hashed = write(tmp_path / "a.wav", 0), FileHashes(tmp_path / "cache")
    hashed([path])
    before = path.read_bytes()
    write(path, 5)
    late = bank(tmp_path / "cache", [Excerpt(path, None)], hashed=hashed).recordings[0].samples.clone()
    path.write_bytes(before)
    os.utime(path, (time.time() - 30,) * 2)
    (again,) = bank(tmp_path / "cache", [Excerpt(path, None)]).recordings
    assert read == [path] * 2
    assert not torch.equal(late, again.samples)


@pytest.mark.parametrize("damage", ["index", "folder"])
def test_a_cache_that_cannot_be_used_is_told_in_one_line(damage: str, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    if damage == "index":
        folder.mkdir()
        (folder / "index.sqlite").write_text("no index " * 1_000)
    else:
        folder.write_text("in the way")
    with pytest.raises(PairError, match=r"^the cache .*cache cannot be .*--data\.cache false\.$"):
        bank(folder, [Excerpt(write(tmp_path / "a.wav", 0), None)])
