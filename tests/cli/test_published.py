"""`photowave pairs published`: lists, maps and manifests, and what it says of what is left out."""

import csv
from pathlib import Path

import pytest
import tiny_sets

from photowave.cli.main import main
from photowave.pairs.manifest import read_manifest
from photowave.pairs.published.registry import SETS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "esc50").mkdir()
    tiny_sets.esc50(tmp_path / "esc50")
    return tmp_path


def published(*arguments: object) -> int:
    return main(["pairs", "published", *map(str, arguments)])


def test_without_a_set_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert published() == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(SETS)


def test_a_manifest_and_what_is_left_out(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = folder / "pairs.csv"
    assert published("esc50", folder / "esc50", "--out", out) == 1
    told = capsys.readouterr()
    assert told.out.splitlines() == [
        f"{out}: 1 train, 1 val, 1 test",
        "without a place: 1 of 5 entries: dog (1)",
        f"left out: 1 of 5 entries, see {folder / 'pairs_left_out.csv'}",
    ]
    assert told.err.startswith("photowave: 2-100035-A-10.wav: sound '")
    assert told.err.count("\n") == 1
    assert [row.scene for row in read_manifest(out).rows] == ["rain", "sea_waves", "night_crickets"]
    with (folder / "pairs_left_out.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert [row[:2] for row in rows] == [["entry", "entries"], ["2-100035-A-10.wav", "1"], ["dog", "1"]]


def test_a_map_of_ones_own_and_photos(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "map.csv").write_text("label,place\ndog,park\n")
    for number in range(4):
        tiny_sets.photo(folder / "photos" / "park" / f"{number}.jpg")
    options = ["--map", folder / "map.csv", "--photos", folder / "photos", "--splits.seed", 3]
    assert published("esc50", folder / "esc50", "--out", folder / "pairs.csv", *options) == 0
    assert "without a place: 4 of 9 entries" in capsys.readouterr().out
    rows = read_manifest(folder / "pairs.csv").rows
    assert [row.scene for row in rows] == ["park"] * 5
    assert len(read_manifest(folder / "pairs.csv").pairs("scene").photos) == 4


def test_frames_and_sounds_go_where_they_are_asked_for(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    tiny_sets.vggsound(tmp_path / "set")
    out = tmp_path / "out" / "pairs.csv"
    out.parent.mkdir()
    assert published("vggsound", tmp_path / "set", "--out", out, "--media", tmp_path / "media") == 1
    assert len(list((tmp_path / "media").rglob("*.flac"))) == 2
    assert published("vggsound", tmp_path / "set", "--out", out, "--overwrite") == 1
    assert len(list((tmp_path / "out" / "pairs_media").rglob("*.jpg"))) == 2


def test_nothing_is_overwritten_unasked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("pairs.csv", "pairs_left_out.csv"):
        (folder / name).write_text("mine")
        assert published("esc50", folder / "esc50", "--out", folder / "pairs.csv") == 2
        assert f"{name} is there already" in capsys.readouterr().err
        assert (folder / name).read_text() == "mine"
        (folder / name).unlink()


def test_a_map_to_edit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert published("tau_urban", "--write-map", tmp_path / "my.csv") == 0
    assert capsys.readouterr().out == f"tau_urban -> {tmp_path / 'my.csv'}\n"
    assert (tmp_path / "my.csv").read_text().startswith("label,place\nstreet_traffic,city_traffic\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["audioset"], "there is no reader for a set 'audioset'"),
        (["esc50"], "'photowave pairs published esc50' needs a folder and --out"),
        (["esc50", "nowhere", "--out", "x.csv"], "nowhere is not a folder"),
        (["soundingearth", "--write_map", "x.csv"], "SoundingEarth has no labels"),
        (["esc50", "nowhere", "--out", "x.csv", "--map", "none.csv"], "none.csv cannot be read"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    assert published(*arguments) == 2
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1


def test_a_set_of_which_nothing_serves_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "map.csv").write_text("label,place\nunheard,park\n")
    out = folder / "pairs.csv"
    assert published("esc50", folder / "esc50", "--out", out, "--map", folder / "map.csv") == 2
    assert "ESC-50: none of its 5 entries can serve" in capsys.readouterr().err
    assert not out.exists()
    assert (folder / "pairs_left_out.csv").exists()
