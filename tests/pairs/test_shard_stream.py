"""Clips from shards: one from each piece, the same after a resume, and one line for what is damaged."""

import json
import os
import pickle
import shutil
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from litdata import StreamingDataset
from litdata.streaming.writer import BinaryWriter
from tiny_scenes import tiny_config, write_tiny_scenes
from tiny_shards import shard_data, shard_reader, shards, write_tiny_shards
from tiny_training import tiny_encoder

from photowave.errors import PairError
from photowave.pairs import shard_stream
from photowave.pairs.shard_index import ShardIndex
from photowave.pairs.shard_stream import ClipBatches, ClipStream, ShardReader, read_part, stream_clips

__all__ = ["shards"]


@pytest.fixture(autouse=True)
def caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep everything out of the user's cache folder."""
    for name in ("image.cache", "pairs.split_data", "pairs.shard_stream"):
        monkeypatch.setattr(
            f"photowave.{name}.platformdirs.user_cache_path", lambda *a, **k: tmp_path / "cache"
        )


def stream(pairs: Path | str, *, seed: int = 3, **changes: Any) -> ClipBatches:
    settings = shard_data(pairs, **changes)
    return stream_clips(
        str(pairs), settings, config=tiny_config(), encoder=tiny_encoder(), seed=seed, devices=1
    )


def seeds(batches: ClipBatches, count: int) -> list[list[int]]:
    """What tells clips apart, of the next batches over all epochs."""
    found: list[list[int]] = []
    while len(found) < count:
        found += [batch["seed"].tolist() for batch in batches]
    return found[:count]


def test_a_pass_cuts_one_clip_from_each_piece(shards: Path) -> None:
    reader = shard_reader(shards)
    clips = ClipStream(reader, seed=3)
    plain = StreamingDataset(**reader.options())
    starts = set()
    for number in range(12):
        sample, clip = reader.read(plain, number), clips[number]
        start = round(float(clip["start_s"]) * 4_000)
        starts.add(start)
        assert torch.equal(clip["samples"], sample.recording.samples[start : start + 400])
        assert any(torch.equal(clip["features"], features) for features in sample.features)
        assert not clip["paired"]
    assert len(starts) > 6
    one_pass = seeds(stream(shards), 6)
    assert len({seed for batch in one_pass for seed in batch}) == 12


def test_epochs_go_on_through_passes_and_hang_on_the_seed(shards: Path) -> None:
    batches = stream(shards)
    assert len(batches) == 4
    found = seeds(batches, 12)
    assert found == seeds(stream(shards), 12)
    assert len({seed for batch in found for seed in batch}) == 24
    assert found != seeds(stream(shards, seed=4), 12)


@pytest.mark.parametrize(("done", "workers"), [(4, 0), (8, 0), (12, 0), (8, 1)])
def test_a_resumed_training_hears_what_it_would_have_heard(done: int, workers: int, shards: Path) -> None:
    whole = seeds(stream(shards, workers=workers), 16)
    first = stream(shards, workers=workers)
    seeds(first, done)
    state = json.loads(json.dumps(first.state_dict()))
    state["dataset"]["input_dir_path"] = "/where/they/were"
    resumed = stream(shards, workers=workers)
    resumed.load_state_dict(state)
    assert seeds(resumed, 16 - done) == whole[done:]


def test_other_shards_than_before_are_told(shards: Path, caplog: pytest.LogCaptureFixture) -> None:
    first = stream(shards)
    seeds(first, 8)
    resumed = stream(shards, seed=4)
    resumed.load_state_dict(first.state_dict())
    assert "a pass through them begins anew" in caplog.text
    assert seeds(resumed, 6) == seeds(stream(shards, seed=4), 6)


def test_an_address_gives_the_same_clips(shards: Path, tmp_path: Path) -> None:
    assert seeds(stream(f"local:{shards}"), 6) == seeds(stream(shards), 6)
    assert list((tmp_path / "cache/shards").rglob("chunk-0-0.bin"))


