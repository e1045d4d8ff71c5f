"""Compiled code finds a place to be kept, or a temporary one, and drawing goes on."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tiny_models import save_photo

from photowave import compiling

NOWHERE = "/proc/nowhere" if sys.platform == "linux" else "\0"
"""A folder that not even root can make."""


def test_a_named_folder_that_cannot_be_written_is_passed_over_in_a_line() -> None:
    code = "import photowave.generation, numba; print(repr(numba.config.CACHE_DIR))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "NUMBA_CACHE_DIR": NOWHERE},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "''\n"
    assert done.stderr == f"NUMBA_CACHE_DIR={NOWHERE} cannot be written, and is not used.\n"


@pytest.mark.parametrize("named", [None, NOWHERE])
def test_without_any_folder_a_temporary_one_is_taken(
    named: str | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(compiling, "SOURCE", Path(NOWHERE) / "kernel.py")
    monkeypatch.setattr(compiling, "_user_folder", lambda: [Path(NOWHERE)])
    monkeypatch.setattr(compiling, "_tell_numba", lambda: None)
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    if named:
        monkeypatch.setenv("NUMBA_CACHE_DIR", named)
    compiling.see_to_cache()
    chosen = Path(os.environ["NUMBA_CACHE_DIR"])
    assert chosen.is_dir()
    assert capsys.readouterr().err.count("\n") == 1
    chosen.rmdir()


def test_where_it_can_be_kept_nothing_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    compiling.see_to_cache()
    assert os.environ["NUMBA_CACHE_DIR"] == str(tmp_path)
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    compiling.see_to_cache()
    assert "NUMBA_CACHE_DIR" not in os.environ
    assert capsys.readouterr().err == ""


def test_a_user_without_a_home_has_no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home(*arguments: object, **options: object) -> str:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr("platformdirs.user_cache_dir", no_home)
    assert list(compiling._user_folder()) == []


def test_without_compiling_drawing_is_refused_in_a_line(tiny_model_file: Path, tmp_path: Path) -> None:
    photo = save_photo(tmp_path / "a.png", 1)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "photowave", "generate", photo, "--out", tmp_path / "out"),
            *("--model", tiny_model_file, "--duration_s", "0.1"),
        ],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "NUMBA_DISABLE_JIT=1 switches compiling off" in done.stderr
