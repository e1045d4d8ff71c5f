"""Shards: everything is in them as a plain training has it, and they are there whole or not at all."""

import shutil
from collections import defaultdict
from contextlib import nullcontext
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from litdata import StreamingDataset
from tiny_scenes import tiny_config, write_tiny_scenes
from tiny_shards import shard_data, shard_reader, shards, write_tiny_shards
from tiny_training import tiny_encoder

from photowave.errors import PairError
from photowave.pairs import shards as module
from photowave.pairs.manifest import read_manifest
from photowave.pairs.shard_format import Sample
from photowave.pairs.shard_index import open_index
from photowave.pairs.shard_stream import ShardReader
from photowave.pairs.shards import deal, write_shards
from photowave.pairs.split_data import SplitData, read_split

__all__ = ["shards"]


@pytest.fixture(autouse=True)
def feature_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep features out of the user's cache folder."""
    monkeypatch.setattr(
        "photowave.image.cache.platformdirs.user_cache_path", lambda *a, **k: tmp_path / "cache"
    )


def samples_of(folder: Path, split: str) -> list[Sample]:
    """All samples of a split, in their order."""
    reader = shard_reader(folder, split)
    dataset = StreamingDataset(**reader.options())
    return [reader.read(dataset, number) for number in range(reader.index.pieces)]


def plain(folder: Path, split: str) -> SplitData:
    """What a training without shards reads."""
    rows = read_manifest(folder / "pairs.csv").split(split)
    return read_split(rows, shard_data(folder), config=tiny_config(), encoder=tiny_encoder())


@given(st.lists(st.integers(), unique=True, max_size=20), st.integers(1, 20))
def test_dealing_forgets_no_photo_and_no_sound(items: list[int], hands: int) -> None:
    dealt = deal(items, hands)
    assert len(dealt) == hands
    assert set().union(*dealt) == set(items)
    assert all(dealt) == bool(items)
    sizes = [len(hand) for hand in dealt]
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_nothing_is_missing_and_all_is_as_a_plain_training_has_it(split: str, shards: Path) -> None:
    folder = shards.parent
    expected = plain(folder, split)
    pieces: dict[str, dict[float, torch.Tensor]] = defaultdict(dict)
    seen: dict[str, torch.Tensor] = {}
    for sample in samples_of(shards, split):
        row = sample.row
        pieces[row.sound][row.start_s] = sample.recording.samples
        assert row.scene is not None
        assert row.sound.startswith(row.scene)
        assert row.cells["licence"] == "cc0"
        assert row.cells["group"].startswith("mine ")
        assert row.photos
        for entry, file, features in zip(row.photos, sample.photos, sample.features, strict=True):
            assert file == (folder / entry.name).read_bytes()
            assert entry.scene == row.scene
            assert entry.cells["photo"] == entry.name
            seen[entry.name] = features
    assert set(pieces) == {path.name for path, _ in expected.pairing.sounds}
    for recording in expected.bank.recordings:
        found = pieces[recording.path.name]
        assert sorted(found) == [0.0, 1.0]
        assert torch.equal(torch.cat([found[start] for start in sorted(found)]), recording.samples)
    assert set(seen) == {path.name for path in expected.pairing.photos}
    for path, features in zip(expected.pairing.photos, expected.features, strict=True):
        assert torch.equal(seen[path.name], features)


def test_a_recording_in_one_piece_gives_the_clips_of_a_plain_training(tmp_path: Path) -> None:
    config, settings = tiny_config(components=3), shard_data(write_tiny_scenes(tmp_path))
    write_shards(tmp_path / "shards", settings, config=config, encoder=tiny_encoder(), piece_s=2.0)
    expected = read_split(
        read_manifest(tmp_path / "pairs.csv").split("train"), settings, config=config, encoder=tiny_encoder()
    ).bank
    index = open_index(str(tmp_path / "shards"), "train")
    reader = ShardReader(index, settings, config=config, encoder=tiny_encoder())
    dataset = StreamingDataset(**reader.options())
    own = {}
    for number in range(reader.index.pieces):
        sample = reader.read(dataset, number)
        own[sample.row.sound] = sample.recording
    for index, recording in enumerate(expected.recordings):
        bank = reader.bank([own[recording.path.name]])
        for start in (0, 1, 3_777, 7_600):
            mine, theirs = bank.clip(0, start, 400), expected.clip(index, start, 400)
            assert torch.equal(mine[0], theirs[0])
            assert torch.equal(mine[1], theirs[1])
            for one, other in zip(mine[2], theirs[2], strict=True):
                assert torch.equal(one, other)


