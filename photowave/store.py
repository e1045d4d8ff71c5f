"""Arrays kept on disk between runs and found again by a key; several processes may read and add at once.

::

    FOLDER/index.sqlite   key -> pack, place in it, names and shapes;  file -> sha256 of its content
    FOLDER/packs/*.bin    arrays one after the other; each process that adds writes a pack of its own

A row enters the index only after its arrays are in the pack. So a process that is killed leaves at worst some
bytes that nothing points to, and the next one adds what is missing.

Whoever writes or maps a pack holds a shared lock on it, which ends with the process at the latest. `prune`
removes only packs on which it gets the lock alone; those that were mapped longest ago go first.
"""

import hashlib
import json
import math
import os
import secrets
import sqlite3
import sys
import time
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from mmap import ACCESS_COPY, ACCESS_READ, mmap
from pathlib import Path
from typing import Any, NamedTuple, Self

import torch
from torch import Tensor

if sys.platform != "win32":
    import fcntl

_TABLES = """
create table if not exists entries (key blob primary key, pack text, start integer, layout text)
    without rowid;
create table if not exists files (path blob primary key, size integer, mtime_ns integer, sha256 blob)
    without rowid;
"""
_ROWS, _WAIT_S = 512, 120.0
_FEWEST_LOOKED_AT = 1_000
_PACK_BYTES = 1 << 31
"""A writer begins another pack beyond this: systems refuse private maps that are larger than their memory."""
_SETTLED_NS = 2_000_000_000
"""A file that changed later than that before it was read may change again within one tick of its clock."""


class Entry(NamedTuple):
    """Where arrays lie."""

    pack: str
    start: int
    """In bytes."""
    layout: tuple[tuple[str, tuple[int, ...]], ...]
    """Name and shape of each."""

    @property
    def size(self) -> int:
        """In bytes."""
        return 4 * _numbers(self.layout)

    def shape(self, name: str) -> tuple[int, ...]:
        """Shape of one of the arrays."""
        return dict(self.layout)[name]


class Packs:
    """The packs of a folder, memory-mapped: what is not looked at takes no memory.

    It may be pickled and forked; the maps are made where they are used.

    Args:
        folder: Holds the packs.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self._maps: dict[str, Tensor] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Leave the maps behind: pickled, they would be whole files."""
        return {"_folder": self._folder, "_maps": {}}

    def holds(self, entry: Entry) -> bool:
        """Whether the pack is there and long enough."""
        return entry.start + entry.size <= 4 * len(self._map(entry))

    def read(self, entry: Entry) -> dict[str, Tensor]:
        """The arrays of an entry, float32; what is written into them stays in this process."""
        numbers, found, first = self._map(entry), {}, entry.start // 4
        for name, shape in entry.layout:
            found[name] = numbers[first : first + math.prod(shape)].view(shape)
            first += math.prod(shape)
        return found

    def _map(self, entry: Entry) -> Tensor:
        known = self._maps.get(entry.pack)
        if known is None or 4 * len(known) < entry.start + entry.size:
            try:
                known = _mapped(self._folder / entry.pack)
            except (OSError, ValueError):  # gone, or empty
                known = torch.zeros(0)
            self._maps[entry.pack] = known
        return known


