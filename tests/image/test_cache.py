"""The cache spares work and changes no result, whatever happens to its files."""

import hashlib
import io
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from photowave.errors import MediaError
from photowave.image import FeatureCache, PhotoEncoder
from photowave.image import cache as module

KILLED = """
import os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
import test_cache
from photowave.image import cache
cache._NEW = 1
encoder, _ = test_cache.make_encoder()
rows = cache.FeatureCache(Path(sys.argv[1])).each(encoder, [Path(name) for name in sys.argv[3:]])
for _ in range(2):
    next(rows)
# The third is computed and never kept.
cache._Base._flush = lambda self: os.kill(os.getpid(), 9)
next(rows)
"""


class CountingNetwork(nn.Module):
    """Mean colour times a weight, and how often it was asked."""

    def __init__(self, weight: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(weight))
        self.calls = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        return x.mean((2, 3)) * self.weight


def make_encoder(weight: float = 1.0) -> tuple[PhotoEncoder, CountingNetwork]:
    network = CountingNetwork(weight)
    encoder = PhotoEncoder(
        network, name="mean", feature_dim=3, resolution=32, mirror=True, mean=(0, 0, 0), std=(1, 1, 1)
    )
    return encoder, network


def photo(seed: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (8, 9, 3), dtype=np.uint8)).save(
        buffer, "PNG"
    )
    return buffer.getvalue()


@pytest.fixture
def paths(tmp_path: Path) -> Iterator[list[Path]]:
    found = []
    for seed in range(3):
        found.append(tmp_path / f"{seed}.png")
        found[-1].write_bytes(photo(seed))
    return found


def test_second_time_the_encoder_rests(tmp_path: Path, paths: list[Path]) -> None:
    encoder, network = make_encoder()
    cache = FeatureCache(tmp_path / "new" / "cache")
    done: list[int] = []
    first = cache.features(encoder, paths, progress=done.append)
    assert done == [1, 2, 3]
    assert network.calls == 3
    assert torch.equal(first, encoder.encode(paths))
    network.calls = 0
    again = FeatureCache(tmp_path / "new" / "cache").features(encoder, paths[::-1], progress=done.append)
    assert torch.equal(again, first.flip(0))
    assert network.calls == 0
    assert done == [1, 2, 3] * 2


def test_content_counts_not_the_way_it_is_given(tmp_path: Path, paths: list[Path]) -> None:
    encoder, network = make_encoder()
    cache = FeatureCache(tmp_path / "cache")
    stream = io.BytesIO(photo(0))
    rows = cache.features(encoder, [paths[0], str(paths[0]), photo(0), stream])
    assert network.calls == 1
    assert torch.unique(rows, dim=0).shape[0] == 1
    paths[0].write_bytes(photo(7))
    assert not torch.equal(cache.features(encoder, paths[:1])[0], rows[0])
    picture = Image.open(io.BytesIO(photo(0)))
    assert torch.equal(cache.features(encoder, [picture, picture])[1], rows[0])
    assert network.calls == 3


def test_other_weights_other_features(tmp_path: Path, paths: list[Path]) -> None:
    cache = FeatureCache(tmp_path / "cache")
    one, two = (cache.features(make_encoder(weight)[0], paths) for weight in (1.0, 2.0))
    torch.testing.assert_close(two, 2 * one)


@pytest.mark.parametrize(
    "damage",
    [b"", b"garbage", np.zeros(4, np.float32).tobytes(), np.full(3, np.nan, np.float32).tobytes()],
)
def test_damaged_features_are_computed_again_and_mended(
    tmp_path: Path, paths: list[Path], damage: bytes
) -> None:
    encoder, network = make_encoder()
    cache = FeatureCache(tmp_path / "cache")
    first = cache.features(encoder, paths)
    with closing(sqlite3.connect(tmp_path / "cache/features.sqlite")) as base, base:
        (key, whole) = base.execute("select key, numbers from features limit 1").fetchone()
        base.execute("update features set numbers = ? where key = ?", (damage, key))
    for _ in range(2):
        assert torch.equal(cache.features(encoder, paths), first)
    assert network.calls == len(paths) + 1
    with closing(sqlite3.connect(tmp_path / "cache/features.sqlite")) as base:
        assert base.execute("select numbers from features where key = ?", (key,)).fetchone() == (whole,)


