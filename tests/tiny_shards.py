"""Shards of the made-up scenes, written once; `conftest.py` of those who read them takes the fixture."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from tiny_scenes import tiny_config, write_tiny_scenes
from tiny_training import tiny_data, tiny_encoder

from photowave.pairs.shard_index import open_index
from photowave.pairs.shard_stream import ShardReader
from photowave.pairs.shards import Written, write_shards

PIECE_S = 1.0
"""Half of a recording."""


def shard_data(pairs: Path | str, **changes: Any) -> Any:
    """Settings whose textures describe half a second, so that a piece can be short."""
    return tiny_data(Path(pairs), **{"window_s": 0.5, "cache": False, **changes})


def write_tiny_shards(manifest: Path, out: Path, **changes: Any) -> Written:
    """Write pieces of one second in chunks of two or three."""
    options = {"piece_s": PIECE_S, "chunk_mb": 0.05, **changes}
    return write_shards(out, shard_data(manifest), config=tiny_config(), encoder=tiny_encoder(), **options)


@pytest.fixture(scope="session")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two made-up scenes, with a column that photowave does not know."""
    folder = tmp_path_factory.mktemp("sharded")
    manifest = write_tiny_scenes(folder)
    with manifest.open(newline="") as file:
        header, *rows = csv.reader(file)
    with manifest.open("w", newline="") as file:
        told = [[*row, "cc0", f"mine {number}"] for number, row in enumerate(rows)]
        csv.writer(file).writerows([[*header, "licence", "group"], *told])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("photowave.image.cache.platformdirs.user_cache_path", lambda *a, **k: folder / "cache")
        write_tiny_shards(manifest, folder / "shards")
    return folder / "shards"


def shard_reader(shards: Path | str, split: str = "train", **changes: Any) -> ShardReader:
    """Reader of a split of tiny shards."""
    index = open_index(str(shards), split)
    return ShardReader(index, shard_data(shards, **changes), config=tiny_config(), encoder=tiny_encoder())


def edit_index(shards: Path, split: str, **config: Any) -> None:
    """Say other things in the index of a split."""
    path = shards / split / "index.json"
    told = json.loads(path.read_text())
    told["config"] |= config
    path.write_text(json.dumps(told))