class Store:
    """Keeps arrays and the hashes of files; see the head of this module.

    Args:
        folder: Where to keep them; made when needed.

    Attributes:
        packs: Reads what `find` and `put` tell.

    Raises:
        OSError: The folder cannot be written.
        sqlite3.Error: The index is damaged, or the disk knows no locks.
    """

    def __init__(self, folder: Path):
        self.packs = Packs(folder / "packs")
        (folder / "packs").mkdir(parents=True, exist_ok=True)
        self._folder = folder / "packs"
        self._base = sqlite3.connect(folder / "index.sqlite", timeout=_WAIT_S, isolation_level=None)
        self._base.execute("pragma journal_mode=wal")
        self._base.executescript(_TABLES)
        self._name = ""
        self._pack: Any = None
        self._last: Entry | None = None
        self._entries: list[tuple[bytes, str, int, str]] = []
        self._files: list[tuple[bytes, int, int, bytes]] = []

    def find(self, key: bytes) -> Entry | None:
        """Look up arrays; None where they are not there, or no longer whole."""
        return self.find_all([key]).get(key)

    def find_all(self, keys: Collection[bytes]) -> dict[bytes, Entry]:
        """Look up many arrays at once; those that are not there, or no longer whole, are left out."""
        rows = self._select("select key, pack, start, layout from entries where key in", keys)
        found = {key: Entry(pack, start, _layout(told)) for key, pack, start, told in rows}
        return {key: entry for key, entry in found.items() if self.packs.holds(entry)}

    def put(self, key: bytes, arrays: Mapping[str, Tensor]) -> Entry:
        """Add arrays, float32; others find them after the next `flush`.

        Raises:
            OSError: They cannot be written.
        """
        if self._pack is not None and self._pack.tell() >= _PACK_BYTES:
            self.flush()
            self._let_go()
        if self._pack is None:
            self._name = f"{secrets.token_hex(8)}.bin"
            self._pack = (self._folder / self._name).open("xb")
            _lock(self._pack)
        layout = tuple((name, tuple(array.shape)) for name, array in arrays.items())
        entry = Entry(self._name, self._pack.tell(), layout)
        for array in arrays.values():
            self._pack.write(array.contiguous().numpy().data)
        self._pack.flush()
        self._last = entry
        self._entries.append((key, entry.pack, entry.start, json.dumps(layout)))
        self._flush_some()
        return entry

    def sha256(self, path: Path) -> bytes:
        """Hash a file, or tell its hash where size and time of change are those of the last time.

        Raises:
            OSError: It cannot be read.
        """
        told, name = path.stat(), os.fsencode(path.absolute())
        return self._sha256(path, name, told, self._known([name]).get(name))

    def sha256s(self, paths: Iterable[Path]) -> dict[Path, bytes]:
        """Hash many files as `sha256` does; those that cannot be read are left out."""
        found: dict[Path, bytes] = {}
        paths = list(paths)
        for first in range(0, len(paths), _ROWS):
            there: list[tuple[Path, bytes, os.stat_result]] = []
            for path in paths[first : first + _ROWS]:
                with suppress(OSError):
                    there.append((path, os.fsencode(path.absolute()), path.stat()))
            known = self._known([name for _, name, _ in there])
            for path, name, told in there:
                with suppress(OSError):
                    found[path] = self._sha256(path, name, told, known.get(name))
        return found

    def _known(self, names: Collection[bytes]) -> dict[bytes, tuple[int, int, bytes]]:
        """Size, time of change and hash of files as they were the last time."""
        rows = self._select("select path, size, mtime_ns, sha256 from files where path in", names)
        return {name: (size, changed_ns, digest) for name, size, changed_ns, digest in rows}

    def _sha256(
        self, path: Path, name: bytes, told: os.stat_result, known: tuple[int, int, bytes] | None
    ) -> bytes:
        if known is not None and known[:2] == (told.st_size, told.st_mtime_ns):
            return known[2]
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").digest()
        if time.time_ns() - told.st_mtime_ns > _SETTLED_NS:
            self._files.append((name, told.st_size, told.st_mtime_ns, digest))
            self._flush_some()
        return digest

    def _select(self, asking: str, keys: Collection[bytes]) -> Iterator[Any]:
        """Rows of the index for keys, a bounded number of them at a time."""
        listed = list(keys)
        for first in range(0, len(listed), _ROWS):
            part = listed[first : first + _ROWS]
            yield from self._base.execute(f"{asking} ({','.join('?' * len(part))})", part)

    def flush(self) -> None:
        """Write what was added to the index, in one short transaction."""
        if not (self._entries or self._files):
            return
        if self._pack is not None:
            os.fsync(self._pack.fileno())
        self._base.execute("begin immediate")
        self._base.executemany("insert or replace into entries values (?, ?, ?, ?)", self._entries)
        self._base.executemany("insert or replace into files values (?, ?, ?, ?)", self._files)
        self._base.execute("commit")
        self._entries.clear()
        self._files.clear()

    def prune(self, *, most_bytes: int) -> int:
        """Remove packs that nobody uses until the rest is small enough; those unused longest go first.

        Args:
            most_bytes: What all packs together may take; what is in use stays, however much it is.

        Returns:
            Bytes that were removed.
        """
        there = sorted((told.st_mtime_ns, told.st_size, path) for path, told in self._packs_there())
        too_much = sum(size for _, size, _ in there) - most_bytes
        removed = 0
        for _, size, path in there:
            if removed >= too_much:
                break
            removed += size if self._remove(path) else 0
        return removed

    def forget_gone(self) -> int:
        """Forget files that are no longer there, among a part of those that are known, from anywhere on.

        Each time looks at a tenth. So what is known is bounded by what is there and what went of late, and a
        start is not held up.

        Returns:
            How many were forgotten.
        """
        (count,) = self._base.execute("select count(*) from files").fetchone()
        most = _FEWEST_LOOKED_AT + count // 10
        first = secrets.randbelow(max(1, count - most + 1))
        rows = self._base.execute("select path from files order by path limit ? offset ?", (most, first))
        gone = [row for row in rows if not os.path.lexists(row[0])]
        for at in range(0, len(gone), _ROWS):
            self._base.execute("begin immediate")
            self._base.executemany("delete from files where path = ?", gone[at : at + _ROWS])
            self._base.execute("commit")
        return len(gone)

    def _packs_there(self) -> Iterator[tuple[Path, os.stat_result]]:
        for path in self._folder.glob("*.bin"):
            with suppress(OSError):  # another process removes them, too
                yield path, path.stat()

    def _remove(self, path: Path) -> bool:
        """Remove a pack and what the index tells of it, if nobody uses it.

        The index goes first: a process that is killed in between leaves a pack that the next one removes.
        """
        try:
            with path.open("rb") as file:
                if not _lock(file, alone=True):
                    return False
                self._base.execute("delete from entries where pack = ?", (path.name,))
                if sys.platform != "win32":
                    path.unlink()  # while it is locked
            if sys.platform == "win32":
                path.unlink()  # which is refused as long as anybody has it open
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Write what was added, and let go of the files; `packs` can be read on."""
        self.flush()
        self._base.close()
        self._let_go()

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close it."""
        self.close()

    def _let_go(self) -> None:
        """End the pack. Its map, which has a lock of its own, comes before the lock of the writer ends."""
        if self._pack is not None:
            assert self._last is not None
            self.packs.holds(self._last)
            self._pack.close()
            self._pack = None

    def _flush_some(self) -> None:
        if len(self._entries) + len(self._files) >= _ROWS:
            self.flush()