def test_a_file_that_is_no_cache_stops_nothing_and_is_told(
    tmp_path: Path, paths: list[Path], caplog: pytest.LogCaptureFixture
) -> None:
    encoder, _ = make_encoder()
    (tmp_path / "features.sqlite").write_bytes(b"no features " * 1_000)
    assert torch.equal(FeatureCache(tmp_path).features(encoder, paths), encoder.encode(paths))
    (told,) = caplog.messages
    assert told.startswith(f"{tmp_path / 'features.sqlite'} cannot be used (file is not a database)")


def test_two_at_once_find_what_the_other_added(
    tmp_path: Path, paths: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_TOGETHER", 1)
    monkeypatch.setattr(module, "_NEW", 1)
    encoder, network = make_encoder()
    one, two = (FeatureCache(tmp_path).each(encoder, paths) for _ in range(2))
    for pair in zip(one, two, strict=True):
        assert np.array_equal(*pair)
    assert network.calls == len(paths)


def test_what_a_killed_process_added_is_there_and_whole(tmp_path: Path, paths: list[Path]) -> None:
    given = [tmp_path / "cache", Path(__file__).parent, *paths]
    killed = subprocess.run([sys.executable, "-c", KILLED, *map(str, given)], check=False)
    assert killed.returncode == -signal.SIGKILL
    encoder, network = make_encoder()
    found = FeatureCache(tmp_path / "cache").features(encoder, paths)
    assert torch.equal(found, encoder.encode(paths))
    assert network.calls == 1 + len(paths)


def test_a_photo_that_changes_after_it_was_hashed_is_kept_under_its_new_content(
    tmp_path: Path, paths: list[Path]
) -> None:
    encoder, _ = make_encoder()
    cache = FeatureCache(tmp_path / "cache")
    known = {path: hashlib.sha256(path.read_bytes()).digest() for path in paths}
    before, after = photo(0), photo(7)
    paths[0].write_bytes(after)
    (row,) = cache.each(encoder, paths[:1], known=known)
    assert not isinstance(row, MediaError)
    assert torch.equal(torch.from_numpy(row), encoder.encode([after])[0])
    assert torch.equal(cache.features(encoder, [before, after]), encoder.encode([before, after]))


def test_what_is_known_of_files_is_not_read_again(tmp_path: Path, paths: list[Path]) -> None:
    encoder, network = make_encoder()
    cache = FeatureCache(tmp_path / "cache")
    first = cache.features(encoder, paths)
    known = {path: hashlib.sha256(path.read_bytes()).digest() for path in paths}
    for path in paths:
        path.unlink()
    network.calls = 0
    for row, there in zip(cache.each(encoder, paths, known=known), first, strict=True):
        assert np.array_equal(row, there.numpy())
    assert network.calls == 0
    assert isinstance(next(cache.each(encoder, paths)), MediaError)


def test_folder_that_cannot_be_written_stops_nothing(tmp_path: Path, paths: list[Path]) -> None:
    encoder, _ = make_encoder()
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    cache = FeatureCache(blocked / "cache")
    assert torch.equal(cache.features(encoder, paths), encoder.encode(paths))
    assert blocked.read_text() == "not a folder"


def test_bad_photo_is_told_and_good_ones_before_it_are_kept(tmp_path: Path, paths: list[Path]) -> None:
    encoder, network = make_encoder()
    cache = FeatureCache(tmp_path / "cache")
    paths[1].write_bytes(b"no photo")
    with pytest.raises(MediaError, match=r"1\.png"):
        cache.features(encoder, paths)
    network.calls = 0
    cache.features(encoder, paths[:1])
    assert network.calls == 0


def test_default_folder_is_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name, appauthor: tmp_path / name)
    assert FeatureCache().folder == tmp_path / "photowave" / "features"


def test_no_photos(tmp_path: Path) -> None:
    assert FeatureCache(tmp_path).features(make_encoder()[0], []).shape == (0, 3)
