"""The cache spares work and changes no result, whatever happens to its files."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from PIL import Image
from torch import nn

from photowave.errors import MediaError
from photowave.image import FeatureCache, PhotoEncoder


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
    [
        b"",
        b"garbage",
        safetensors.torch.save({"other": torch.zeros(3)}),
        safetensors.torch.save({"features": torch.zeros(4)}),
        safetensors.torch.save({"features": torch.zeros(3, dtype=torch.float64)}),
        safetensors.torch.save({"features": torch.full((3,), float("nan"))}),
    ],
)
def test_damaged_file_is_computed_again_and_mended(tmp_path: Path, paths: list[Path], damage: bytes) -> None:
    encoder, network = make_encoder()
    cache = FeatureCache(tmp_path / "cache")
    first = cache.features(encoder, paths[:1])
    (file,) = (tmp_path / "cache").rglob("*.safetensors")
    whole = file.read_bytes()
    file.write_bytes(damage)
    assert torch.equal(cache.features(encoder, paths[:1]), first)
    assert network.calls == 2
    assert file.read_bytes() == whole
    assert list(file.parent.iterdir()) == [file]


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
