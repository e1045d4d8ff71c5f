"""The index of shards: what does not come from photowave is refused before anything is read."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tiny_shards import edit_index, shards

from photowave.errors import PairError
from photowave.pairs.shard_format import PARTS
from photowave.pairs.shard_index import is_shards, open_index
from photowave.pairs.sources import open_pairs

__all__ = ["shards"]


@pytest.fixture
def copied(shards: Path, tmp_path: Path) -> Path:
    """Shards that a test may damage."""
    return Path(shutil.copytree(shards, tmp_path / "copied"))


def test_shards_are_known_by_their_index(shards: Path, tmp_path: Path) -> None:
    assert is_shards(str(shards))
    assert is_shards("s3://bucket/shards")
    assert not is_shards(str(shards / "train"))
    assert not is_shards(str(tmp_path))
    assert not is_shards(None)
    assert [open_index(str(shards), split).pieces for split in ("train", "val", "test")] == [12, 4, 4]


def test_an_address_is_read_as_a_folder_is(shards: Path) -> None:
    assert open_index(f"local:{shards}", "train").pieces == 12


def test_what_needs_a_table_says_so(shards: Path) -> None:
    with pytest.raises(PairError, match="shards, which only 'photowave fit', 'validate' and 'test' read"):
        open_pairs(str(shards))


@pytest.mark.parametrize("serializer", ["pickle", "graph", "graph:pickle", "file"])
def test_a_serializer_that_photowave_does_not_write_is_refused(serializer: str, copied: Path) -> None:
    edit_index(copied, "train", data_format=[*list(PARTS.values())[:-1], serializer])
    with pytest.raises(PairError, match=rf"stored as .*, {serializer}; photowave reads .* runs code"):
        open_index(str(copied), "train")


def test_samples_whose_kind_would_be_imported_are_refused(copied: Path) -> None:
    leaf = {"type": None, "context": None, "children_spec": []}
    tree = {"type": "collections.OrderedDict", "context": json.dumps(list(PARTS))}
    spec = json.dumps([1, {**tree, "children_spec": [leaf] * len(PARTS)}])
    edit_index(copied, "train", data_spec=spec)
    with pytest.raises(PairError, match="nothing that runs code when it is read"):
        open_index(str(copied), "train")


def rename_chunk(folder: Path) -> None:
    path = folder / "index.json"
    told = json.loads(path.read_text())
    told["chunks"][0]["filename"] = "../../chunk-0-0.bin"
    path.write_text(json.dumps(told))


def shorten_chunk(folder: Path) -> None:
    chunk = folder / "chunk-0-0.bin"
    chunk.write_bytes(chunk.read_bytes()[:-1])


DAMAGES: dict[str, tuple[Callable[[Path], Any], str]] = {
    "no index": (lambda folder: (folder / "index.json").unlink(), "hold no split 'val'"),
    "no JSON": (lambda folder: (folder / "index.json").write_text("{"), "is no index of shards"),
    "other JSON": (lambda folder: (folder / "index.json").write_text("[1]"), "is no index of shards"),
    "no chunk": (lambda folder: (folder / "chunk-0-0.bin").unlink(), "No such file.*Copy or write"),
    "short chunk": (shorten_chunk, r"has \d+ bytes in place of \d+"),
    "a name that leads elsewhere": (rename_chunk, "and not like chunk-0-0.bin"),
    "compressed": (
        lambda folder: edit_index(folder.parent, "val", compression="zstd"),
        "compressed or encrypted",
    ),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_told_in_one_line(name: str, copied: Path) -> None:
    damage, told = DAMAGES[name]
    damage(copied / "val")
    with pytest.raises(PairError, match=told) as refused:
        open_index(str(copied), "val")
    assert "\n" not in str(refused.value)
