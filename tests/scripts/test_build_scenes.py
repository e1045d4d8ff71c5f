"""Scenes are rebuilt from made-up packages, without network: cutting, checking, going on, failing well."""

import importlib.util
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import soundfile
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
RATE = 8000
HEADER = (
    "scene,kind,file,debian_package,version,path_in_package,start_s,end_s,licence,author,duration_s,"
    "sample_rate,width,height,rms_dbfs"
)


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_scenes", ROOT / "scripts" / "build_scenes.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


build_scenes = load()


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An unpacked package: a photo on its side, a stereo recording of 4 s, a text."""
    root = tmp_path_factory.mktemp("package")
    (root / "usr/share").mkdir(parents=True)
    pixels = np.random.default_rng(0).integers(0, 256, (300, 600, 3), dtype=np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(pixels).resize((1200, 600)).save(root / "usr/share/beach.jpg", exif=exif)
    noise = np.random.default_rng(1).normal(0, 0.1, (4 * RATE, 2)).clip(-1, 1)
    soundfile.write(root / "usr/share/waves.wav", noise, RATE)
    (root / "usr/share/text.jpg").write_text("no photo")
    return root


@pytest.fixture
def entries(tmp_path: Path) -> list:
    rms = 20 * np.log10(0.1 / np.sqrt(2))
    path = tmp_path / "list.csv"
    sound = f"pack,1.0,/usr/share/waves.wav,1,3,free,me,2.0,{RATE},,,{rms:.1f}"
    lines = [
        HEADER,
        "sea,photo,sea/photos/beach.jpg,pack,1.0,/usr/share/beach.jpg,,,free,me,,,256,512,",
        f"sea,sound,sea/sounds/waves__1-3s.flac,{sound}",
        f"sea,sound,sea/sounds/waves__1-3s.ogg,{sound}",
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    return build_scenes.read_list(path)


class Shop:
    """Stands in for apt: hands out one folder and counts how often it is asked."""

    def __init__(self, root: Path, note: str = ""):
        self.root, self.note, self.asked = root, note, 0

    def __call__(self, package: str, version: str, scratch: Path) -> tuple[Path, str]:
        self.asked += 1
        assert (package, version) == ("pack", "1.0")
        assert scratch.is_dir()
        return self.root, self.note


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_photos_are_turned_and_resized_and_sounds_cut_to_mono(entries, package: Path, tmp_path: Path) -> None:
    out = tmp_path / "scenes"
    summary = build_scenes.build(entries, out, fetch=Shop(package))
    assert (summary.made, summary.kept, summary.failed, summary.notes) == (3, 0, [], [])
    assert files(out) == sorted(entry.file for entry in entries)
    with Image.open(out / entries[0].file) as photo:
        assert (photo.format, photo.mode, photo.size) == ("JPEG", "RGB", (256, 512))
    expected = soundfile.read(package / "usr/share/waves.wav", start=RATE, stop=3 * RATE)[0].mean(axis=1)
    flac, rate = soundfile.read(out / entries[1].file)
    assert rate == RATE
    np.testing.assert_allclose(flac, expected, atol=2**-15)
    ogg, rate = soundfile.read(out / entries[2].file)
    assert (rate, ogg.shape) == (RATE, expected.shape)
    assert np.corrcoef(ogg, expected)[0, 1] > 0.95


def test_a_second_run_leaves_good_files_alone_and_mends_bad_ones(
    entries, package: Path, tmp_path: Path
) -> None:
    shop = Shop(package)
    build_scenes.build(entries, tmp_path, fetch=shop)
    assert build_scenes.build(entries, tmp_path, fetch=shop).kept == 3
    assert shop.asked == 1
    stamp = (tmp_path / entries[0].file).stat().st_mtime_ns
    (tmp_path / entries[1].file).unlink()
    (tmp_path / entries[2].file).write_bytes((tmp_path / entries[2].file).read_bytes()[:500])
    summary = build_scenes.build(entries, tmp_path, fetch=shop)
    assert (summary.kept, summary.made, shop.asked) == (1, 2, 2)
    assert (tmp_path / entries[0].file).stat().st_mtime_ns == stamp
    assert not build_scenes.check(tmp_path / entries[2].file, entries[2])


@pytest.mark.parametrize(
    ("number", "change", "words"),
    [
        (0, {"size": (512, 512)}, "has (256, 512) pixels instead of (512, 512)"),
        (1, {"duration_s": 2.1}, "lasts 2.00 s instead of 2.10 s"),
        (1, {"rms_dbfs": -20.0}, "dBFS instead of -20.0 dBFS"),
        (2, {"sample_rate": 44100}, "has 8000 Hz and 1 channels instead of 44100 Hz and 1"),
        (0, {"source": "/usr/share/gone.jpg"}, "/usr/share/gone.jpg is not in the package"),
        (0, {"source": "/usr/share/text.jpg"}, "cannot identify image file"),
        (1, {"source": "/usr/share/text.jpg"}, "sea/sounds/waves__1-3s.flac: "),
    ],
)
def test_what_does_not_fit_is_named_and_the_rest_is_made(
    entries, package: Path, tmp_path: Path, number: int, change: dict, words: str
) -> None:
    entries[number] = replace(entries[number], **change)
    out = tmp_path / "scenes"
    summary = build_scenes.build(entries, out, fetch=Shop(package))
    assert summary.made == 2
    (failure,) = summary.failed
    assert failure.startswith(entries[number].file)
    assert words in failure
    assert len(files(out)) == 2


def run(folder: Path, shop: Callable, *more: str) -> int:
    return build_scenes.main([str(folder / "out"), "--list", str(folder / "list.csv"), *more], fetch=shop)


def test_the_command_says_what_came_of_it(entries, package: Path, tmp_path: Path, capsys) -> None:
    assert run(tmp_path, Shop(package, "version 1.0 is gone, 1.1 was used instead")) == 0
    out, err = capsys.readouterr()
    assert "3 of 3 files are in" in out
    assert "note: pack: version 1.0 is gone, 1.1 was used instead" in out
    assert "package 1 of 1: pack (3 files)" in err


def test_the_command_lists_failures_and_exits_with_1(entries, tmp_path: Path, capsys) -> None:
    def closed(package: str, version: str, scratch: Path) -> tuple[Path, str]:
        raise build_scenes.BuildError("no network")

    assert run(tmp_path, closed) == 1
    out, err = capsys.readouterr()
    assert "0 of 3 files are in" in out
    assert "3 files could not be rebuilt:" in err
    assert "  sea/photos/beach.jpg: package pack: no network" in err


def test_without_apt_there_is_one_clear_word(entries, tmp_path: Path, capsys, monkeypatch) -> None:
    monkeypatch.setattr(build_scenes.shutil, "which", lambda tool: None)
    assert run(tmp_path, build_scenes.fetch_package) == 2
    err = capsys.readouterr().err
    assert err.startswith("apt-get and dpkg-deb not found")
    assert err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_an_unknown_package_is_refused(entries, package: Path, tmp_path: Path, capsys) -> None:
    with pytest.raises(SystemExit, match="2"):
        run(tmp_path, Shop(package), "--only", "pack", "sack")
    assert "--only sack: not in" in capsys.readouterr().err


def test_where_a_version_is_gone_the_one_there_is_is_taken(tmp_path: Path, monkeypatch) -> None:
    asked = []

    def apt(command: list[str], folder: Path) -> str:
        asked.append(command)
        if command[-1] == "pack=1:1.0":
            return "E: Version '1:1.0' for 'pack' was not found"
        if command[0] == "apt-get":
            (folder / "pack_1%3a1.1_all.deb").touch()
        return ""

    monkeypatch.setattr(build_scenes, "_run", apt)
    root, note = build_scenes.fetch_package("pack", "1:1.0", tmp_path)
    assert note == "version 1:1.0 is gone, 1:1.1 was used instead"
    assert asked[1:] == [
        ["apt-get", "download", "pack"],
        ["dpkg-deb", "-x", str(tmp_path / "pack_1%3a1.1_all.deb"), str(root)],
    ]


def test_an_error_of_apt_is_passed_on(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(build_scenes, "_run", lambda command, folder: "E: Unable to locate package pack")
    with pytest.raises(build_scenes.BuildError, match=r"Unable to locate package pack .*apt-get update"):
        build_scenes.fetch_package("pack", "1.0", tmp_path)


def test_the_list_that_ships_has_every_file_once() -> None:
    listed = build_scenes.read_list(ROOT / "data" / "scenes.csv")
    assert len({entry.file for entry in listed}) == len(listed) == 292
    assert sum(entry.kind == "photo" for entry in listed) == 232
    for entry in listed:
        if entry.kind == "photo":
            assert 256 <= max(entry.size) <= 512
        else:
            assert entry.end_s - entry.start_s == pytest.approx(entry.duration_s, abs=0.05)
            assert entry.sample_rate > 0
