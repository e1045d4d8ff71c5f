"""Entries become rows: nothing vanishes, splits hold, and what two splits share stands in one of them."""

import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import tiny_sets
from hypothesis import given, settings
from hypothesis import strategies as st

from photowave.pairs.manifest import read_manifest, write_manifest
from photowave.pairs.published import esc50, vggsound
from photowave.pairs.published.assembling import Assembled, assemble
from photowave.pairs.published.entries import Entry, Found, Reader
from photowave.pairs.published.photos import read_photos
from photowave.pairs.published.places import PlaceMap
from photowave.settings import SplitSettings

PLACES = PlaceMap({"sea": "sea_waves", "rain": "rain", "speech": ""})


def made(entries: Sequence[Entry], folder: Path, *others: Found, seed: int = 0) -> Assembled:
    splits = SplitSettings(seed=seed)
    sources = [iter(entries), *others]
    return assemble(sources, PLACES, folder=folder, media=folder / "media", splits=splits)


def sounds(folder: Path, count: int, label: str = "sea") -> list[Entry]:
    paths = [tiny_sets.sound(folder / f"{label}{number}.wav") for number in range(count)]
    return [Entry(name=path.stem, labels=(label,), sound=path) for path in paths]


cells = st.one_of(
    st.sampled_from(["a", "b", "30", "0", "sea", "rain", "dog", "train", "test", "1", "4", "5", ""]),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"), max_size=8),
    st.sampled_from(["9" * 5000, "x" * 300, "../../a", "٣", "\n", '"']),
)


