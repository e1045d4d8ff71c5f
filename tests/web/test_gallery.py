"""A gallery is whole or not there, holds what its pages need, and replaces nothing but galleries."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from PIL import Image
from tiny_models import save_photo

from photowave.cli.main import main
from photowave.generation import SoundscapeGenerator
from photowave.web.gallery import Gallery

Run = Callable[..., int]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number, name in enumerate(("</script><b>", "beach")):
        save_photo(folder / f"{name.replace('/', '∕')}.png", number)
    return folder


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "pages"


@pytest.fixture
def run(model_file: Path, out: Path) -> Run:
    def call(*arguments: object) -> int:
        given = ["gallery", *map(str, arguments), "--out", str(out), "--model", str(model_file)]
        return main([*given, "--duration_s", "1.5"])

    return call


def data(page: Path) -> dict[str, Any]:
    found = re.search(r'id="gallery-data">(.*?)</script>', page.read_text(), re.DOTALL)
    assert found is not None
    tree = json.loads(found[1])
    assert isinstance(tree, dict)
    return tree


def test_all_that_the_pages_name_is_there(
    run: Run, photos: Path, out: Path, generator: SoundscapeGenerator
) -> None:
    assert run(photos, "--title", "Two </script> photos") == 0
    told = data(out / "index.html")
    assert data(out / "walk.html") == told
    assert (told["title"], told["sample_rate"]) == ("Two </script> photos", 2_000)
    assert [photo["name"] for photo in told["photos"]] == ["<∕script><b>", "beach"]
    beach = told["photos"][1]
    assert beach["duration_s"] == 1.5
    assert Image.open(out / beach["photo"]).size == (beach["width"], beach["height"]) == (60, 40)
    assert Image.open(out / beach["spectrogram"]).format == "PNG"
    samples, rate = soundfile.read(out / beach["sound"], dtype="float32")
    assert rate == 2_000
    drawn = generator.generate(photos / "beach.png", duration_s=1.5, loop=True)
    assert np.abs(samples - drawn.samples).max() <= 0.51 / 32_768
    assert beach["attribution"] == drawn.info["attribution"]
    assert beach["licence"] == "CC0-1.0"
    assert beach["heard"][0]["place"] in beach["words"]
    for page in ("index.html", "walk.html"):
        text = (out / page).read_text()
        named = re.findall(r'(?:src|href)="([^"#]+)"', text)
        assert named
        assert [name for name in named if not (out / name).is_file()] == []
        assert "<script>" not in text


def test_it_tells_nothing_of_the_folders_that_it_came_from(run: Run, photos: Path, out: Path) -> None:
    assert run(photos) == 0
    for file in out.rglob("*"):
        assert not file.is_file() or str(photos).encode() not in file.read_bytes()


def test_a_bad_photo_is_named_and_left_out(
    run: Run, photos: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (photos / "bad.jpg").write_bytes(b"\xff\xd8\xff no photo")
    assert run(photos) == 1
    assert [photo["name"] for photo in data(out / "index.html")["photos"]] == ["<∕script><b>", "beach"]
    told = capsys.readouterr().err
    assert told.startswith("photowave: ")
    assert "bad.jpg" in told
    assert told.count("\n") == 1


def test_what_a_folder_holds_beside_photos_is_told(
    run: Run, photos: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (photos / "notes.txt").write_text("no photo")
    (photos / "2025").mkdir()
    (photos / "2025" / "lake.png").write_bytes(next(photos.glob("*.*g")).read_bytes())
    assert run(photos) == 0
    err = capsys.readouterr().err
    assert "no photo by its ending, and left alone: 1 (notes.txt)" in err
    assert "folders of photos that only --recursive searches: 1 (2025)" in err


def test_nothing_is_written_where_no_photo_can_be_read(
    run: Run, photos: Path, out: Path, tmp_path: Path
) -> None:
    for photo in photos.iterdir():
        photo.write_bytes(b"no photo")
    assert run(photos) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["photos"]


def test_half_a_gallery_is_never_seen(
    run: Run, photos: Path, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(photos) == 0
    before = (out / "index.html").read_bytes()

    def full(self: Gallery) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Gallery, "finish", full)
    assert run(photos, "--overwrite", "--title", "other") == 2
    assert (out / "index.html").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pages", "photos"]


def test_a_gallery_is_replaced_only_when_asked(run: Run, photos: Path, out: Path, tmp_path: Path) -> None:
    assert run(photos) == 0
    (out / "photos" / "9999.jpg").write_bytes(b"left from before")
    assert run(photos, "--title", "other") == 2
    assert data(out / "index.html")["title"] != "other"
    assert run(photos, "--title", "other", "--overwrite") == 0
    assert data(out / "index.html")["title"] == "other"
    assert not (out / "photos" / "9999.jpg").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pages", "photos"]


def test_what_is_no_gallery_is_never_replaced(
    run: Run, photos: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out.mkdir()
    (out / "diary.txt").write_text("mine")
    assert run(photos, "--overwrite") == 2
    assert "is no gallery" in capsys.readouterr().err
    assert (out / "diary.txt").read_text() == "mine"


def test_each_photo_has_its_own_credit_or_is_said_to_have_none(
    run: Run, photos: Path, out: Path, tmp_path: Path
) -> None:
    table = tmp_path / "SOURCES.csv"
    table.write_text("\ufefffile,licence,author\nphotos/beach.png,CC-BY-4.0,Ann  Lee\nother.png,CC0,Bob\n")
    assert run(photos, "--credits", table) == 0
    told = {photo["name"]: photo["credit"] for photo in data(out / "index.html")["photos"]}
    assert told == {"<∕script><b>": "", "beach": "Ann Lee, CC-BY-4.0"}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read as CSV in UTF-8 (No such file or directory)"),
        (b"\xff\xfe", "cannot be read as CSV in UTF-8"),
        (b"name,licence\na.jpg,CC0\n", "needs a column photo or file, and author, licence or source."),
        (b"photo,year\na.jpg,2020\n", "It has photo, year."),
        (b"", "It has none."),
    ],
    ids=["missing", "not text", "no photo", "no credit", "empty"],
)
def test_a_table_of_credits_that_tells_nothing_is_refused(
    content: bytes | None, told: str, run: Run, photos: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    table = tmp_path / "credits.csv"
    if content is not None:
        table.write_bytes(content)
    assert run(photos, "--credits", table) == 2
    assert told in capsys.readouterr().err


def test_photos_and_a_folder_are_required(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gallery"]) == 2
    assert "photos and --out are required" in capsys.readouterr().err
