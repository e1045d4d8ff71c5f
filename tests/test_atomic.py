"""Files appear whole or not at all, killed runs leave nothing for long, and messages say what helps."""

import errno
import os
import time
from pathlib import Path

import pytest

from photowave.atomic import replacing, sweep, unwritten


def test_a_block_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("old")
    with pytest.raises(FileNotFoundError), replacing(file) as temporary:
        Path(temporary.write_text("half") and tmp_path / "nowhere").read_text()
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


def test_only_old_temporary_files_are_swept(tmp_path: Path) -> None:
    with replacing(tmp_path / "a.wav") as temporary:
        names = [temporary.name, ".mine.wav", "b-0123456789ab.wav", ".folder-0123456789ab"]
        temporary.with_name(names[1]).touch()
        temporary.with_name(names[2]).touch()
        temporary.with_name(names[3]).mkdir()
        sweep(tmp_path)
        assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)
        old = time.time() - 7200
        for name in names:
            os.utime(tmp_path / name, (old, old))
        sweep(tmp_path)
        assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names[1:])
        temporary.touch()


def test_a_name_as_long_as_the_disk_can_hold_is_written(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 251 + ".wav")
    with replacing(path) as temporary:
        assert temporary.suffix == ".wav"
        temporary.write_text("whole")
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    assert path.read_text() == "whole"


def test_what_breaks_off_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("before")

    def broken() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken()
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {"a.txt": "before"}


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.ENOSPC, "Make room on the disk"),
        (errno.ENAMETOOLONG, "shorter name"),
        (errno.EISDIR, "A folder has that name"),
        (errno.EEXIST, "A file has that name"),
        (errno.ENOENT, "a folder that exists"),
        (errno.ENOTDIR, "a part of this path is a file"),
        (errno.EACCES, "a folder you may write to"),
    ],
)
def test_the_advice_fits_the_reason(number: int, remedy: str) -> None:
    said = unwritten("a.wav", OSError(number, os.strerror(number)))
    assert said.startswith(f"a.wav cannot be written ({os.strerror(number)}). ")
    assert remedy in said


def test_real_reasons_come_with_their_advice(tmp_path: Path) -> None:
    (tmp_path / "folder.wav").mkdir()
    (tmp_path / "file").touch()
    for name, remedy in (
        ("folder.wav", "A folder has that name"),
        ("x" * 300, "shorter name"),
        ("none/a.wav", "a folder that exists"),
        ("file/a.wav", "a part of this path is a file"),
    ):
        with pytest.raises(OSError) as caught, replacing(tmp_path / name) as temporary:  # noqa: PT011
            temporary.write_text("x")
        assert remedy in unwritten(name, caught.value)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["file", "folder.wav"]