def test_writing_and_reading_ask_no_other_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*given: object) -> None:
        raise AssertionError(f"a connection was asked for: {given}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    write_tiny_shards(write_tiny_scenes(tmp_path), tmp_path / "shards")
    assert len(seeds(stream(tmp_path / "shards"), 6)) == 6


@pytest.fixture
def damaged(shards: Path, tmp_path: Path) -> Path:
    """Shards with one bit turned in each chunk, in the middle of its samples."""
    copied = Path(shutil.copytree(shards, tmp_path / "copied"))
    for chunk in copied.rglob("*.bin"):
        content = bytearray(chunk.read_bytes())
        content[10_000] ^= 1
        chunk.write_bytes(content)
    return copied


@pytest.mark.parametrize("workers", [0, 1])
def test_a_damaged_chunk_is_told_in_one_line(workers: int, damaged: Path) -> None:
    with pytest.raises(PairError, match=r"train: sample \d+ is damaged \(its checksum.*anew\.$") as refused:
        seeds(stream(damaged, workers=workers), 6)
    assert "\n" not in str(refused.value)


def test_a_damaged_table_of_a_chunk_is_told_in_one_line(damaged: Path) -> None:
    for chunk in damaged.rglob("*.bin"):
        content = bytearray(chunk.read_bytes())
        content[4:12] = os.urandom(8)
        chunk.write_bytes(content)
    settings = shard_data(damaged)
    with pytest.raises(PairError, match="val: sample 0 is damaged") as refused:
        read_part(str(damaged), "val", settings, config=tiny_config(), encoder=tiny_encoder())
    assert "\n" not in str(refused.value)


class Trap:
    """Leaves a file where it is unpickled."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def test_nothing_is_unpickled_whatever_the_index_says(tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    pickle.loads(pickle.dumps(Trap(trap)))
    trap.unlink()  # it works
    writer = BinaryWriter(str(tmp_path / "evil"), chunk_bytes=1_000)
    writer[0] = {"samples": Trap(trap)}
    writer.done()
    writer.merge(1)
    index = ShardIndex(str(tmp_path / "evil"), 1)
    reader = ShardReader(index, shard_data(tmp_path), config=tiny_config(), encoder=tiny_encoder())
    with pytest.raises(PairError, match="pickled data, which photowave does not read"):
        reader.read(StreamingDataset(**reader.options()), 0)
    assert not trap.exists()


def test_other_settings_than_those_of_the_shards_are_refused(shards: Path) -> None:
    reader = shard_reader(shards)
    dataset = StreamingDataset(**reader.options())
    for change in ({"fade_s": 1.0}, {"window_s": 0.6}, {"clip_s": 0.4}):
        with pytest.raises(PairError, match=r"was written for data\..*, and the training has"):
            shard_reader(shards, **change).read(dataset, 0)
    shard_reader(shards, clip_s=0.05, val_clip_s=0.1).read(dataset, 0)


def test_another_encoder_reads_the_photos_anew(shards: Path) -> None:
    class Other:
        fingerprint, feature_dim = "other", 3

        def encode(self, photos: list[bytes]) -> torch.Tensor:
            return torch.tensor([[len(photo), 1.0, 2.0] for photo in photos])

    reader = shard_reader(shards)
    sample = reader.read(StreamingDataset(**reader.options()), 0)
    reader.encoder = Other()  # type: ignore[assignment]
    expected = [[len(photo), 1.0, 2.0] for photo in sample.photos]
    assert reader.features(sample).tolist() == expected


def test_the_part_that_is_measured_is_that_of_a_plain_training(shards: Path, tmp_path: Path) -> None:
    settings = replace(shard_data(shards), cache=True)
    given = {"config": tiny_config(), "encoder": tiny_encoder()}
    part, pieces = read_part(str(shards), "train", settings, **given)
    assert (pieces, len(part.bank.recordings), len(part.features)) == (12, 12, 6)
    assert part.pairing.sound_scenes.count("hiss") == 6
    for sound, photos in zip(part.pairing.sounds, part.pairing.photos_of, strict=True):
        assert {part.pairing.photos[photo].name[:4] for photo in photos} == {sound.path.name[:4]}
        assert len(photos) == 3  # all of the scene, and not only those beside it
    assert {credit.licence for credit in part.pairing.credits} == {"cc0"}
    packs = list((tmp_path / "cache/recordings/packs").iterdir())
    again, _ = read_part(str(shards), "train", settings, **given)
    assert list((tmp_path / "cache/recordings/packs").iterdir()) == packs
    for one, other in zip(part.bank.recordings, again.bank.recordings, strict=True):
        assert torch.equal(one.samples, other.samples)


def test_a_large_split_is_measured_in_part(shards: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shard_stream, "MOST_RECORDINGS", 5)
    given = {"config": tiny_config(), "encoder": tiny_encoder()}
    part, pieces = read_part(str(shards), "train", shard_data(shards), **given)
    assert (pieces, len(part.bank.recordings)) == (12, 5)


def test_fewer_pieces_than_a_batch_are_refused(shards: Path) -> None:
    batches = stream(shards, batch_size=13, clips_per_epoch=13)
    with pytest.raises(PairError, match="fewer pieces than one batch"):
        next(iter(batches))
