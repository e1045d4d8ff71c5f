"""Excerpts of videos: the right frame, the right sound, and one line for what is none."""

import errno
import sys
from pathlib import Path

import numpy as np
import pytest
import tiny_sets
from PIL import Image

from photowave.audio import read_sound
from photowave.errors import MediaError, MissingPackageError
from photowave.pairs.published.extracting import extract, extract_frame


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_sets.video(tmp_path_factory.mktemp("videos") / "v.mp4", seconds=2)


def test_sound_of_an_excerpt_is_that_part_of_the_whole(video: Path, tmp_path: Path) -> None:
    whole, rate = read_sound(extract(video, 0, 2, tmp_path)[1])
    photo, sound = extract(video, 1.2, 0.5, tmp_path)
    assert photo.name == "v__1.2-1.7s.jpg"
    part, part_rate = read_sound(sound)
    assert part_rate == rate == tiny_sets.RATE
    assert len(part) == 0.5 * rate
    expected = whole[round(1.2 * rate) :][: len(part)]
    assert float((part - expected).abs().max()) <= 1 / 2**14


@pytest.mark.parametrize("at_s", [0.0, 0.35, 1.0, 9.0])
def test_frame_is_the_one_that_is_shown_then(video: Path, tmp_path: Path, at_s: float) -> None:
    extract_frame(video, at_s, tmp_path / "f.jpg")
    grey = np.asarray(Image.open(tmp_path / "f.jpg").convert("L"))[8:].mean()
    assert grey == pytest.approx(min(20 * min(int(10 * at_s), 19), 255), abs=6)


def test_what_is_there_is_kept(video: Path, tmp_path: Path) -> None:
    photo, sound = extract(video, 0, 1, tmp_path)
    photo.write_text("kept")
    sound.write_text("kept")
    assert extract(video, 0, 1, tmp_path) == (photo, sound)
    assert photo.read_text() == sound.read_text() == "kept"


def test_an_excerpt_beyond_the_end_is_shorter_or_refused(video: Path, tmp_path: Path) -> None:
    short, rate = read_sound(extract(video, 1.5, 10, tmp_path)[1])
    assert len(short) / rate == pytest.approx(0.5, abs=0.3)  # AAC rounds to whole blocks of 0.128 s
    with pytest.raises(MediaError, match="its sound ends before 7 s"):
        extract(video, 7, 1, tmp_path)


def test_what_is_no_video_is_one_line(video: Path, tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    (tmp_path / "list.mp4").write_text(f"ffconcat version 1.0\nfile '{video}'\n")
    (tmp_path / "cut.mp4").write_bytes(video.read_bytes()[:500])
    silent = tiny_sets.video(tmp_path / "silent.mp4", audio=False)
    blind = tiny_sets.video(tmp_path / "blind.mp4", picture=False)
    for path in ("text.mp4", "list.mp4", "cut.mp4"):
        with pytest.raises(MediaError, match=f"{path} cannot be decoded as a video"):
            extract(tmp_path / path, 0, 1, tmp_path / "out")
    (tmp_path / "out").mkdir()
    for path, kind in ((silent, "sound track"), (blind, "picture")):
        with pytest.raises(MediaError, match=f"has no {kind}"):
            extract(path, 0, 1, tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())
    with pytest.raises(MediaError, match=r"cannot be written"):
        extract_frame(video, 0, tmp_path / "nowhere" / "f.jpg")


def test_a_full_disk_ends_it(video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object, **options: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    with pytest.raises(OSError, match="No space left"):
        extract(video, 0, 1, tmp_path)
    assert not [path for path in tmp_path.iterdir() if path.suffix in (".jpg", ".flac")]


def test_without_the_package_the_extra_is_named(video: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("photowave.extras.find_spec", lambda module: None)
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingPackageError, match=r"photowave\[video\]"):
        extract_frame(video, 0, Path("f.jpg"))
