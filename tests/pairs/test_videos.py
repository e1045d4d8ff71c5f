"""Excerpts of videos: the right picture, the right sound, upright; what cannot be used is named."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image
from tiny_videos import RATE, turn, write_video

from photowave.errors import MediaError
from photowave.pairs.videos import cut_video


def grey(path: Path | None) -> float:
    """The grey of the right half of a photo, turned back into the time of its frame."""
    assert path is not None
    pixels = np.asarray(Image.open(path).convert("L"), dtype=float)
    return float((pixels[:, -20:-4].mean() - 50) / 60)


def pitch(path: Path | None) -> float:
    assert path is not None
    samples, rate = soundfile.read(path)
    return float(np.abs(np.fft.rfft(samples)).argmax() * rate / len(samples))


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".MOV"])
def test_an_excerpt_has_the_picture_of_its_middle_and_its_own_sound(suffix: str, tmp_path: Path) -> None:
    video = write_video(tmp_path / f"walk{suffix}", seconds=3.0)
    rows = cut_video(video, tmp_path / "out", excerpt_s=1.0)
    assert [grey(row.photo) for row in rows] == pytest.approx([0.5, 1.5, 2.5], abs=0.13)
    for row in rows:
        assert row.sound is not None
        assert soundfile.info(row.sound).frames == pytest.approx(RATE, abs=1100)
        assert pitch(row.sound) == pytest.approx(200, abs=2)


def test_a_picture_stays_until_the_next_one_whatever_the_frame_rate(tmp_path: Path) -> None:
    video = write_video(tmp_path / "v.mkv", seconds=3.0, times_s=[0.0, 0.1, 0.2, 1.9, 2.0, 2.1, 2.9])
    rows = cut_video(video, tmp_path / "out", excerpt_s=1.0)
    # At 1.5 s the frame of 0.2 s is still shown.
    assert [grey(row.photo) for row in rows] == pytest.approx([0.2, 0.2, 2.1], abs=0.09)


def test_a_turned_video_gives_upright_photos(tmp_path: Path) -> None:
    video = write_video(tmp_path / "phone.mp4", seconds=1.0)
    turn(video)
    (row,) = cut_video(video, tmp_path / "out", excerpt_s=1.0)
    assert row.photo is not None
    photo = Image.open(row.photo).convert("L")
    assert photo.size == (48, 64)
    # The black half, once on the left, is on top after a clockwise quarter.
    pixels = np.asarray(photo)
    assert pixels[:20].mean() < 20 < 60 < pixels[-20:].mean()


def test_of_several_tracks_the_first_is_heard(tmp_path: Path) -> None:
    (row,) = cut_video(
        write_video(tmp_path / "two.mkv", seconds=2.0, sounds=2), tmp_path / "out", excerpt_s=2.0
    )
    assert pitch(row.sound) == pytest.approx(200, abs=2)


@pytest.mark.parametrize(
    ("seconds", "lengths"), [(2.6, [1.0, 1.0, 0.6]), (2.2, [1.0, 1.0]), (4.5, [2.0, 2.0]), (1.2, [1.2])]
)
def test_a_rest_of_half_an_excerpt_is_one(seconds: float, lengths: list[float], tmp_path: Path) -> None:
    longest = max(lengths) if len(lengths) > 1 else 2.0
    rows = cut_video(write_video(tmp_path / "v.mkv", seconds=seconds), tmp_path / "out", excerpt_s=longest)
    told = [soundfile.info(row.sound).duration for row in rows if row.sound is not None]
    expected = [length for length in lengths if length >= 1.0]
    assert told == pytest.approx(expected, abs=0.07)


def test_what_is_there_is_not_cut_again_and_what_is_missing_is(tmp_path: Path) -> None:
    video, out = write_video(tmp_path / "v.mkv", seconds=2.0), tmp_path / "out"
    rows = cut_video(video, out, excerpt_s=1.0)
    files = sorted(out.iterdir())
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in files}
    rows[0].photo.unlink()  # type: ignore[union-attr]
    assert cut_video(video, out, excerpt_s=1.0) == rows
    assert sorted(out.iterdir()) == files
    assert {path: path.read_bytes() for path in files} == {
        path: content for path, (_, content) in before.items()
    }
    kept = [path for path in files if path.suffix == ".flac"]
    assert all(path.stat().st_mtime_ns == before[path][0] for path in kept)


def cut_in_half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("silent.mp4", {"sounds": 0}, "has no sound track"),
        ("radio.mp4", {"picture": False}, "has no picture"),
        ("short.mkv", {"seconds": 0.4}, "its sound lasts 0.4 s"),
        ("half.mp4", {}, "cannot be decoded as a video"),
        ("half.mkv", {}, "breaks off"),
        ("text.mp4", {}, "cannot be decoded as a video"),
        ("list.mp4", {}, "cannot be decoded as a video"),
    ],
)
def test_what_cannot_be_used_is_named_and_leaves_nothing(
    name: str, options: dict, words: str, tmp_path: Path
) -> None:
    video = write_video(tmp_path / name, **options)
    if name.startswith("half"):
        cut_in_half(video)
    if name.startswith("text"):
        video.write_text("no video")
    if name.startswith("list"):
        # A playlist would let a video name any file or address.
        write_video(tmp_path / "x.ts")
        video.write_text(
            f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{tmp_path / 'x.ts'}\n#EXT-X-ENDLIST\n"
        )
    with pytest.raises(MediaError, match=words):
        cut_video(video, tmp_path / "out", excerpt_s=1.0)
    assert list((tmp_path / "out").iterdir()) == []
