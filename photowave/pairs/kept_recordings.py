"""Recordings in a cache on disk: found by content and settings, and memory-mapped."""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import overload

import numpy as np
import soundfile
import torch
import torchaudio
from numpy.typing import NDArray

from photowave import audio
from photowave.errors import PairError
from photowave.pairs import long_recording, recording
from photowave.pairs.pairing import Excerpt
from photowave.pairs.recording import Recording, RecordingReader
from photowave.pairs.splits import HashFiles, sha256s
from photowave.store import Entry, Packs, Store


@contextmanager
def cache_errors(folder: Path) -> Iterator[None]:
    """Tell in one line what is wrong with the cache in a folder."""
    without = "or give --data.cache false"
    try:
        yield
    except sqlite3.Error as error:
        raise PairError(
            f"the cache {folder} cannot be used: {error}. Remove that folder, {without}."
        ) from error
    except OSError as error:
        told = error.strerror or error
        raise PairError(f"the cache {folder} cannot be written: {told}. Make room, {without}.") from error


class FileHashes:
    """Hashes of files; each file is looked at once, however often a start of a training needs its hash.

    Args:
        folder: Where hashes are kept for the next time; None: nowhere.

    Raises:
        PairError: The folder cannot be used.
    """

    def __init__(self, folder: Path | None):
        self._folder, self._known = folder, dict[Path, bytes]()

    def __call__(self, paths: Iterable[Path]) -> Mapping[Path, bytes]:
        """Tell the hashes of these files and of all before them; those that cannot be read are left out."""
        new = [path for path in dict.fromkeys(paths) if path not in self._known]
        if new and self._folder is None:
            self._known |= sha256s(new)
        elif new:
            assert self._folder is not None
            with cache_errors(self._folder), Store(self._folder) as store:
                self._known |= store.sha256s(new)
        return self._known


class KeptRecordings(Sequence[Recording]):
    """Recordings whose arrays are read when they are asked for.

    Args:
        packs: Where they lie.
        entries: Which they are.
        paths: The file of each.
    """

    def __init__(self, packs: Packs, entries: list[Entry], paths: list[Path]):
        self._packs, self._entries, self._paths = packs, entries, paths

    def __len__(self) -> int:
        """How many there are."""
        return len(self._entries)

    @overload
    def __getitem__(self, index: int) -> Recording: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Recording]: ...
    def __getitem__(self, index: int | slice) -> Recording | Sequence[Recording]:
        """One recording, or some of them."""
        if isinstance(index, slice):
            return self.only(range(len(self))[index])
        return Recording(self._paths[index], **self._packs.read(self._entries[index]))

    def only(self, chosen: Sequence[int]) -> "KeptRecordings":
        """Keep some, in this order."""
        return KeptRecordings(
            self._packs, [self._entries[i] for i in chosen], [self._paths[i] for i in chosen]
        )

    def sizes(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Samples and texture windows of each, without reading them."""
        found = [(entry.shape("samples")[0], entry.shape("textures")[0]) for entry in self._entries]
        lengths, windows = np.array(found, dtype=np.int64).reshape(-1, 2).T
        return lengths, windows


class RecordingStore(Store):
    """Reads recordings once; a second time they come from the folder.

    Args:
        folder: Where they are kept.
        reader: Reads those that are new. Its settings and the code that does it are part of each key.
        hashed: Hashes many files; None: the store itself.

    Raises:
        OSError: See `Store`.
        sqlite3.Error: See `Store`.
    """

    def __init__(self, folder: Path, reader: RecordingReader, *, hashed: HashFiles | None = None):
        super().__init__(folder)
        self._reader, self._entries_of = reader, list[Entry]()
        self._hashed = self.sha256s if hashed is None else hashed
        self._expected: dict[tuple[Excerpt, float | None], Entry] = {}
        self._paths: list[Path] = []
        self._base_key = json.dumps([_code(), *reader.told])

    @property
    def recordings(self) -> KeptRecordings:
        """Those that were added, in their order."""
        return KeptRecordings(self.packs, self._entries_of, self._paths)

    def expect(self, excerpts: Iterable[tuple[Excerpt, float | None]]) -> None:
        """Look up many recordings at once, before `add` adds each; without it, each is looked up alone."""
        asked = list(excerpts)
        contents = self._hashed([excerpt.path for excerpt, _ in asked])
        keys = {each: self._key(contents[each[0].path], *each) for each in asked if each[0].path in contents}
        found = self.find_all(set(keys.values()))
        self._expected = {each: found[key] for each, key in keys.items() if key in found}

    def add(self, excerpt: Excerpt, bandwidth_hz: float | None) -> None:
        """Add one recording.

        Raises:
            MediaError: It cannot serve.
        """
        entry = self._expected.get((excerpt, bandwidth_hz))
        if entry is None:
            # What is read and kept under a hash is what has this hash now.
            try:
                content = self.sha256(excerpt.path)
            except OSError:
                self._reader.read(excerpt, bandwidth_hz)  # says what is wrong with it
                raise
            key = self._key(content, excerpt, bandwidth_hz)
            entry = self.find(key) or self._put_new(key, self._reader.read(excerpt, bandwidth_hz))
        self._entries_of.append(entry)
        self._paths.append(excerpt.path)

    def _key(self, content: bytes, excerpt: Excerpt, bandwidth_hz: float | None) -> bytes:
        told = json.dumps([self._base_key, content.hex(), excerpt.start_s, bandwidth_hz])
        return hashlib.sha256(told.encode()).digest()

    def _put_new(self, key: bytes, new: Recording) -> Entry:
        named = {"samples": new.samples, "textures": new.textures, "levels": new.levels}
        named |= {"spectra": new.spectra} | ({} if new.width is None else {"width": new.width})
        return self.put(key, named)


@cache
def _code() -> str:
    """Hash of what recordings are read with, so that no change of it goes unnoticed."""
    digest = hashlib.sha256(
        json.dumps([torch.__version__, torchaudio.__version__, soundfile.__version__]).encode()
    )
    files = [
        *Path(str(audio.__file__)).parent.glob("*.py"),
        *map(Path, [recording.__file__, long_recording.__file__]),
    ]
    for path in sorted(files):
        digest.update(path.read_bytes())
    return digest.hexdigest()
