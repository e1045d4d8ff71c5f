"""Shards as they lie on the disk: tar files, whose sounds are found without reading them."""

import io
import json
import math
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from photowave.errors import ConfigError

_BLOCK = 512
_END = 2 * _BLOCK  # zeros behind the last file: without them it was cut between two


@dataclass(frozen=True)
class Member:
    """A sound in a shard."""

    key: str
    """Number of the row, and of the take if there are several; the names of its files before their dots."""
    file: str
    """Name of the sound in the shard."""
    offset: int
    """Where its bytes begin in the shard."""
    size: int
    """How many they are."""
    info: Mapping[str, Any]
    """Its description."""

    @property
    def row(self) -> int:
        """Number of the row."""
        return row_of(self.key)


def row_of(key: str) -> int:
    """Number of the row that a key names."""
    return int(key.partition("-")[0])


def shard_paths(folder: Path) -> list[Path]:
    """All shards in a folder, in order."""
    return sorted(folder.glob("shard-[0-9]*.tar"))


def read_shard(path: Path) -> dict[str, Member]:
    """List the sounds of a shard by their keys; the sounds themselves are passed over.

    Raises:
        ConfigError: It is no such shard, or was cut off.
    """
    found, info = {}, {}
    end = 0
    try:
        with tarfile.open(path, "r:") as tar:
            for entry in tar:
                end = entry.offset_data + math.ceil(entry.size / _BLOCK) * _BLOCK
                key, _, kind = entry.name.partition(".")
                if kind == "json":
                    stream = tar.extractfile(entry)
                    info[key] = json.loads(stream.read() if stream is not None else b"")
                else:
                    found[key] = Member(key, entry.name, entry.offset_data, entry.size, info[key])
                    _ = found[key].row
        if path.stat().st_size < end + _END:
            raise ValueError("its end is missing")
    except (OSError, tarfile.TarError, ValueError, KeyError) as error:
        raise ConfigError(
            f"{path} is no shard that can be read ({error}). Move it away; its sounds are drawn again."
        ) from error
    return found


def read_member(path: Path, member: Member) -> bytes:
    """Read the bytes of a sound out of its shard."""
    with path.open("rb") as file:
        file.seek(member.offset)
        return file.read(member.size)


def dumped(info: Mapping[str, Any]) -> bytes:
    """Write a description as it lies beside a sound."""
    return (json.dumps(info, indent=2) + "\n").encode()


def add_member(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    """Add a file; nothing of this machine stands in its header."""
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    tar.addfile(entry, io.BytesIO(content))
