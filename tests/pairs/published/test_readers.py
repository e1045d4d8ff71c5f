"""Each set in the layout in which it is published: which rows come of it, and what is left out and why."""

from collections.abc import Callable
from pathlib import Path

import pytest
import tiny_sets

from photowave.errors import PairError
from photowave.pairs.manifest import read_manifest, write_manifest
from photowave.pairs.published.assembling import Assembled, assemble
from photowave.pairs.published.places import map_path, read_map
from photowave.pairs.published.registry import SETS, published_set

Make = Callable[[str], Assembled]
PAGE = Path(__file__).resolve().parents[3] / "scripts" / "docs" / "published_sets.md"


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Write the tiny copy of a set and assemble it."""

    def made(name: str) -> Assembled:
        folder = tmp_path / name
        folder.mkdir()
        tiny_sets.WRITERS[name](folder)
        return again(name, folder)

    return made


def again(name: str, folder: Path) -> Assembled:
    places = read_map(map_path(name)) if SETS[name].labelled else None
    return assemble([SETS[name].read(folder)], places, folder=folder, media=folder.parent / "media")


def told(done: Assembled) -> dict[str, str]:
    return {entry.name: entry.reason for entry in done.left_out}


def test_every_set_has_a_copy() -> None:
    assert SETS.keys() == tiny_sets.WRITERS.keys()


@pytest.mark.parametrize("name", SETS)
def test_rows_are_a_manifest_and_nothing_vanishes(name: str, make: Make, tmp_path: Path) -> None:
    done = make(name)
    assert len(done.rows) == 3
    assert done.entries == (4 if name == "soundingearth" else 6 if name in ("advance", "ave") else 5)
    assert done.without_place.total() == SETS[name].labelled
    write_manifest(tmp_path / "pairs.csv", done.rows)
    assert read_manifest(tmp_path / "pairs.csv").rows == tuple(done.rows)
    assert again(name, tmp_path / name) == done


def test_vggsound(make: Make) -> None:
    done = make("vggsound")
    assert [(row.scene, row.split) for row in done.rows] == [
        ("sea_waves", "train"),
        ("rain", "test"),
        ("forest_birds", "train"),
    ]
    names = [row.sound and row.sound.name for row in done.rows]
    assert names[:2] == ["---aaaaaaa1_000030__0-10s.flac", "---aaaaaaa2_000000__0-10s.flac"]
    assert names[2] == "---aaaaaaa3_000004.wav"
    assert done.rows[0].source == "https://www.youtube.com/watch?v=---aaaaaaa1"
    assert done.without_place == {"playing harp": 1}
    assert "---aaaaaaa4_000110.mp4' does not exist" in told(done)["---aaaaaaa4_000110"]


def test_tau_urban(make: Make, tmp_path: Path) -> None:
    done = make("tau_urban")
    assert [(row.scene, row.split) for row in done.rows] == [
        ("city_traffic", "train"),
        ("city_traffic", "train"),
        ("train", "test"),
    ]
    assert all(row.sound and row.sound.parent == tmp_path / "tau_urban" / "audio" for row in done.rows)
    assert done.without_place == {"park": 1}
    assert "tram-oslo-4-1.wav' does not exist" in told(done)["tram-oslo-4-1"]
    # In some copies the lists lie in a folder of their own.
    lists = tmp_path / "tau_urban" / "TAU-urban-audio-visual-scenes-2021-development.meta"
    lists.mkdir()
    for name in ("meta.csv", "evaluation_setup"):
        (tmp_path / "tau_urban" / name).rename(lists / name)
    assert again("tau_urban", tmp_path / "tau_urban") == done


def test_landscape(make: Make) -> None:
    done = make("landscape")
    assert [(row.scene, row.split) for row in done.rows] == [
        ("mountain_wind", "test"),
        ("campfire", "train"),
        ("rain", "train"),
    ]
    assert done.without_place == {"explosion": 1}
    assert "has no sound track" in told(done)["train/thunder_12_1_1.mp4"]


def test_advance(make: Make, tmp_path: Path) -> None:
    done = make("advance")
    assert [row.scene for row in done.rows] == ["sea_waves", "sea_waves", "forest_birds"]
    assert all(row.photo and row.sound and row.photo.stem == row.sound.stem for row in done.rows)
    assert done.without_place == {"airport": 1}
    assert "does not exist" in told(done)["lake/00004_1"]
    assert told(done)["lake/00005_1.wav"] == "no photo of that name lies in vision"
    for name in ("vision", "sound"):
        (tmp_path / "advance" / name).rename(tmp_path / "advance" / f"ADVANCE_{name}")
    assert len(again("advance", tmp_path / "advance").rows) == 3


def test_soundingearth(make: Make) -> None:
    done = make("soundingearth")
    assert [(row.split, row.scene, row.sound and row.sound.name) for row in done.rows] == [
        ("train", None, "a.mp3"),
        ("test", None, "other.mp3"),
        ("val", None, "107.mp3"),
    ]
    assert "109.mp3' does not exist" in told(done)["109"]


def test_ave(make: Make) -> None:
    done = make("ave")
    assert [(row.scene, row.split, row.sound and row.sound.name) for row in done.rows] == [
        ("train", "train", "RUhOCu3LNXM__0-1s.flac"),
        ("city_traffic", "train", "RUhOCu3LNXM__1-2s.flac"),
        ("farm_animals", "test", "2An2JMGMbbs__0-1s.flac"),
    ]
    assert done.without_place == {"Male speech, man speaking": 1}
    assert told(done)["VWi2ENBuTbw 0-0 s"] == "the event has no length"
    assert "MH3m4AwEcRY.mp4' does not exist" in told(done)["MH3m4AwEcRY 6-8 s"]


def test_esc50(make: Make) -> None:
    done = make("esc50")
    assert [(row.scene, row.split, row.licence) for row in done.rows] == [
        ("rain", "train", "CC-BY"),
        ("sea_waves", "val", "CC-BY"),
        ("night_crickets", "test", "CC-BY-NC-3.0"),
    ]
    assert done.without_place == {"dog": 1}
    assert "does not exist" in told(done)["2-100035-A-10.wav"]


def test_fsd50k(make: Make) -> None:
    done = make("fsd50k")
    assert [(row.scene, row.split) for row in done.rows] == [
        ("sea_waves", "train"),
        ("rain", "val"),
        ("mountain_wind", "test"),
    ]
    assert (done.rows[0].author, done.rows[1].author) == ("somebody", "")
    assert done.rows[0].licence.endswith("/by/3.0/")
    assert done.without_place == {"Speech": 1}
    assert "64762.wav' does not exist" in told(done)["dev/64762"]


def test_places365(make: Make, tmp_path: Path) -> None:
    done = make("places365")
    assert [(row.scene, row.split) for row in done.rows] == [
        ("sea_waves", "train"),
        ("desert_wind", "train"),
        ("sea_waves", "val"),
    ]
    assert "00000003.jpg' does not exist" in told(done)["b/beach/00000003.jpg"]
    easy = tmp_path / "easy"
    for name in ("train/beach/1", "train/desert-sand/2", "val/beach/3", "train/4", "val/airfield/5"):
        tiny_sets.photo(easy / f"{name}.jpg")
    found = again("places365", easy)
    assert [(row.scene, row.split) for row in found.rows] == [(row.scene, row.split) for row in done.rows]
    assert told(found) == {"train/4.jpg": "lies in no folder of a category"}
    assert found.without_place == {"airfield": 1}


@pytest.mark.parametrize("name", SETS)
def test_a_folder_without_the_set_is_one_line(name: str, tmp_path: Path) -> None:
    for folder in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(PairError, match=r"holds no|not a folder"):
            list(published_set(name).read(folder))


@pytest.mark.parametrize("name", SETS)
def test_the_documentation_says_what_the_registry_says(name: str) -> None:
    known = SETS[name]
    row = f"| `{name}` | [{known.title}]({known.origin}) | {known.licence} | {known.size} |"
    assert row in PAGE.read_text(encoding="utf-8").splitlines()


def test_an_unknown_set_lists_the_known() -> None:
    with pytest.raises(PairError, match=r"no reader for a set 'audioset'\. Choose from: vggsound, tau_urban"):
        published_set("audioset")


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("meta/esc50.csv", b"filename,fold\n", "has no column category, esc10, src_file"),
        ("meta/esc50.csv", b"", "present are: none"),
        ("meta/esc50.csv", b"filename\xff,fold\n", "is not UTF-8 text"),
    ],
)
def test_a_list_that_is_none_is_one_line(name: str, content: bytes, match: str, tmp_path: Path) -> None:
    (tmp_path / "meta").mkdir()
    (tmp_path / name).write_bytes(content)
    with pytest.raises(PairError, match=match):
        list(SETS["esc50"].read(tmp_path))
