"""A folder of scenes becomes rows, and rows get splits."""

import shutil
from collections import Counter
from pathlib import Path

import pytest

from photowave.errors import PairError
from photowave.pairs.manifest import read_manifest, write_manifest
from photowave.pairs.table import scene_table
from photowave.settings import SplitSettings


def fill(folder: Path, scene: str, *, photos: int, sounds: int) -> None:
    for kind, count, suffix in (("photos", photos, "jpg"), ("sounds", sounds, "wav")):
        (folder / scene / kind).mkdir(parents=True)
        for number in range(count):
            name = chr(ord("a") + number)
            (folder / scene / kind / f"{name}.{suffix}").write_text(f"{scene} {kind} {number}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    fill(tmp_path, "sea", photos=6, sounds=4)
    fill(tmp_path, "city", photos=3, sounds=3)
    return tmp_path


def test_one_row_per_file_with_the_folder_as_scene(folder: Path) -> None:
    (folder / ".hidden" / "photos").mkdir(parents=True)
    (folder / "sea" / "photos" / ".a.jpg").write_text("hidden")
    (folder / "sea" / "sounds" / "notes.txt").write_text("no sound")
    (folder / "README.md").write_text("no scene")
    rows = scene_table(folder)
    assert [(row.scene, row.photo is not None) for row in rows] == (
        [("city", True)] * 3 + [("city", False)] * 3 + [("sea", True)] * 6 + [("sea", False)] * 4
    )
    assert rows[0].photo == folder / "city" / "photos" / "a.jpg"
    assert rows[-1].sound == folder / "sea" / "sounds" / "d.wav"
    counts = Counter((row.scene, "photo" if row.photo else "sound", row.split) for row in rows)
    assert counts["city", "photo", "val"] == counts["city", "photo", "test"] == 1
    assert counts["city", "sound", "val"] == 1
    assert counts["city", "sound", "test"] == 0
    assert counts["sea", "sound", "test"] == 1


def test_the_table_is_a_manifest_that_can_be_written_and_read(folder: Path) -> None:
    rows = scene_table(folder, SplitSettings(seed=3))
    write_manifest(folder / "pairs.csv", rows)
    read = read_manifest(folder / "pairs.csv").rows
    assert read == tuple(rows)
    assert [row.line for row in read] == [row.line for row in rows]


def test_the_split_does_not_depend_on_where_the_folder_lies(folder: Path, tmp_path_factory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "copy"
    shutil.copytree(folder, elsewhere)
    assert [row.split for row in scene_table(folder)] == [row.split for row in scene_table(elsewhere)]


def test_copies_never_part(folder: Path) -> None:
    for number in range(8):
        copy = folder / "sea" / "photos" / f"copy{number}.jpg"
        shutil.copy(folder / "sea" / "photos" / "a.jpg", copy)
    for seed in range(10):
        rows = scene_table(folder, SplitSettings(seed=seed))
        same = {r.split for r in rows if r.photo and r.photo.read_text() == "sea photos 0"}
        assert len(same) == 1


def test_everything_that_is_lacking_is_named_at_once(folder: Path) -> None:
    fill(folder, "hill", photos=0, sounds=1)
    (folder / "lake").mkdir()
    with pytest.raises(PairError, match="nothing usable in hill/photos, lake/photos, lake/sounds"):
        scene_table(folder)


def test_no_scenes_and_no_folder(tmp_path: Path) -> None:
    with pytest.raises(PairError, match="holds no scenes"):
        scene_table(tmp_path)
    with pytest.raises(PairError, match="is not a folder"):
        scene_table(tmp_path / "gone")


def test_scenes_whose_folders_look_alike_are_one(folder: Path) -> None:
    fill(folder, "café", photos=2, sounds=2)
    fill(folder, "cafe\N{COMBINING ACUTE ACCENT}", photos=1, sounds=1)
    scenes = Counter(row.scene for row in scene_table(folder))
    assert scenes == {"sea": 10, "city": 6, "café": 6}
