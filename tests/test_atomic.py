"""Files are there whole or not at all, and a file that cannot be written is told with what helps."""

import errno
import os
from pathlib import Path

import pytest

from photowave.atomic import replacing, unwritten


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
