"""The index of shards: one Parquet file with a row for each sound, made of the shards themselves."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from photowave.atomic import replacing
from photowave.batch.tar import Member, read_shard

INDEX = "index.parquet"
_TOLD = (
    *("photo", "photo_sha256", "place", "known_place", "seed", "variation", "temperature", "guidance"),
    *("duration_s", "sample_rate", "channels", "attribution", "model_sha256"),
)
"""Those of a description that have a column of their own."""


def write_index(path: Path, shards: Iterable[Path]) -> None:
    """Write the index, shard by shard; it appears when it is complete.

    Args:
        path: Where to.
        shards: All of them, in order.
    """
    import pyarrow as pa
    from pyarrow import parquet

    text, whole, number = pa.string(), pa.int64(), pa.float64()
    kinds = {
        **{"row": whole, "key": text, "shard": text, "file": text, "offset": whole, "size": whole},
        **dict.fromkeys(_TOLD, text),
        **dict.fromkeys(("seed", "variation", "sample_rate", "channels"), whole),
        "known_place": pa.bool_(),
        **dict.fromkeys(("temperature", "guidance", "duration_s"), number),
        "info": text,
    }
    schema = pa.schema(list(kinds.items()))
    with replacing(path) as temporary, parquet.ParquetWriter(temporary, schema) as writer:
        for shard in shards:
            rows = [_row(shard, member) for member in read_shard(shard).values()]
            writer.write_table(pa.Table.from_pylist(rows, schema=schema))


def _row(shard: Path, member: Member) -> dict[str, Any]:
    """A sound's row; `info` holds its whole description as JSON."""
    info = member.info
    told = {name: info[name] for name in _TOLD if name in info}
    if not info.keys() & {"place", "blend"} and info.get("places"):
        told["place"] = next(iter(info["places"]))  # the likeliest comes first
    return {
        "row": member.row,
        "key": member.key,
        "shard": shard.name,
        "file": member.file,
        "offset": member.offset,
        "size": member.size,
        **{name: _written(value) if isinstance(value, str) else value for name, value in told.items()},
        "info": json.dumps(info),
    }


def _written(text: str) -> str:
    """Text without what UTF-8 cannot write: paths may hold bytes of another encoding."""
    return text.encode("utf-8", "backslashreplace").decode()
