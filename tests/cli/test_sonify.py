"""`photowave sonify`: sounds and their descriptions, and one line for everything that goes wrong."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tiny_models import save_photo

from photowave import __version__
from photowave.cli.main import main
from photowave.evaluation.sounds.sonify import corner_frequencies, oscillate
from photowave.image import read_photo

RATE = 16_000
LEFT_ALONE = "no photo by its ending, and left alone: 1 (notes.txt)\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two photos and a file that is none."""
    inside = tmp_path / "photos"
    inside.mkdir()
    for number, name in enumerate(("beach.png", "Straße 海.png")):
        save_photo(inside / name, number)
    (inside / "notes.txt").write_text("no photo")
    return inside


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "sounds"


@pytest.fixture
def run(out: Path) -> Callable[..., int]:
    def call(*arguments: object, **options: object) -> int:
        given = {"out": out, "duration_s": 0.2} | options
        flat = [str(part) for name, value in given.items() for part in (f"--{name}", value)]
        return main(["sonify", *map(str, arguments), *flat])

    return call


def refused(code: int, told: Path | str, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Check for exit code 2, one line that names what is wrong, and nothing in the folder."""
    assert code == 2
    stdout, err = capsys.readouterr()
    assert not stdout
    assert err.startswith("photowave: ")
    assert err.count("\n") == 1
    assert str(told) in err
    assert not out.exists() or not list(out.iterdir())


def test_a_folder_becomes_sounds_and_descriptions(
    run: Callable[..., int], folder: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(folder, seed=3) == 0
    told, err = capsys.readouterr()
    assert err == LEFT_ALONE
    names = sorted(path.name for path in out.iterdir())
    assert names == ["Straße 海.json", "Straße 海.wav", "beach.json", "beach.wav"]
    assert len(told.splitlines()) == 2
    image = read_photo(folder / "beach.png")
    frequencies = corner_frequencies(image)
    assert f"beach.wav  (0.20 s, -20.0 dBFS, {len(frequencies)} sines, " in told
    described = json.loads((out / "beach.json").read_text())
    assert described.pop("seconds_taken") > 0
    assert described.pop("frequencies_hz") == pytest.approx(frequencies.tolist(), abs=0.005)
    assert described == {
        "photo": "beach.png",
        "photo_sha256": hashlib.sha256((folder / "beach.png").read_bytes()).hexdigest(),
        "seed": 3,
        "duration_s": 0.2,
        "sample_rate": RATE,
        "photowave_version": __version__,
        "formats": ["wav"],
    }
    samples, rate = soundfile.read(out / "beach.wav", dtype="float32")
    assert rate == RATE
    assert samples == pytest.approx(
        oscillate(frequencies, sample_rate=RATE, duration_s=0.2, seed=3), abs=1 / 32_768
    )


def test_the_same_seed_gives_the_same_bytes(run: Callable[..., int], folder: Path, tmp_path: Path) -> None:
    for name, seed in (("first", 1), ("again", 1), ("other", 2)):
        assert run(folder, out=tmp_path / name, seed=seed) == 0
    first, again, other = ((tmp_path / n / "beach.wav").read_bytes() for n in ("first", "again", "other"))
    assert first == again
    assert first != other


def test_a_sound_that_is_there_is_kept_unless_told(
    run: Callable[..., int], folder: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(folder / "beach.png") == 0
    first = (out / "beach.wav").read_bytes()
    assert run(folder / "beach.png") == 0, "the same again is the same"
    assert (out / "beach.wav").read_bytes() == first
    capsys.readouterr()
    assert run(folder, seed=2) == 2
    told, err = capsys.readouterr()
    assert not told
    assert "beach was drawn with seed=0, and seed=2 is asked for. Give --overwrite" in err
    assert not (out / "Straße 海.wav").exists(), "nor is any other sound made before"
    assert (out / "beach.wav").read_bytes() == first
    assert run(folder / "beach.png", "--overwrite", seed=2) == 0
    assert (out / "beach.wav").read_bytes() != first
    assert json.loads((out / "beach.json").read_text())["seed"] == 2


def test_a_sound_of_the_users_own_is_kept(run: Callable[..., int], folder: Path, out: Path) -> None:
    out.mkdir()
    (out / "beach.wav").write_text("mine")
    assert run(folder) == run(folder, "--skip_existing") == 2
    assert [path.name for path in out.iterdir()] == ["beach.wav"]
    assert (out / "beach.wav").read_text() == "mine"


def test_what_is_missing_is_made(
    run: Callable[..., int], folder: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(folder) == 0
    whole = (out / "beach.wav").read_bytes()
    (out / "beach.wav").unlink()
    kept = (out / "Straße 海.wav").stat().st_mtime_ns
    (folder / "broken.jpg").write_text("no photo")
    capsys.readouterr()
    assert run(folder, "--skip_existing") == 1
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "1 of 3 sounds are there already"
    assert len(told) == 2
    assert (out / "beach.wav").read_bytes() == whole
    assert (out / "Straße 海.wav").stat().st_mtime_ns == kept


def test_folders_are_searched_when_asked(
    run: Callable[..., int], folder: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "2025").mkdir()
    save_photo(folder / "2025" / "lake.png", 5)
    assert run(folder) == 0
    assert "folders of photos that only --recursive searches: 1 (2025)" in capsys.readouterr().err
    assert run(folder, "--recursive", "--skip_existing") == 0
    assert (out / "2025" / "lake.wav").is_file()


def test_bits_are_those_that_were_asked_for(run: Callable[..., int], folder: Path, out: Path) -> None:
    assert run(folder / "beach.png", bits=24) == 0
    assert soundfile.info(out / "beach.wav").subtype == "PCM_24"


def test_flac_holds_the_same_samples(run: Callable[..., int], folder: Path, out: Path) -> None:
    assert run(folder / "beach.png") == run(folder / "beach.png", format="flac") == 0
    wav, _ = soundfile.read(out / "beach.wav", dtype="int16")
    flac, _ = soundfile.read(out / "beach.flac", dtype="int16")
    assert np.array_equal(wav, flac)


def test_one_bad_photo_does_not_stop_the_others(
    run: Callable[..., int], folder: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "broken.jpg").write_text("no photo")
    assert run(folder) == 1
    told, err = capsys.readouterr()
    assert len(told.splitlines()) == 2
    assert err.count("\n") == 2
    assert err.startswith(f"photowave: {folder / 'broken.jpg'} ")
    assert err.endswith(LEFT_ALONE)
    assert len(list(out.iterdir())) == 4


def test_only_bad_photos(
    run: Callable[..., int], folder: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused(run(folder / "notes.txt"), "notes.txt", out, capsys)
    assert not out.exists()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"duration_s": 0.0}, "duration_s=0: must"),
        ({"seed": -1}, "seed=-1: must"),
        ({"format": "aac"}, "aac"),
    ],
)
def test_a_wrong_setting_is_one_line(
    options: dict,
    told: str,
    run: Callable[..., int],
    folder: Path,
    out: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    refused(run(folder, **options), told, out, capsys)


def test_less_than_a_sample_is_one_line(
    run: Callable[..., int], folder: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused(run(folder, duration_s=1e-5), "shorter than one sample", out, capsys)


def test_a_path_that_leads_nowhere_is_one_line(
    run: Callable[..., int], folder: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused(run(folder, folder / "nope.jpg"), "nope.jpg does not exist", out, capsys)


def test_photos_of_one_name_keep_apart(
    run: Callable[..., int], folder: Path, tmp_path: Path, out: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert run(folder / "beach.png", save_photo(elsewhere / "BEACH.jpg", 9)) == 0
    assert {path.stem for path in out.glob("*.wav")} == {"beach-png", "BEACH-jpg"}


def test_a_file_where_the_folder_should_be_is_one_line(
    run: Callable[..., int], folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    taken = tmp_path / "taken"
    taken.write_text("mine")
    refused(run(folder, out=taken), f"out={taken}", tmp_path / "none", capsys)
    assert taken.read_text() == "mine"


@pytest.mark.parametrize("arguments", [["sonify", "--help"], ["sonify", "no such photo.jpg"]], ids=" ".join)
def test_quick_answers_import_nothing_heavy(arguments: list[str]) -> None:
    code = f"""
import sys
from photowave.cli.main import main
try:
    main({arguments!r})
except SystemExit as done:
    assert done.code == 0
heavy = [name for name in ("torch", "skimage", "scipy", "lightning", "numba") if name in sys.modules]
sys.exit(" ".join(heavy) or 0)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_sonifying_needs_neither_sampler_nor_lightning(folder: Path, out: Path) -> None:
    arguments = ["sonify", str(folder), "--out", str(out), "--duration_s", "0.1"]
    code = f"""
import sys
from photowave.cli.main import main
assert main({arguments!r}) == 0
sys.exit(" ".join(name for name in ("numba", "lightning") if name in sys.modules) or 0)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_help_explains_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["sonify", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    for name in ("out", "duration_s", "seed", "format"):
        assert f"--{name}" in text
    assert "Length of each sound in seconds" in text
