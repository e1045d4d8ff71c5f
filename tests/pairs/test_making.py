"""Manifests of collections as people keep them: what pairs, who goes where, and what a kill leaves."""

import multiprocessing
import random
import sys
import time
from pathlib import Path

import pytest
import soundfile
from PIL import Image
from tiny_videos import write_video

from photowave.errors import PairError
from photowave.pairs.making import make_pairs
from photowave.pairs.manifest import read_manifest
from photowave.pairs.rows import Row
from photowave.settings import SplitSettings


def lay(folder: Path, *names: str) -> Path:
    """Files that differ; nothing here decodes them."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


def names(rows: list[Row], folder: Path) -> list[tuple[str | None, ...]]:
    return [
        tuple(
            None if path is None else path.relative_to(folder).as_posix() for path in (row.photo, row.sound)
        )
        for row in rows
    ]


def test_equal_names_pair_in_their_own_folder_in_any_case_of_ending(tmp_path: Path) -> None:
    folder = lay(
        tmp_path / "all", "a/1.JPG", "a/1.Wav", "b/1.heic", "b/1.FLAC", "b/deep/2.avif", "b/deep/2.ogg"
    )
    lay(folder, "lonely.png", "b/3.mp3", ".hidden/4.jpg", ".hidden/4.wav", "notes.txt")
    made = make_pairs(folder, tmp_path / "m.csv")
    assert names(made.rows, folder) == [
        ("a/1.JPG", "a/1.Wav"),
        ("b/1.heic", "b/1.FLAC"),
        ("b/deep/2.avif", "b/deep/2.ogg"),
    ]
    assert made.left_out == [
        f"{folder / 'b/3.mp3'}: no photo has its name",
        f"{folder / 'lonely.png'}: no sound has its name",
    ]
    assert read_manifest(tmp_path / "m.csv").rows == tuple(made.rows)


def test_photos_and_sounds_may_lie_in_folders_of_their_own(tmp_path: Path) -> None:
    one = lay(tmp_path / "one", "Photos/x/1.jpg", "sounds/x/1.wav", "sounds/y/1.wav", "photos/y/1.jpg")
    made = make_pairs(one, tmp_path / "one.csv", layout="stems")
    assert names(made.rows, one) == [
        ("Photos/x/1.jpg", "sounds/x/1.wav"),
        ("photos/y/1.jpg", "sounds/y/1.wav"),
    ]
    photos, sounds = lay(tmp_path / "p", "x/1.jpg", "x/2.jpg"), lay(tmp_path / "s", "x/1.wav", "x/2.wav")
    two = make_pairs(photos, tmp_path / "two.csv", sounds=sounds)
    assert names(two.rows, tmp_path) == [("p/x/1.jpg", "s/x/1.wav"), ("p/x/2.jpg", "s/x/2.wav")]


def test_labels_become_places_by_a_map(tmp_path: Path) -> None:
    photos = lay(tmp_path / "p", "beach/1.jpg", "beach/far/2.jpg", "desk/3.jpg", "loose.jpg")
    sounds = lay(tmp_path / "s", "ocean/1.wav", "ocean/2.wav", "clock/3.wav")
    (tmp_path / "map.csv").write_text(
        "kind,label,place\nphoto,beach,sea\nsound,ocean,sea\nphoto,desk,\nsound,clock,office\n"
    )
    made = make_pairs(photos, tmp_path / "m.csv", sounds=sounds, labels=tmp_path / "map.csv")
    assert [(row.scene, *name) for row, name in zip(made.rows, names(made.rows, tmp_path), strict=True)] == [
        ("sea", "p/beach/1.jpg", None),
        ("sea", "p/beach/far/2.jpg", None),
        ("office", None, "s/clock/3.wav"),
        ("sea", None, "s/ocean/1.wav"),
        ("sea", None, "s/ocean/2.wav"),
    ]
    assert made.left_out == [f"{photos / 'desk/3.jpg'}: the photo label 'desk' has no place"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("kind,label\nphoto,a\n", "columns missing: place"),
        ("kind,label,place\npicture,a,b\n", "kind 'picture' is not photo or sound"),
        ("kind,label,place\nphoto,a,b\nphoto,a,c\n", "the photo label 'a' has two places, 'b' and 'c'"),
        ("kind,label,place\nphoto,a,b\n", "no place has both"),
    ],
)
def test_maps_that_are_none(text: str, words: str, tmp_path: Path) -> None:
    photos, sounds = lay(tmp_path / "p", "a/1.jpg"), lay(tmp_path / "s", "b/1.wav")
    (tmp_path / "map.csv").write_text(text)
    with pytest.raises(PairError, match=words):
        make_pairs(photos, tmp_path / "m.csv", sounds=sounds, labels=tmp_path / "map.csv")
    assert not (tmp_path / "m.csv").exists()


def table(folder: Path, count: int) -> Path:
    lay(folder, *(f"{n}.wav" for n in range(count)))
    path = folder / "table.csv"
    lines = [f",{n}.wav,sea,walk {n // 3},note {n}" for n in range(count)]
    path.write_text("\n".join(["photo,sound,scene,walk,remark", *lines]) + "\n")
    return path


def test_a_table_is_split_by_a_group_and_keeps_its_columns(tmp_path: Path) -> None:
    source = table(tmp_path, 60)
    made = make_pairs(source, tmp_path / "out.csv", group="walk", splits=SplitSettings(val=0.2, test=0.2))
    assert {row.split for row in made.rows} == {"train", "val", "test"}
    for first in range(0, 60, 3):
        assert len({row.split for row in made.rows[first : first + 3]}) == 1
    lines = (tmp_path / "out.csv").read_text().splitlines()
    assert lines[0] == "photo,sound,scene,walk,remark,split"
    assert lines[5] == f",4.wav,sea,walk 1,note 4,{made.rows[4].split}"
    assert read_manifest(tmp_path / "out.csv").rows == tuple(made.rows)


def test_new_rows_move_no_old_one(tmp_path: Path) -> None:
    few = make_pairs(table(tmp_path, 45), tmp_path / "few.csv", group="walk")
    many = make_pairs(table(tmp_path, 90), tmp_path / "many.csv", group="walk")
    assert [row.split for row in many.rows[:45]] == [row.split for row in few.rows]
    other = make_pairs(
        table(tmp_path, 90), tmp_path / "other.csv", group="walk", splits=SplitSettings(seed=1)
    )
    assert [row.split for row in other.rows] != [row.split for row in many.rows]


def test_a_folder_by_place_is_split_as_the_training_splits_it(tmp_path: Path) -> None:
    folder = lay(tmp_path / "all", *(f"sea/{kind}/{n}" for n in "abcdefgh" for kind in ("photos", "sounds")))
    for path in [path for path in folder.rglob("*") if path.is_file()]:
        path.rename(path.with_suffix(".jpg" if path.parent.name == "photos" else ".wav"))
    (folder / "sea" / "photos" / "deep").mkdir()
    (folder / "sea" / "photos" / "deep" / "z.JPEG").write_text("another")
    from photowave.pairs.table import scene_table

    made = make_pairs(folder, tmp_path / "m.csv")
    assert made.rows == scene_table(folder)
    assert len(made.rows) == 17
    stable = make_pairs(folder, tmp_path / "stable.csv", stable=True)
    assert [row.scene for row in stable.rows] == [row.scene for row in made.rows]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"layout": "labels"}, "needs two folders"),
        ({"labels": Path("map.csv")}, "only two folders by label have one"),
        ({"layout": "places", "sounds": Path("s")}, "a second folder does not go with the layout places"),
        ({"group": "walk"}, "only a table has columns"),
        ({"layout": "videos"}, "holds no videos"),
    ],
)
def test_options_that_do_not_fit_the_layout(options: dict, words: str, tmp_path: Path) -> None:
    folder = lay(tmp_path / "all", "1.jpg", "1.wav")
    with pytest.raises(PairError, match=words):
        make_pairs(folder, tmp_path / "m.csv", **options)


def videos(folder: Path) -> Path:
    (folder / "sea").mkdir(parents=True)
    for number, name in enumerate(("sea/a.mp4", "sea/B.MKV", "c.mkv")):
        write_video(folder / name, seconds=2.0 + number)
    (folder / "broken.mp4").write_bytes((folder / "sea" / "a.mp4").read_bytes()[:4000])
    return folder


def test_videos_give_places_by_their_folder_and_broken_ones_are_named(tmp_path: Path) -> None:
    made = make_pairs(videos(tmp_path / "v"), tmp_path / "m.csv", excerpt_s=1.0)
    assert [row.scene for row in made.rows].count("sea") == 5
    assert [row.scene for row in made.rows].count(None) == 4
    (failed,) = made.failed
    assert failed.startswith(str(tmp_path / "v" / "broken.mp4"))
    assert read_manifest(tmp_path / "m.csv").rows == tuple(made.rows)
    # One video, one split.
    assert len({row.split for row in made.rows if row.scene is None}) == 1


def _make(source: Path, out: Path) -> None:
    make_pairs(source, out, excerpt_s=1.0)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_kill_at_any_moment_leaves_nothing_half(tmp_path: Path) -> None:
    source, out = videos(tmp_path / "v"), tmp_path / "m.csv"
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["photowave.pairs.making", "av"])
    first = context.Process(target=_make, args=(source, tmp_path / "whole" / "m.csv"))
    (tmp_path / "whole").mkdir()
    first.start()
    first.join()
    assert first.exitcode == 0
    begun = time.monotonic()
    timed = context.Process(target=_make, args=(source, tmp_path / "timed.csv"))
    timed.start()
    timed.join()
    needed_s = time.monotonic() - begun
    moments, excerpts = random.Random(0), tmp_path / "m_excerpts"
    for _ in range(10):
        child = context.Process(target=_make, args=(source, out))
        child.start()
        child.join(moments.uniform(0.0, needed_s))
        child.kill()
        child.join()
        for path in excerpts.glob("[!.]*"):
            if path.suffix == ".flac":
                assert len(soundfile.read(path)[0]) >= 15_900
            elif path.suffix == ".jpg":
                Image.open(path).load()
        if out.exists():
            assert len(read_manifest(out).rows) == 9
    last = context.Process(target=_make, args=(source, out))
    last.start()
    last.join()
    assert last.exitcode == 0

    def visible(folder: Path) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in folder.glob("[!.]*")}

    assert visible(excerpts) == visible(tmp_path / "whole" / "m_excerpts")
    assert out.read_text().replace("m_excerpts/", "") == (
        (tmp_path / "whole" / "m.csv").read_text().replace("m_excerpts/", "")
    )
