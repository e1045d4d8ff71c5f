"""Looks at LitData's index of shards before LitData does: nothing in it may run code or lead elsewhere."""

import json
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from photowave.errors import PairError
from photowave.pairs.shard_format import PARTS

INDEX = "index.json"
_REMEDY = "Write the shards with 'photowave pairs shard'."


@dataclass(frozen=True)
class ShardIndex:
    """The shards of one split."""

    folder: str
    """A folder or an address that LitData knows, such as `s3://bucket/shards/train`."""
    pieces: int
    """How many samples there are."""


def is_shards(pairs: str | None) -> bool:
    """Whether pairs are shards: an address, or a folder with LitData's index of a training split."""
    if pairs is None:
        return False
    return is_address(pairs) or (Path(pairs) / "train" / INDEX).is_file()


def open_index(pairs: str, split: str) -> ShardIndex:
    """Read and check the index of a split.

    Raises:
        PairError: It is not there or no index, it names what photowave does not write, or a chunk on this
            disk is not whole.
    """
    folder = f"{pairs.rstrip('/')}/{split}"
    name = f"{folder}/{INDEX}"
    try:
        told = json.loads(_read(folder))
        config, chunks = told["config"], told["chunks"]
        formats, spec = config["data_format"], config["data_spec"]
        sizes = {str(c["filename"]): (int(c["chunk_bytes"]), int(c["chunk_size"])) for c in chunks}
    except FileNotFoundError as error:
        raise PairError(
            f"{name} is not there: the shards hold no split '{split}'. Set the split column of some rows to "
            f"{split}, and write them anew."
        ) from error
    except OSError as error:
        raise PairError(f"{name} cannot be read: {error.strerror or error}.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PairError(f"{name} is no index of shards: {error!r}. {_REMEDY}") from error
    if formats != list(PARTS.values()) or not _is_plain(spec):
        raise PairError(
            f"{name}: its samples are stored as {', '.join(map(str, formats or ['nothing']))}; "
            f"photowave reads {', '.join(PARTS.values())}, and nothing that runs code when it is read. "
            f"{_REMEDY}"
        )
    if any(config.get(key) for key in ("compression", "encryption", "ipc_compression")):
        raise PairError(f"{name}: its chunks are compressed or encrypted; photowave reads neither. {_REMEDY}")
    for chunk, (size, _) in sizes.items():
        if not re.fullmatch(r"chunk-\d+-\d+\.bin", chunk):
            raise PairError(f"{name}: a chunk is named {chunk!r}, and not like chunk-0-0.bin. {_REMEDY}")
        if not is_address(pairs):
            _check_size(Path(folder) / chunk, size)
    return ShardIndex(folder, sum(count for _, count in sizes.values()))


def is_address(pairs: str) -> bool:
    """Whether pairs lie elsewhere, in a store that LitData knows."""
    return "://" in pairs or pairs.startswith("local:")


def _read(folder: str) -> str:
    if not is_address(folder):
        return (Path(folder) / INDEX).read_text(encoding="utf-8")
    from litdata.streaming.downloader import get_downloader

    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary) / INDEX
        try:
            get_downloader(folder, temporary, []).download_file(f"{folder}/{INDEX}", str(copy))
        except FileNotFoundError:
            raise
        except Exception as error:  # each store has errors of its own
            raise OSError(f"{type(error).__name__}: {' '.join(str(error).split())}") from error
        return copy.read_text(encoding="utf-8")


def _is_plain(spec: Any) -> bool:
    """Whether samples are plain dictionaries of the parts; other kinds name modules to be imported."""
    try:
        _, tree = json.loads(spec)
        leaves = [(leaf["type"], leaf["children_spec"]) for leaf in tree["children_spec"]]
        return bool(
            tree["type"] == "builtins.dict"
            and json.loads(tree["context"]) == list(PARTS)
            and leaves == [(None, [])] * len(PARTS)
        )
    except (ValueError, KeyError, TypeError):
        return False


def _check_size(chunk: Path, size: int) -> None:
    # LitData would wait minutes for the rest of a chunk that is too short.
    try:
        there = chunk.stat().st_size
    except OSError as error:
        raise PairError(f"{chunk}: {error.strerror}. Copy or write the shards anew.") from error
    if there != size:
        raise PairError(
            f"{chunk} has {there} bytes in place of {size}: it is damaged, or was not copied to its end. "
            "Copy or write the shards anew."
        )
