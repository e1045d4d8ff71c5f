"""`photowave generate`: sounds and their descriptions, and one line for everything that goes wrong."""

import errno
import hashlib
import io
import json
import os
import pickle
import re
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from PIL import Image
from safetensors.torch import save_file
from tiny_models import save_photo, tiny_config, tiny_model

from photowave import __version__
from photowave.batch import drawing
from photowave.checkpoint import load_model, save_model
from photowave.cli import generate
from photowave.cli.main import main
from photowave.errors import MediaError
from photowave.generation import Soundscape, load
from photowave.model import Catalogue, Origin, TextureConditioner

RATE = 2_000


@pytest.fixture(scope="module", autouse=True)
def compiled(tiny_model_file: Path) -> None:
    """Compile before, so that no run is slow and says so."""
    load(tiny_model_file).warm_up()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with three photos and a file that is none."""
    inside = tmp_path / "photos"
    inside.mkdir()
    for number, name in enumerate(("beach.png", "Straße 海.jpg", "wood.webp")):
        save_photo(inside / name, number)
    (inside / "notes.txt").write_text("no photo")
    return inside


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "sounds"


@pytest.fixture
def run(tiny_model_file: Path, out: Path) -> Callable[..., int]:
    """Call the command with the tiny model, for a fifth of a second unless told otherwise."""

    def call(*arguments: object, **options: object) -> int:
        given = {"out": out, "model": tiny_model_file, "duration_s": 0.2} | options
        flat = [str(part) for name, value in given.items() for part in (f"--{name}", value)]
        return main(["generate", *map(str, arguments), *flat])

    return call


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_folder_becomes_sounds_and_descriptions(
    run: Callable[..., int],
    folder: Path,
    out: Path,
    tiny_model_file: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(folder, seed=3, variation=2, temperature=0.9, guidance=1.5) == 0
    told, err = capsys.readouterr()
    assert err == "no photo by its ending, and left alone: 1 (notes.txt)\n"
    stems = ["Straße 海", "beach", "wood"]
    assert sorted(contents(out)) == sorted(f"{stem}.{kind}" for stem in stems for kind in ("json", "wav"))
    assert len(told.splitlines()) == 3
    for stem in stems:
        assert f"{stem}.wav  (0.20 s" in told
        info = soundfile.info(out / f"{stem}.wav")
        assert (info.frames, info.samplerate, info.channels, info.subtype) == (400, RATE, 1, "PCM_16")
    described = json.loads((out / "beach.json").read_text())
    taken, factor = described.pop("seconds_taken"), described.pop("real_time_factor")
    assert factor == pytest.approx(taken / 0.2)
    assert 0 <= described.pop("texture") < 64
    assert 2 < described.pop("variations") <= 64
    assert described == {
        "photo": "beach.png",
        "photo_sha256": hashlib.sha256((folder / "beach.png").read_bytes()).hexdigest(),
        "model_sha256": hashlib.sha256(tiny_model_file.read_bytes()).hexdigest(),
        "seed": 3,
        "variation": 2,
        "temperature": 0.9,
        "guidance": 1.5,
        "duration_s": 0.2,
        "sample_rate": RATE,
        "channels": 1,
        "photowave_version": __version__,
        "formats": ["wav"],
    }


def test_what_is_heard_is_told_and_kept(
    run: Callable[..., int],
    folder: Path,
    out: Path,
    tmp_path: Path,
    tiny_model_file: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    loaded = load_model(tiny_model_file)
    origins = tuple(
        Origin(name=f"{place}.wav", place=place, seconds=2.0, licence="CC-BY-4.0", author="Ann")
        for place in ("sea", "peak")
    )
    loaded.model.catalogue = Catalogue(recordings=origins, owners=(0, 1) * 32)
    assert isinstance(loaded.model.conditioner, TextureConditioner)
    loaded.model.conditioner.groups.copy_(torch.arange(64) % 2)
    loaded.model.conditioner.feature_std.fill_(100.0)  # no photo is unlike those of the training
    path = tmp_path / "named.safetensors"
    save_model(loaded.model, path, encoder_fingerprint=loaded.encoder_fingerprint)
    assert run(folder / "beach.png", model=path) == 0
    first, second = capsys.readouterr().out.splitlines()
    described = json.loads((out / "beach.json").read_text())
    places = described["places"]
    assert sorted(places) == ["peak", "sea"]
    assert sum(places.values()) == pytest.approx(1.0, abs=2e-4)
    likeliest = max(places, key=places.__getitem__)
    assert first.startswith(f"{folder / 'beach.png'}: {likeliest} {100 * places[likeliest]:.0f} %")
    assert second.startswith(f"{folder / 'beach.png'} -> ")
    place = ("sea", "peak")[described["texture"] % 2]
    assert described["recording"] == f"{place}.wav"
    assert described["attribution"] == f'"{place}.wav" by Ann, CC-BY-4.0'


def test_same_seed_same_bytes_other_seed_other_bytes(
    run: Callable[..., int], folder: Path, tmp_path: Path
) -> None:
    sounds = []
    for name, seed in (("first", 1), ("again", 1), ("other", 2)):
        assert run(folder, out=tmp_path / name, seed=seed) == 0
        sounds.append({name: data for name, data in contents(tmp_path / name).items() if ".wav" in name})
    first, again, other = sounds
    assert first == again
    assert all(first[name] != other[name] for name in first)


def test_the_variation_reaches_the_sound(
    run: Callable[..., int], folder: Path, tmp_path: Path, tiny_model_file: Path
) -> None:
    sounds = []
    for variation in (0, 1, 2):
        assert run(folder / "beach.png", out=tmp_path / str(variation), variation=variation) == 0
        sounds.append((tmp_path / str(variation) / "beach.wav").read_bytes())
    assert len(set(sounds)) > 1
    model = load(tiny_model_file)
    for variation, written in enumerate(sounds):
        sound = model.generate(folder / "beach.png", duration_s=0.2, variation=variation)
        sound.save(tmp_path / "expected.wav")
        assert (tmp_path / "expected.wav").read_bytes() == written


@pytest.mark.parametrize("changed", [{"seed": 2}, {"temperature": 0.5}, {"duration_s": 0.3}], ids=str)
def test_another_sound_is_never_overwritten_without_being_told(
    changed: dict[str, Any],
    run: Callable[..., int],
    folder: Path,
    out: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(folder / "beach.png") == 0
    first = contents(out)
    capsys.readouterr()
    assert run(folder / "beach.png", folder / "wood.webp", **changed) == 2
    told, err = capsys.readouterr()
    ((name, value),) = changed.items()
    assert not told
    assert f"beach was drawn with {name}=" in err
    assert f"{name}={value} is asked for" in err
    assert contents(out) == first, "nor is anything else drawn before"
    assert run(folder / "beach.png", format="flac", **changed) == 2, "another format shares the description"
    assert run(folder / "beach.png", "--overwrite", **changed) == 0
    assert contents(out).keys() == first.keys()
    assert contents(out)["beach.wav"] != first["beach.wav"]


def test_a_new_sound_is_whole_before_the_old_one_goes(
    run: Callable[..., int], folder: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(folder / "beach.png") == 0
    first = contents(out)
    full = OSError(errno.ENOSPC, "No space left on device")
    write = Path.write_bytes

    def half(path: Path, content: bytes) -> int:
        write(path, content[: len(content) // 2])
        raise full

    monkeypatch.setattr(Path, "write_bytes", half)
    assert run(folder / "beach.png", "--overwrite", seed=2) == 2
    assert contents(out) == first, "neither the sound nor its description"


def test_no_description_stands_beside_another_sound_when_a_run_is_killed(
    run: Callable[..., int], folder: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(folder / "beach.png") == 0
    (out / "beach.mp3").write_text("a recording of the user's own")
    first, seen = contents(out), list[dict[str, bytes]]()
    replace = Path.replace

    def looking(path: Path, target: Path) -> Path:
        seen.append({name: content for name, content in contents(out).items() if name[0] != "."})
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", looking)
    assert run(folder / "beach.png", "--overwrite", seed=2) == 0
    seen.append(contents(out))
    for files in seen:
        assert "beach.wav" in files, "one of the two is there at any moment"
        if "beach.json" in files:
            is_old = json.loads(files["beach.json"])["seed"] == 0
            assert (files["beach.wav"] == first["beach.wav"]) == is_old
    assert json.loads(seen[-1]["beach.json"])["seed"] == 2
    assert seen[-1].keys() == {"beach.wav", "beach.json", "beach.mp3"}


def test_a_sound_without_description_is_not_overwritten(
    run: Callable[..., int], folder: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out.mkdir()
    (out / "beach.wav").write_text("mine")
    assert run(folder) == 2
    assert "no description beside it tells how it was drawn" in capsys.readouterr().err
    assert contents(out) == {"beach.wav": b"mine"}


def test_a_description_speaks_for_the_formats_that_were_written(
    run: Callable[..., int], folder: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = folder / "beach.png"
    assert run(photo) == 0
    (out / "beach.mp3").write_text("mine")
    first = contents(out)
    assert run(photo, format="mp3") == 2
    assert "beach.mp3 is there, and no description beside it" in capsys.readouterr().err
    assert contents(out) == first
    assert run(photo, format="flac") == 0
    assert json.loads((out / "beach.json").read_text())["formats"] == ["flac", "wav"]
    assert run(photo) == run(photo, format="flac") == 0, "both are known"
    assert run(photo, "--overwrite", seed=2) == 0
    assert run(photo, format="flac", seed=2) == 2, "the description tells of another sound now"
    assert contents(out)["beach.mp3"] == b"mine"


@pytest.mark.parametrize("formats", [5, [], [["wav"]], ["../wav", None], {"wav": 1}])
def test_a_description_with_odd_formats_speaks_for_none(
    formats: object, run: Callable[..., int], folder: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(folder / "beach.png") == 0
    described = out / "beach.json"
    described.write_text(json.dumps({**json.loads(described.read_text()), "formats": formats}))
    assert run(folder / "beach.png") == 2
    assert "no description beside it tells how it was drawn" in capsys.readouterr().err
    assert run(folder / "beach.png", "--overwrite") == 0
    assert json.loads(described.read_text())["formats"] == ["wav"]


def test_a_batch_that_broke_off_goes_on(
    run: Callable[..., int], folder: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(folder) == 0
    whole = contents(out)
    (out / "beach.wav").unlink()
    (out / "wood.wav").unlink()
    (out / "wood.json").unlink()
    kept = (out / "Straße 海.wav").stat().st_mtime_ns
    capsys.readouterr()
    assert run(folder, "--skip-existing") == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "1 of 3 sounds are there already"
    assert len(told) == 3
    assert {n: c for n, c in contents(out).items() if n.endswith(".wav")} == {
        n: c for n, c in whole.items() if n.endswith(".wav")
    }
    assert (out / "Straße 海.wav").stat().st_mtime_ns == kept
    assert run(folder, "--skip-existing", seed=3) == 2, "they are others"
    (folder / "broken.jpg").write_text("no photo")
    assert run(folder, "--skip-existing") == 1, "all others are there"


def test_sounds_come_as_a_project_needs_them(run: Callable[..., int], folder: Path, out: Path) -> None:
    options = {"sample_rate": 16_000, "channels": 2, "bits": 24, "loudness_lufs": -23, "fade_s": 0.1}
    assert run(folder / "beach.png", duration_s=1, **options) == 0
    info = soundfile.info(out / "beach.wav")
    assert (info.frames, info.samplerate, info.channels, info.subtype) == (16_000, 16_000, 2, "PCM_24")
    told = json.loads((out / "beach.json").read_text())
    assert {name: told[name] for name in ("sample_rate", "channels", "loudness_lufs", "fade_s")} == {
        name: value for name, value in options.items() if name != "bits"
    }
    samples = soundfile.read(out / "beach.wav")[0]
    assert np.array_equal(samples[:, 0], samples[:, 1]), "one channel, repeated"
    assert abs(samples[[0, -1]]).max() < 1e-3
    assert run(folder / "beach.png", duration_s=1) == 2, "another rate is another sound"


def test_a_loop_is_as_long_as_asked_and_a_sound_of_its_own(
    run: Callable[..., int], folder: Path, out: Path, tmp_path: Path
) -> None:
    assert run(folder / "beach.png", "--loop", duration_s=2) == 0
    assert run(folder / "beach.png", duration_s=2, out=tmp_path / "plain") == 0
    loop, plain = (soundfile.read(path / "beach.wav")[0] for path in (out, tmp_path / "plain"))
    assert len(loop) == len(plain) == 2 * RATE
    assert np.array_equal(loop[RATE:], plain[RATE:]), "only the beginning is another"
    assert not np.array_equal(loop[:RATE], plain[:RATE])
    assert json.loads((out / "beach.json").read_text())["loop"] is True
    assert run(folder / "beach.png", duration_s=2) == 2, "a loop is not overwritten by what is none"


def test_pictures_and_a_page_are_written_beside_the_sounds(
    run: Callable[..., int], folder: Path, out: Path, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    (folder / "wood.webp").rename(folder / "<b>wood.webp")
    (folder / "2025").mkdir()
    save_photo(folder / "2025" / "beach.png", 9)
    assert run(folder, "--spectrogram", "--recursive", html=page) == 0
    for name in ("beach", "<b>wood", "Straße 海"):
        with Image.open(out / f"{name}-spectrogram.png") as picture:
            assert picture.size == (600, 200)
    text = page.read_text("utf-8")
    assert text.count("<audio controls") == 4
    assert text.count('alt="photo"') == text.count('alt="spectrogram"') == 4
    assert "<h2>beach</h2>" in text
    assert "<h2>2025/beach</h2>" in text
    assert "<h2>&lt;b&gt;wood</h2>" in text
    assert not re.search(r"(src|href)=\"(?!data:)", text), "nothing is loaded from elsewhere"


def test_pictures_and_pages_overwrite_nothing_of_the_user(
    run: Callable[..., int], folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo, page = (folder / "beach.png").read_bytes(), tmp_path / "page.html"
    page.write_text("mine")
    assert run(folder / "beach.png", "--spectrogram", out=folder) == 0
    assert (folder / "beach.png").read_bytes() == photo, "sounds may lie beside their photos"
    assert run(folder / "beach.png", html=page) == 2
    assert "is there already. Give --overwrite" in capsys.readouterr().err
    assert page.read_text() == "mine"
    assert run(folder / "beach.png", "--overwrite", html=page) == 0
    assert "<audio" in page.read_text()


def test_a_sound_that_cannot_be_finished_stops_no_other(
    run: Callable[..., int],
    folder: Path,
    out: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    finished = Soundscape.finished

    def some(sound: Soundscape, **options: Any) -> Soundscape:
        if sound.info["photo_sha256"] == hashlib.sha256((folder / "beach.png").read_bytes()).hexdigest():
            raise MediaError("too soft")
        return finished(sound, **options)

    monkeypatch.setattr(Soundscape, "finished", some)
    assert run(folder) == 1
    assert "photowave: too soft" in capsys.readouterr().err
    assert sorted(path.name for path in out.glob("*.wav")) == ["Straße 海.wav", "wood.wav"]
    assert run(folder / "wood.webp", loudness_lufs=-23, out=out / "short") == 2, (
        "a fifth of a second has none"
    )


def test_another_recording_of_the_same_name_is_another_sound(
    run: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [tmp_path / folder / "brook.wav" for folder in "ab"]
    for seed, path in enumerate(paths):
        path.parent.mkdir()
        soundfile.write(path, 0.1 * np.random.default_rng(seed).standard_normal(8 * RATE), RATE)
    assert run(like=paths[0]) == 0
    assert run("--skip-existing", like=paths[0]) == 0
    assert "1 of 1 sounds are there already" in capsys.readouterr().out
    assert run("--skip-existing", like=paths[1]) == 2
    assert "was drawn with like_sha256=" in capsys.readouterr().err


def test_a_page_has_an_ending_that_browsers_know(
    run: Callable[..., int], folder: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused(run(folder, html="page.txt"), "must end in .html", out, capsys)


def test_takes_differ_and_are_those_of_the_next_seeds(
    run: Callable[..., int], folder: Path, out: Path, tmp_path: Path
) -> None:
    assert run(folder / "beach.png", takes=3, seed=4) == 0
    assert sorted(path.name for path in out.glob("*.wav")) == [f"beach-{n}.wav" for n in (1, 2, 3)]
    assert len({path.read_bytes() for path in out.glob("*.wav")}) == 3
    assert run(folder / "beach.png", seed=6, out=tmp_path / "alone") == 0
    assert (tmp_path / "alone" / "beach.wav").read_bytes() == (out / "beach-3.wav").read_bytes()


def test_subfolders_are_searched_and_kept_apart_when_asked(
    run: Callable[..., int], folder: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("2025/beach.PNG", "2026/beach.PNG", ".hidden/beach.png"):
        (folder / name).parent.mkdir()
        save_photo(folder / name, len(name) + int(name[3:4].isdigit()))
    (folder / "empty").mkdir()
    assert run(folder) == 0
    assert len(list(out.rglob("*.wav"))) == 3
    unsearched = "folders of photos that only --recursive searches: 2 (2025, 2026)\n"
    assert capsys.readouterr().err.endswith(unsearched)
    assert run(folder, "--recursive", "--skip-existing") == 0
    assert "recursive" not in capsys.readouterr().err
    found = {str(path.relative_to(out)) for path in out.rglob("*.wav")}
    assert found == {"Straße 海.wav", "beach.wav", "wood.wav", "2025/beach.wav", "2026/beach.wav"}
    assert (out / "2026" / "beach.json").is_file()


def test_a_pattern_and_standard_input_are_photos(
    run: Callable[..., int], folder: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(folder / "*.png") == 0
    piped = io.TextIOWrapper(io.BytesIO((folder / "beach.png").read_bytes()))
    monkeypatch.setattr("sys.stdin", piped)
    assert run("-") == 0
    assert (out / "stdin.wav").read_bytes() == (out / "beach.wav").read_bytes()
    assert json.loads((out / "stdin.json").read_text())["photo"] == "stdin"


def test_a_pattern_that_fits_nothing_is_told(
    run: Callable[..., int], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(folder / "*.heic") == 2
    assert "*.heic" in capsys.readouterr().err


def test_an_empty_path_is_not_the_folder_one_is_in(
    run: Callable[..., int], folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    assert run("") == 2
    assert "path is empty" in capsys.readouterr().err


def test_flac_holds_the_same_samples(run: Callable[..., int], folder: Path, out: Path) -> None:
    assert run(folder / "wood.webp") == run(folder / "wood.webp", format="flac") == 0
    wav, _ = soundfile.read(out / "wood.wav", dtype="int16")
    flac, _ = soundfile.read(out / "wood.flac", dtype="int16")
    assert soundfile.info(out / "wood.flac").format == "FLAC"
    assert (wav == flac).all()


def test_groups_change_no_sample(
    run: Callable[..., int], folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3, 5):
        save_photo(folder / f"{number}.png", number)
    assert run(folder, out=tmp_path / "together") == 0
    monkeypatch.setattr(drawing, "TOGETHER", 2)
    assert run(folder, out=tmp_path / "in groups") == 0
    together, groups = contents(tmp_path / "together"), contents(tmp_path / "in groups")
    assert together.keys() == groups.keys()
    assert len(together) == 10
    assert all(together[name] == groups[name] for name in together if name.endswith(".wav"))


def test_one_bad_photo_does_not_stop_the_others(
    run: Callable[..., int], folder: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "broken.jpg").write_text("no photo")
    assert run(folder) == 1
    told, err = capsys.readouterr()
    assert len(told.splitlines()) == 3
    assert err.count("\n") == 2
    assert err.startswith(f"photowave: {folder / 'broken.jpg'} ")
    assert len(contents(out)) == 6
    assert not (out / "broken.wav").exists()


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(1_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def truncated_jpeg(path: Path) -> None:
    Image.effect_noise((64, 64), 80).save(path)
    path.write_bytes(path.read_bytes()[:-600])


PHOTOS: dict[str, Callable[[Path], object]] = {
    "missing": lambda path: None,
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("this is text\n"),
    "truncated": truncated_jpeg,
    "bomb": lambda path: path.write_bytes(png_header(30_000, 30_000)),
    "folder without photos": Path.mkdir,
}


def refused(code: int, told: Path | str, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Check for exit code 2, one line that names what is wrong, and nothing in the folder."""
    assert code == 2
    stdout, err = capsys.readouterr()
    assert not stdout
    assert err.startswith("photowave: ")
    assert err.count("\n") == 1
    assert str(told) in err
    assert "Traceback" not in err
    assert not out.exists() or not list(out.iterdir())


