"""Features of photos kept on disk, by the content of the photo and the encoder that read it.

One SQLite file holds them all: among a hundred thousand, those of many photos are found in one look. What is
new is added some photos at a time, in one short transaction. So several processes may read and add at once,
and one that is killed leaves nothing half and loses those few.
"""

import hashlib
import logging
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeAlias

import numpy as np
import platformdirs
import torch
from numpy.typing import NDArray
from torch import Tensor

from photowave.errors import MediaError
from photowave.image.decode import photo_sha256
from photowave.image.encoder import PhotoEncoder
from photowave.image.source import PhotoSource, held

_log = logging.getLogger(__name__)
_Row: TypeAlias = NDArray[np.float32]
"""Features of a photo, [feature_dim]."""
_NAME = "features.sqlite"
_TOGETHER, _NEW, _WAIT_S = 512, 16, 60.0
# Features take about 5 kB: pages of the usual 4 would be half empty.
_OPENING = """
pragma page_size=16384;
pragma journal_mode=wal;
pragma synchronous=normal;
pragma cache_size=-16000;
create table if not exists features (key blob primary key, numbers blob);
"""


class FeatureCache:
    """Keeps each photo's features in `FOLDER/features.sqlite`.

    What is damaged is computed again. Where the file cannot be used, nothing is kept and the work goes on:
    the cache saves time and changes no result.

    Args:
        folder: Where to keep them; made when needed. Default: `features` in the user's cache folder.
    """

    def __init__(self, folder: Path | None = None) -> None:
        if folder is None:
            folder = platformdirs.user_cache_path("photowave", appauthor=False) / "features"
        self.folder = folder

    def features(
        self,
        encoder: PhotoEncoder,
        sources: Sequence[PhotoSource],
        *,
        progress: Callable[[int], None] | None = None,
    ) -> Tensor:
        """Look up the features of photos, and compute those that are not there.

        Args:
            encoder: Reads the photos that are new.
            sources: The photos.
            progress: Called after each photo with the number of photos done so far.

        Returns:
            Tensor: Features, float32, on the CPU, [photos, feature_dim].

        Raises:
            MediaError: A photo cannot be read.
        """
        found = np.empty((len(sources), encoder.feature_dim), np.float32)
        for index, row in enumerate(self.each(encoder, sources)):
            if isinstance(row, MediaError):
                raise row
            found[index] = row
            if progress is not None:
                progress(index + 1)
        return torch.from_numpy(found)

    def each(
        self,
        encoder: PhotoEncoder,
        sources: Sequence[PhotoSource],
        *,
        known: Mapping[Path, bytes] | None = None,
    ) -> Iterator[_Row | MediaError]:
        """Look up or compute the features of photos one after the other.

        Args:
            encoder: Reads the photos that are new.
            sources: The photos.
            known: SHA-256 of files that need not be read to tell it.

        Yields:
            Features of the next photo, float32 [feature_dim], or what is wrong with it.
        """
        known = {} if known is None else known
        with closing(_Base(self.folder / _NAME)) as base:
            # What is no file may be a stream, of which no more is read at once than is needed.
            together = _TOGETHER if all(isinstance(source, str | Path) for source in sources) else 1
            for first in range(0, len(sources), together):
                photos = [held(source) for source in sources[first : first + together]]
                names = [_name(photo, known) for photo in photos]
                rows = base.find(encoder, {name for name in names if name is not None})
                for photo, name in zip(photos, names, strict=True):
                    if name is not None and name in rows:
                        yield rows[name]
                        continue
                    try:
                        # What is computed and kept under a name is what has this name now.
                        name = photo_sha256(photo)
                        rows[name] = encoder.encode([photo])[0].cpu().numpy()
                    except MediaError as error:
                        yield error
                        continue
                    base.put(encoder, name, rows[name])
                    yield rows[name]


class _Base:
    """The file of a cache, open; where it cannot be used, nothing is found in it and nothing kept."""

    def __init__(self, file: Path):
        self._file = file
        self._base: sqlite3.Connection | None = None
        self._new: dict[bytes, bytes] = {}
        with self._errors():
            file.parent.mkdir(parents=True, exist_ok=True)
            self._base = sqlite3.connect(file, timeout=_WAIT_S, isolation_level=None)
            self._base.executescript(_OPENING)

    def find(self, encoder: PhotoEncoder, names: Iterable[str]) -> dict[str, _Row]:
        """Features of those photos, by name, that are there and sound."""
        keys = {_key(encoder, name): name for name in names}
        rows = [(key, self._new[key]) for key in keys if key in self._new]
        with self._errors():
            if self._base is not None and keys:
                asking = f"select key, numbers from features where key in ({','.join('?' * len(keys))})"
                rows += self._base.execute(asking, list(keys)).fetchall()
        found: dict[str, _Row] = {}
        for key, numbers in rows:
            if len(numbers) == 4 * encoder.feature_dim:
                row = np.frombuffer(numbers, np.float32)
                if np.isfinite(row).all():
                    found[keys[key]] = row
        return found

    def put(self, encoder: PhotoEncoder, name: str, row: _Row) -> None:
        """Keep features, at once or with others that follow."""
        self._new[_key(encoder, name)] = row.tobytes()
        if len(self._new) >= _NEW:
            self._flush()

    def close(self) -> None:
        """Keep what is new, and let go of the file."""
        self._flush()
        if self._base is not None:
            self._base.close()

    def _flush(self) -> None:
        with self._errors():
            if self._base is not None and self._new:
                self._base.execute("begin immediate")
                self._base.executemany("insert or replace into features values (?, ?)", self._new.items())
                self._base.execute("commit")
        self._new.clear()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """After an error go on without the file; tell of one that is damaged, which nobody else would."""
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            if self._base is not None:
                self._base.close()
            self._base = None
            if not isinstance(error, OSError | sqlite3.OperationalError):
                _log.warning(
                    "%s cannot be used (%s): features of photos are not kept. Remove it.", self._file, error
                )


def _key(encoder: PhotoEncoder, name: str) -> bytes:
    return hashlib.sha256(f"{encoder.fingerprint} {name}".encode()).digest()


def _name(photo: PhotoSource, known: Mapping[Path, bytes]) -> str | None:
    """Name a photo by its content; None where it cannot be read."""
    if isinstance(photo, Path) and photo in known:
        return known[photo].hex()
    try:
        return photo_sha256(photo)
    except MediaError:
        return None
