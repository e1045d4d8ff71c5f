"""Names that are no text, that look alike or are too long, and disks that are full: the rest is written."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tiny_models import save_photo

from photowave.cli.main import main

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="names are text there")
NO_TEXT, ACCENT, LONG = os.fsdecode(b"caf\xe9.png"), "café.png", "x" * 251 + ".png"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number, name in enumerate((NO_TEXT, ACCENT, LONG)):
        save_photo(folder / "new.png", number).rename(folder / name)
    return folder


@pytest.fixture
def draw(tiny_model_file: Path, photos: Path, tmp_path: Path) -> Callable[..., int]:
    def call(*options: str) -> int:
        common = ["--model", str(tiny_model_file), "--duration_s", "0.2", "--out", str(tmp_path / "out")]
        return main(["generate", str(photos), *common, *options])

    return call


def test_every_name_is_written(draw: Callable[..., int], tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    assert draw("--spectrogram", "--html", str(page), "--takes", "2") == 0
    names = {os.fsencode(path.name) for path in (tmp_path / "out").iterdir()}
    assert len(names) == 3 * 2 * 3
    assert {b"caf\xe9-1.wav", "café-2.json".encode(), b"caf\xe9-2-spectrogram.png"} <= names
    assert {json.loads(file.read_bytes())["photo"] for file in (tmp_path / "out").glob("*.json")} == {
        NO_TEXT,
        ACCENT,
        LONG,
    }
    assert "<h2>caf\N{REPLACEMENT CHARACTER}-1</h2>" in page.read_text(encoding="utf-8")
    assert draw("--takes", "2", "--skip_existing") == 0


def test_every_name_is_written_where_the_locale_knows_ascii_only(
    photos: Path, tiny_model_file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "photowave", "generate", photos, "--out", out),
            *("--model", tiny_model_file, "--duration_s", "0.1"),
        ],
        env={**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False)
    assert {b"caf\xe9.wav", "café.wav".encode()} < {os.fsencode(path.name) for path in out.iterdir()}


@pytest.mark.parametrize("suffix", ["wav", "json", "spectrogram"])
def test_one_failed_save_does_not_end_a_batch(
    suffix: str, draw: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    taken = "café-spectrogram.png" if suffix == "spectrogram" else f"café.{suffix}"
    (tmp_path / "out" / taken).mkdir(parents=True)
    assert draw("--overwrite", "--spectrogram") == 1
    assert f"{taken} cannot be written (Is a directory). A folder has that name" in capsys.readouterr().err
    assert len(list((tmp_path / "out").glob("*.wav"))) >= 2 + (suffix != "json")
    assert len(list((tmp_path / "out").glob("*.json"))) >= 2


def test_a_description_that_cannot_be_written_leaves_no_sound_without_one(
    draw: Callable[..., int], tmp_path: Path
) -> None:
    (tmp_path / "out" / "café.json").mkdir(parents=True)
    assert draw() == 1
    assert not (tmp_path / "out" / "café.wav").exists()


def test_a_sound_is_no_folder_for_sounds(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "x.wav"
    assert main(["sonify", str(photos), "--out", str(out), "--duration_s", "0.1"]) == 2
    assert "is called like a sound, and must be the folder for the sounds" in capsys.readouterr().err
    out.mkdir()  # who has such a folder means it
    assert main(["sonify", str(photos), "--out", str(out), "--duration_s", "0.1"]) == 0


def test_sonify_goes_on_after_a_failed_save(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "out" / "café.wav").mkdir(parents=True)
    assert main(["sonify", str(photos), "--out", str(tmp_path / "out"), "--duration_s", "0.1"]) == 1
    assert len(list((tmp_path / "out").glob("*.json"))) == 2