@pytest.mark.parametrize("name", PHOTOS)
def test_a_bad_photo_is_one_line(
    name: str, run: Callable[..., int], tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "photo.jpg"
    PHOTOS[name](path)
    refused(run(path), path, out, capsys)


def test_a_missing_photo_among_good_ones_stops_all(
    run: Callable[..., int], folder: Path, tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused(run(folder, tmp_path / "nope.jpg"), "nope.jpg does not exist", out, capsys)


def test_a_name_with_a_line_break_stays_in_one_line(
    run: Callable[..., int], tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused(run(tmp_path / "two\nlines.jpg"), "two lines.jpg", out, capsys)


class Trap:
    """Pickled, it would make a file when it is unpickled."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


MODELS: dict[str, Callable[[Path], object]] = {
    "missing": lambda path: None,
    "empty": lambda path: path.write_bytes(b""),
    "corrupt": lambda path: path.write_bytes(os.urandom(1_000)),
    "foreign": lambda path: save_file({"weight": tiny_model(tiny_config()).wavenet.skip.weight}, path),
    "pickle": lambda path: path.write_bytes(pickle.dumps(Trap(path.parent / "sprung"))),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_bad_model_is_one_line(
    name: str,
    run: Callable[..., int],
    folder: Path,
    tmp_path: Path,
    out: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "model.safetensors"
    MODELS[name](path)
    refused(run(folder, model=path), path, out, capsys)
    assert not (tmp_path / "sprung").exists()
    assert not out.exists()


def test_a_model_of_another_encoder_is_one_line(
    run: Callable[..., int], folder: Path, tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "other.safetensors"
    save_model(tiny_model(tiny_config(), feature_dim=1280), path, encoder_fingerprint="e" * 64)
    refused(run(folder, model=path), "other.safetensors was trained with another photo encoder", out, capsys)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("duration_s", -1.0),
        ("duration_s", 0.0),
        ("duration_s", 3601.0),
        ("temperature", 0.0),
        ("guidance", -1.0),
        ("seed", -1),
        ("variation", -1),
    ],
)
def test_a_wrong_setting_is_one_line(
    name: str,
    value: object,
    run: Callable[..., int],
    folder: Path,
    out: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (folder / "broken.jpg").write_text("no photo")  # not looked at before the settings
    shown = f"{value:g}" if isinstance(value, float) else value
    refused(run(folder, **{name: value}), f"{name}={shown}: must", out, capsys)
    assert not out.exists()


def test_a_device_that_is_not_there_is_one_line(
    run: Callable[..., int], folder: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused(run(folder, device="nowhere"), "device='nowhere': cannot be used", out, capsys)
    refused(run(folder, device="cuda", ray="auto"), "device=cuda: a cluster draws on processors", out, capsys)


def test_less_than_a_sample_is_one_line(
    run: Callable[..., int], folder: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused(run(folder, duration_s=1e-5), "shorter than one sample", out, capsys)


@pytest.mark.parametrize("below", [False, True])
def test_a_file_where_the_folder_should_be_is_one_line(
    below: bool, run: Callable[..., int], folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    taken = tmp_path / "taken"
    taken.write_text("mine")
    chosen = taken / "deeper" if below else taken
    refused(run(folder, out=chosen), f"out={chosen}", tmp_path / "none", capsys)
    assert taken.read_text() == "mine"


@pytest.mark.parametrize("kind", ["wav", "json"])
def test_a_folder_where_a_file_should_be_is_one_line(
    kind: str, run: Callable[..., int], folder: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (out / f"beach.{kind}").mkdir(parents=True)
    assert run(folder / "beach.png") == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert f"beach.{kind} cannot be written" in err
    assert not [path for path in out.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize(
    ("other", "names"),
    [
        ("beach.jpg", {"beach-png", "beach-jpg"}),
        ("BEACH.jpg", {"beach-png", "BEACH-jpg"}),
        ("beach.png", {"photos/beach", "elsewhere/beach"}),
    ],
)
def test_photos_of_one_name_keep_apart(
    other: str, names: set[str], run: Callable[..., int], folder: Path, tmp_path: Path, out: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    second = save_photo(elsewhere / other, 9)
    assert run(folder / "beach.png", second) == 0
    assert {str(path.relative_to(out).with_suffix("")) for path in out.rglob("*.wav")} == names


def test_photos_that_cannot_be_told_apart_are_refused(
    run: Callable[..., int], tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos = [tmp_path / year / "sea" / "beach.png" for year in ("2025", "2026")]
    for number, path in enumerate(photos):
        path.parent.mkdir(parents=True)
        save_photo(path, number)
    refused(run(*photos), photos[1], out, capsys)


def test_slow_compiling_is_told_and_quick_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    with generate._telling_if_slow("patience", after_s=3600.0):
        pass
    assert not capsys.readouterr().err
    told = ""
    with generate._telling_if_slow("patience", after_s=0.0):
        while not told:
            time.sleep(0.01)
            told = capsys.readouterr().err
    assert told == "patience\n"


def test_as_a_process_with_a_terminal_that_knows_ascii_only(
    folder: Path, out: Path, tiny_model_file: Path
) -> None:
    (folder / "broken.jpg").write_text("no photo")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "photowave.cli.main", "generate", folder, "--out", out),
            *("--model", tiny_model_file, "--duration_s", "0.1"),
        ],
        capture_output=True,
        encoding="ascii",
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        check=False,
    )
    assert done.returncode == 1
    assert "broken.jpg" in done.stderr.splitlines()[0]
    assert "Traceback" not in done.stderr
    assert "Stra\\xdfe \\u6d77.wav" in done.stdout
    assert len(contents(out)) == 6


def test_a_photo_named_twice_is_drawn_once(
    tiny_model_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    photo = save_photo(folder / "one.png", 1)
    out = tmp_path / "out"
    arguments = ["generate", str(folder), str(photo), str(folder / ".." / "photos" / "one.png")]
    assert main([*arguments, "--model", str(tiny_model_file), "--out", str(out), "--duration_s", "0.1"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_a_reader_that_has_gone_leaves_no_traceback(tiny_model_file: Path, tmp_path: Path) -> None:
    photo = save_photo(tmp_path / "one.png", 1)
    command = [
        sys.executable,
        "-m",
        "photowave.cli.main",
        "generate",
        str(photo),
        "--out",
        str(tmp_path / "o"),
    ]
    options = ["--model", str(tiny_model_file), "--duration_s", "0.1"]
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([*command, *options], stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert done.returncode == 1
    assert done.stderr == ""