def check_nothing_vanishes(
    read: Reader, table: str, rows: Sequence[Sequence[str]], *, header: int, files: Sequence[str]
) -> None:
    """Every line that holds something is a row, is left out, or has a label without a place."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tiny_sets.table(folder / table, rows)
        for file in files:
            tiny_sets.sound(folder / file)
        lines = [row for row in rows[header:] if any(row)]
        done = assemble([read(folder)], PLACES, folder=folder, media=folder / "media")
        assert done.entries == len(lines)
        if done.rows:
            write_manifest(folder / "pairs.csv", done.rows)
            assert read_manifest(folder / "pairs.csv").rows == tuple(done.rows)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(cells, max_size=6), max_size=6))
def test_no_line_of_vggsound_vanishes(rows: list[list[str]]) -> None:
    good = [["a", "30", "sea", "train"], ["a", "30", "rain", "test"]]
    files = ["a_000030.wav", "frames/a_000030.jpg"]
    check_nothing_vanishes(vggsound.read, "vggsound.csv", [*good, *rows], header=0, files=files[:1])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(cells, max_size=8), max_size=6))
def test_no_line_of_esc50_vanishes(rows: list[list[str]]) -> None:
    header = ["filename", "fold", "target", "category", "esc10", "src_file", "take"]
    good = [["a.wav", "1", "0", "sea", "True", "7", "A"], ["b.wav", "5", "0", "sea", "True", "7", "B"]]
    files = ["audio/a.wav", "audio/b.wav"]
    check_nothing_vanishes(esc50.read, "meta/esc50.csv", [header, *good, *rows], header=1, files=files)


def test_a_set_without_splits_gets_all_three(tmp_path: Path) -> None:
    entries = sounds(tmp_path, 20)
    done = made(entries, tmp_path)
    assert Counter(row.split for row in done.rows) == {"train": 14, "val": 3, "test": 3}
    assert [row.split for row in made(entries, tmp_path, seed=1).rows] != [row.split for row in done.rows]


def test_what_a_published_split_lacks_is_cut_out_of_its_training(tmp_path: Path) -> None:
    entries = sounds(tmp_path, 20)
    entries = [
        Entry(name=e.name, labels=e.labels, sound=e.sound, split="test" if number < 5 else "train")
        for number, e in enumerate(entries)
    ]
    done = made(entries, tmp_path)
    assert [row.split for row in done.rows[:5]] == ["test"] * 5
    assert Counter(row.split for row in done.rows[5:]) == {"train": 13, "val": 2}


def test_each_source_is_split_by_itself(tmp_path: Path) -> None:
    entries = [
        Entry(name=e.name, labels=e.labels, sound=e.sound, split=split)
        for e, split in zip(sounds(tmp_path, 3), ("train", "val", "test"), strict=True)
    ]
    for number in range(10):
        tiny_sets.photo(tmp_path / "photos" / "sea_waves" / f"{number}.jpg")
    tiny_sets.photo(tmp_path / "photos" / "loose.jpg")
    done = made(entries, tmp_path, read_photos(tmp_path / "photos"))
    assert [row.split for row in done.rows[:3]] == ["train", "val", "test"]
    photos = [row for row in done.rows if row.photo is not None]
    assert Counter(row.split for row in photos) == {"train": 6, "val": 2, "test": 2}
    assert {row.scene for row in photos} == {"sea_waves"}
    assert [entry.name for entry in done.left_out] == ["loose.jpg"]
    # A manifest's photos keep their places and splits.
    credited = [replace(row, licence="CC0-1.0", author="somebody") for row in photos]
    write_manifest(tmp_path / "photos.csv", [*credited, *done.rows[:1]])
    again = made(entries, tmp_path, read_photos(tmp_path / "photos.csv"))
    assert again.rows == [*done.rows[:3], *credited]
    assert [entry.reason for entry in again.left_out] == ["has no photo or no place"]


def test_what_shares_a_recording_or_content_stays_together(tmp_path: Path) -> None:
    entries = sounds(tmp_path, 12)
    copy = tmp_path / "copy.wav"
    copy.write_bytes((tmp_path / "sea3.wav").read_bytes())
    entries.append(Entry(name="copy", labels=("sea",), sound=copy))
    tied = [
        Entry(name=e.name, labels=e.labels, sound=e.sound, keys=frozenset({f"source {number // 2}"}))
        for number, e in enumerate(entries[:6])
    ]
    for seed in range(10):
        done = made([*tied, *entries[6:]], tmp_path, seed=seed)
        split = {row.sound.stem: row.split for row in done.rows if row.sound}
        assert len(split) == 13
        assert split["sea0"] == split["sea1"]
        assert split["sea2"] == split["sea3"] == split["copy"]


@pytest.mark.parametrize("shared", ["key", "content"])
def test_a_published_split_that_parts_a_recording_keeps_its_test(tmp_path: Path, shared: str) -> None:
    train, val, test, own = sounds(tmp_path, 4)
    keys = frozenset({"video v"} if shared == "key" else ())
    if shared == "content":
        for entry in (train, val):
            (tmp_path / f"{entry.name}.wav").write_bytes((tmp_path / f"{test.name}.wav").read_bytes())
    entries = [
        Entry(name=e.name, labels=e.labels, sound=e.sound, split=split, keys=keys)
        for e, split in ((train, "train"), (val, "val"), (test, "test"))
    ]
    done = made([*entries, Entry(name="own", labels=("rain",), sound=own.sound, split="train")], tmp_path)
    assert [row.split for row in done.rows] == ["test", "train"]
    what = "shares video v with" if shared == "key" else "has the sound of"
    reason = f"{what} 'sea2', which stands in split test"
    assert [(entry.name, entry.reason) for entry in done.left_out] == [("sea0", reason), ("sea1", reason)]


def test_nothing_is_written_outside_of_the_media(tmp_path: Path) -> None:
    tiny_sets.video(tmp_path / "v.mp4")
    (tmp_path / "set").mkdir()
    paths = (tmp_path / "v.mp4", tmp_path / "set" / ".." / "v.mp4")
    entries = [Entry(name="v", labels=("sea",), video=path) for path in paths]
    done = made(entries, tmp_path / "set")
    assert not done.rows
    assert all("does not lie in" in entry.reason for entry in done.left_out)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["set", "v.mp4"]


def test_an_entry_that_no_manifest_can_hold_is_left_out(tmp_path: Path) -> None:
    (entry,) = sounds(tmp_path, 1)
    done = made([Entry(name="e", labels=("sea",), sound=entry.sound, source="two\nlines")], tmp_path)
    assert [e.reason for e in done.left_out] == ["a name has a line break in it"]


def test_progress_counts_what_has_a_place(tmp_path: Path) -> None:
    entries = [*sounds(tmp_path, 2), *sounds(tmp_path, 1, "dog"), *sounds(tmp_path, 1, "speech")]
    seen: list[int] = []
    done = assemble([iter(entries)], PLACES, folder=tmp_path, media=tmp_path / "media", progress=seen.append)
    assert seen == [1, 1]
    assert done.without_place == {"dog": 1, "speech": 1}