@lru_cache(maxsize=1024)
def _layout(told: str) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Names and shapes as the index tells them; arrays that are alike share one, which saves memory."""
    return tuple((name, tuple(shape)) for name, shape in json.loads(told))


@lru_cache(maxsize=1024)
def _numbers(layout: tuple[tuple[str, tuple[int, ...]], ...]) -> int:
    return sum(math.prod(shape) for _, shape in layout)


def _mapped(path: Path) -> Tensor:
    """Map a pack as float32, [numbers]; the lock lasts as long as the map, since both share one open file.

    The map is private: who writes into it changes a copy of his own, page by page.

    Raises:
        OSError: It is gone, or about to be removed.
        ValueError: It is empty.
    """
    with path.open("rb") as file:
        if not _lock(file) or os.fstat(file.fileno()).st_nlink == 0:
            raise FileNotFoundError(path)
        with suppress(OSError):
            os.utime(path)
        try:
            pages = mmap(file.fileno(), 0, access=ACCESS_COPY)
        except OSError:  # a system that sets memory aside for what might be written, and has none left
            pages = mmap(file.fileno(), 0, access=ACCESS_READ)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of arrays that cannot be written to
        return torch.frombuffer(pages, dtype=torch.float32, count=len(pages) // 4)


def _lock(file: Any, *, alone: bool = False) -> bool:
    """Lock a file as long as it is open, or say that others have it; nobody waits.

    Windows needs no lock: it removes no file that is open.
    """
    if sys.platform == "win32":
        return True
    try:
        fcntl.flock(file, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a disk that knows no locks: nothing is removed from it
        return not alone
    return True
