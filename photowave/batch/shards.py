"""Sounds in shards: tar files in the layout of WebDataset, filled up in place of being drawn again."""

import tarfile
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from photowave.atomic import replacing
from photowave.batch.drawing import Drawn
from photowave.batch.existing import compare
from photowave.batch.files import SoundFolder
from photowave.batch.index import INDEX, write_index
from photowave.batch.jobs import Fault, Job
from photowave.batch.tar import Member, add_member, dumped, read_member, read_shard, row_of, shard_paths
from photowave.errors import ConfigError
from photowave.settings import OutputSettings

UNPACKED = "unpacked"
"""Folder of the sounds whose shards are not complete."""
LARGEST_SEED = 2**62
"""The index has 64 bits for a seed."""


class Shards:
    """Writes `OUT/shard-000000.tar` and so on: for each sound `<key>.json` and `<key>.<format>`.

    ::

        row 12 --> unpacked/00000012.wav, .json --.
        row 13 --> unpacked/00000013.wav, .json ---+--> shard-000000.tar, once no more of its rows are awaited
                       shard-000000.tar of before -'

    Shard `n` holds the rows from `n * shard_size` to below `(n + 1) * shard_size`. A sound lies in a file of
    its own until its shard is packed: a run that is killed loses no more than what it was just drawing.

    Args:
        folder: OUT.
        output: Format, takes, and size of the shards.
    """

    def __init__(self, folder: Path, output: OutputSettings):
        assert output.shard_size is not None
        self._folder, self._size, self._format = folder, output.shard_size, output.format
        self._loose = SoundFolder(folder / UNPACKED, output)
        self._awaited: Counter[int] = Counter()
        self._read: tuple[int, dict[str, Member]] | None = None

    def is_there(self, job: Job, take: int, asked: Callable[[], Mapping[str, Any]]) -> bool:
        """See `Store`; what is not packed yet is there, too.

        Raises:
            ConfigError: It was drawn from something else, or a shard cannot be read or was cut otherwise.
        """
        if self._loose.is_there(job, take, asked):
            return True
        shard = job.number // self._size
        key = self._loose.file(job, take).stem
        if self._read is None or self._read[0] != shard:
            self._read = shard, self._packed(shard)
        member = self._read[1].get(key)
        if member is None:
            return False
        compare(f"{self._path(shard)}: {key}", member.info, asked())
        if not member.file.endswith(f".{self._format}"):
            raise ConfigError(
                f"{self._path(shard)} holds {member.file}, and {self._format} is asked for. Choose "
                "another --out, or give --overwrite."
            )
        return True

    def expect(self, job: Job) -> None:
        """See `Store`: the shard waits for it."""
        if job.draw.seed >= LARGEST_SEED:
            raise ConfigError(
                f"seed={job.draw.seed}: the index of shards holds seeds below {LARGEST_SEED}. "
                "Choose a smaller one."
            )
        self._awaited[job.number // self._size] += 1

    def write(self, drawn: Drawn) -> str:
        """See `Store`."""
        told = self._loose.write(drawn)
        self._settle(drawn.job.number // self._size, 1)
        return told

    def fail(self, fault: Fault) -> None:
        """See `Store`."""
        self._settle(fault.number // self._size, fault.sounds)

    def finish(self) -> None:
        """See `Store`: what an earlier run left is packed, too."""
        loose = self._folder / UNPACKED
        if loose.is_dir():
            for shard in sorted({row_of(path.stem) // self._size for path in loose.glob("[0-9]*.json")}):
                self._pack(shard)
            for described in loose.glob("[0-9]*.json"):
                if len(list(loose.glob(f"{described.stem}.*"))) == 1:  # its sound failed, or is packed
                    described.unlink()
            if not any(loose.iterdir()):
                loose.rmdir()
        write_index(self._folder / INDEX, shard_paths(self._folder))

    def _settle(self, shard: int, count: int) -> None:
        self._awaited[shard] -= count
        if count and not self._awaited[shard]:
            self._pack(shard)

    def _path(self, shard: int) -> Path:
        return self._folder / f"shard-{shard:06d}.tar"

    def _packed(self, shard: int) -> dict[str, Member]:
        """The sounds of a shard, by key; it holds rows of its own only."""
        path = self._path(shard)
        if not path.is_file():
            return {}
        found = read_shard(path)
        strays = [member.row for member in found.values() if member.row // self._size != shard]
        if strays:
            raise ConfigError(
                f"{path} holds row {strays[0]}, which shards of {self._size} rows have elsewhere. Give the "
                "shard_size that it was written with, or another --out."
            )
        return found

    def _pack(self, shard: int) -> None:
        """Write a shard anew from what it holds and what lies unpacked, then remove the latter."""
        rows = range(shard * self._size, (shard + 1) * self._size)
        loose = {
            sound.stem: sound
            for sound in sorted((self._folder / UNPACKED).glob(f"[0-9]*.{self._format}"))
            if row_of(sound.stem) in rows
        }
        if not loose:
            return
        old, path = self._packed(shard), self._path(shard)
        with replacing(path) as temporary, tarfile.open(temporary, "w", format=tarfile.USTAR_FORMAT) as tar:
            for key in sorted(loose.keys() | old.keys()):
                if key in loose:
                    add_member(tar, f"{key}.json", loose[key].with_suffix(".json").read_bytes())
                    add_member(tar, loose[key].name, loose[key].read_bytes())
                else:
                    member = old[key]
                    add_member(tar, f"{key}.json", dumped(member.info))
                    add_member(tar, member.file, read_member(path, member))
        self._read = None
        for key in loose:
            # The description goes last: a sound without one would be taken for one of the user's own.
            for file in sorted((self._folder / UNPACKED).glob(f"{key}.*"), key=_is_description):
                file.unlink()


def _is_description(path: Path) -> bool:
    return path.suffix == ".json"