def test_what_cannot_be_used_is_told_and_its_photos_go_to_other_sounds(tmp_path: Path) -> None:
    manifest = write_tiny_scenes(tmp_path)
    (tmp_path / "hiss1.wav").write_bytes(b"RIFF")
    (tmp_path / "rumble2.png").write_bytes(b"no photo")
    written = write_tiny_shards(manifest, tmp_path / "shards")
    assert {Path(row.file).name for row in written.left_out} == {"hiss1.wav", "rumble2.png"}
    assert written.pieces == {"train": 10, "val": 4, "test": 4}
    there = samples_of(tmp_path / "shards", "train")
    assert {sample.row.sound for sample in there} == {
        f"{s}{n}.wav" for s in ("hiss", "rumble") for n in range(3)
    } - {"hiss1.wav"}
    photos = {photo.name for sample in there for photo in sample.row.photos}
    assert photos == {f"{s}{n}.png" for s in ("hiss", "rumble") for n in range(3)} - {"rumble2.png"}


def test_a_run_that_breaks_off_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = write_tiny_scenes(tmp_path)
    before = set(tmp_path.iterdir())
    calls = []

    def broken(*given: object) -> None:
        calls.append(given)
        if len(calls) == 5:
            raise KeyboardInterrupt

    monkeypatch.setattr(module, "pack", lambda *given: broken(*given) or {})
    monkeypatch.setattr(module, "_chunks", lambda *given: nullcontext(lambda sample: None))
    with pytest.raises(KeyboardInterrupt):
        write_tiny_shards(manifest, tmp_path / "shards")
    assert set(tmp_path.iterdir()) - {tmp_path / "cache"} == before


def test_what_is_there_is_replaced_only_when_it_is_asked_for(shards: Path, tmp_path: Path) -> None:
    manifest, out = shards.parent / "pairs.csv", tmp_path / "shards"
    shutil.copytree(shards, out)
    with pytest.raises(PairError, match="--overwrite to replace it"):
        write_tiny_shards(manifest, out)
    written = write_tiny_shards(manifest, out, piece_s=2.0, overwrite=True)
    assert written.pieces["train"] == len(samples_of(out, "train")) == 6
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    (other := tmp_path / "mine").mkdir()
    with pytest.raises(PairError, match="holds no shards"):
        write_tiny_shards(manifest, other, overwrite=True)
    with pytest.raises(PairError, match="Choose a folder that exists"):
        write_tiny_shards(manifest, tmp_path / "no/where")


@pytest.mark.parametrize("change", [{"piece_s": 0.9}, {"piece_s": float("nan")}, {"chunk_mb": 0.0}])
def test_sizes_that_make_no_sense_are_refused(change: dict[str, float], shards: Path, tmp_path: Path) -> None:
    with pytest.raises(PairError, match=f"{next(iter(change))}=.*must be"):
        write_tiny_shards(shards.parent / "pairs.csv", tmp_path / "shards", **change)


def test_another_table_needs_no_photos_if_the_model_needs_none(tmp_path: Path) -> None:
    write_tiny_scenes(tmp_path)
    settings = shard_data(tmp_path / "hiss0.wav")
    config = tiny_config("position")
    out = tmp_path / "shards"
    written = write_shards(out, settings, config=config, encoder=tiny_encoder(), piece_s=2.0)
    assert written.pieces == {"train": 1, "val": 1, "test": 1}
    (sample,) = samples_of(out, "train")
    assert sample.row.photos == ()
    assert sample.features.shape == (0, tiny_encoder().feature_dim)
