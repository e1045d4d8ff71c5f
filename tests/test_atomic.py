"""Files appear whole or not at all, and what killed runs leave is removed once it is old."""

import os
import time
from pathlib import Path

import pytest

from photowave.atomic import replacing, sweep


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
