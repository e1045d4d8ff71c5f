"""Writes shards: all pairs of a collection in files of about equal size, for LitData to stream.

::

    DIR/train/index.json   chunk-0-0.bin   chunk-0-1.bin ...
    DIR/val/...   DIR/test/...

A recording that is longer than a piece is cut into pieces of equal length. The photos that go with a
recording are dealt out: each stands beside at least one of its sounds, and each sound has one if there is
any.
The recordings come in random order, so that the first samples are a fair part of the whole.
"""

import math
import secrets
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
from torch import Tensor

from photowave.atomic import unwritten
from photowave.audio import SOUND_SUFFIXES
from photowave.errors import MediaError, PairError
from photowave.image import FeatureCache, PhotoEncoder
from photowave.pairs.kept_recordings import FileHashes
from photowave.pairs.left_out import LeftOut, left_out
from photowave.pairs.listing import read_table
from photowave.pairs.manifest import Manifest, Row
from photowave.pairs.pairing import Pairing
from photowave.pairs.recording import Recording
from photowave.pairs.rows import columns_for, row_cells
from photowave.pairs.shard_format import PARTS, PhotoEntry, SampleRow, pack, reader_for
from photowave.pairs.sources import open_pairs
from photowave.pairs.split_data import cache_folder
from photowave.pairs.splits import SPLITS
from photowave.settings import DataSettings, ModelConfig

Item = TypeVar("Item")
Cells = dict[int, dict[str, str]]
PIECE_S, CHUNK_MB = 10.0, 64
"""Length of a piece in seconds, and size of a chunk: one is what a store gives at once."""


class Written(NamedTuple):
    """What was written."""

    pieces: dict[str, int]
    """Samples of each split."""
    left_out: tuple[LeftOut, ...]
    """Rows that cannot be used."""


def write_shards(
    out: Path,
    settings: DataSettings,
    *,
    config: ModelConfig,
    encoder: PhotoEncoder,
    piece_s: float = PIECE_S,
    chunk_mb: float = CHUNK_MB,
    overwrite: bool = False,
    progress: Callable[[str, Sequence[int]], Iterator[int]] = lambda split, numbers: iter(numbers),
) -> Written:
    """Write the pairs of a collection as shards; their folder appears only when it is complete.

    Args:
        out: The folder. It must not be there yet.
        settings: Which pairs, and how a training will cut clips from them.
        config: Rate, level, texture and envelope of the model.
        encoder: What turns photos into features.
        piece_s: Longest piece of a recording, in seconds.
        chunk_mb: About so many megabytes come into one file.
        overwrite: Replace a folder of shards that is there.
        progress: Goes through the numbers of a split's recordings, and may show how far it is.

    Raises:
        ConfigError: `window_s` is too short for a texture.
        PairError: There are no pairs, or none of the training split can be used; pieces would be too short
            to cut clips from; the folder is there already, or cannot be written.
    """
    shortest = 2 * max(settings.clip_s, settings.val_clip_s, settings.window_s)
    if not shortest <= piece_s < math.inf:
        raise PairError(
            f"piece_s={piece_s:g}: must be at least {shortest:g}, twice the longest of clip_s, val_clip_s "
            "and window_s, since a recording is cut into equal pieces. Raise it."
        )
    if not 0 < chunk_mb <= 2_000:
        raise PairError(f"chunk_mb={chunk_mb:g}: must be above 0 and at most 2000. Use {CHUNK_MB}.")
    _check_out(out, overwrite)
    hashed = FileHashes(cache_folder(settings))
    manifest = open_pairs(settings.pairs, settings.splits, strict=settings.strict, hashed=hashed)
    writer = _SplitWriter(
        manifest, settings, config=config, encoder=encoder, piece_s=piece_s, chunk_bytes=round(chunk_mb * 1e6)
    )
    pieces: dict[str, int] = {}
    lost = list(manifest.left_out)
    with _new_folder(out) as folder:
        for split in SPLITS:
            if split == "train" or any(row.split == split for row in manifest.rows):
                pieces[split], bad = writer.write(manifest.split(split), folder / split, split, progress)
                lost += bad
    return Written(pieces, tuple(dict.fromkeys(lost)))


class _SplitWriter:
    def __init__(
        self,
        manifest: Manifest,
        settings: DataSettings,
        *,
        config: ModelConfig,
        encoder: PhotoEncoder,
        piece_s: float,
        chunk_bytes: int,
    ):
        self._settings, self._encoder = settings, encoder
        self._needs_photos = config.conditioning.kind != "position"
        self._piece = round(piece_s * config.audio.sample_rate)
        self._rate, self._chunk_bytes = config.audio.sample_rate, chunk_bytes
        self._reader = reader_for(config, settings)
        self._features = FeatureCache()
        self._cells = _cells_of(manifest)
        self._written = secrets.token_hex(16)

    def write(
        self,
        rows: Manifest,
        folder: Path,
        split: str,
        progress: Callable[[str, Sequence[int]], Iterator[int]],
    ) -> tuple[int, list[LeftOut]]:
        """Write one split; gives how many samples it has, and the rows that cannot be used."""
        bad_photos = {photo: fault for photo in rows.photos if (fault := self._fault_of(photo)) is not None}
        lost: list[LeftOut] = []
        if bad_photos:
            rows, found = rows.without({}, bad_photos)
            lost += found
        pairing = rows.pairs(self._settings.pairing, needs_photos=self._needs_photos)
        sound_rows = {(row.sound, row.start_s): row for row in reversed(rows.rows)}
        photo_rows = {row.photo: row for row in reversed(rows.rows)}
        order = np.random.default_rng(0).permutation(len(pairing.sounds)).tolist()
        photos = _Dealt(pairing, order)
        count = 0
        with _chunks(folder, self._chunk_bytes) as put:

            def add(sound: int, samples: Tensor, width: Tensor | None) -> None:
                nonlocal count
                excerpt = pairing.sounds[sound]
                several = max(1, -(-len(samples) // self._piece))
                ends = [len(samples) * number // several for number in range(several + 1)]
                beside = deal([photo_rows[pairing.photos[photo]] for photo in photos.of(sound)], several)
                for first, end, own in zip(ends, ends[1:], beside, strict=False):
                    piece = self._reader.measure(excerpt.path, samples[first:end], width)
                    start_s = (excerpt.start_s or 0.0) + first / self._rate
                    put(self._sample(piece, sound_rows[excerpt], start_s, own))
                count += several

            for sound in progress(split, order):
                excerpt = pairing.sounds[sound]
                try:
                    cut = self._reader.cut(excerpt, pairing.bandwidths_hz[sound])
                except MediaError as error:
                    lost.append(left_out(sound_rows[excerpt].line, excerpt.path, str(error)))
                    photos.hand_on(sound)
                    continue
                if not photos.is_kept_for_last(sound):
                    add(sound, *cut)
            for sound in photos.last:
                add(sound, *self._reader.cut(pairing.sounds[sound], pairing.bandwidths_hz[sound]))
        lost += [
            left_out(photo_rows[photo].line, photo, f"{photo} goes with no sound that can be used. Add one.")
            for photo in map(pairing.photos.__getitem__, photos.left())
        ]
        if not count:
            raise PairError(
                f"{rows.path}: no recording of split '{split}' can be used: "
                f"{'; '.join(f'{row.file}: {row.reason}' for row in lost)}. Mend the files."
            )
        return count, lost

    def _fault_of(self, photo: Path) -> str | None:
        try:
            self._features.features(self._encoder, [photo])
        except MediaError as error:
            return str(error)
        return None

    def _sample(self, piece: Recording, row: Row, start_s: float, photos: Sequence[Row]) -> dict[str, Any]:
        paths = [photo.photo for photo in photos if photo.photo is not None]
        files = [path.read_bytes() for path in paths]
        features = self._features.features(self._encoder, files)
        entries = tuple(
            PhotoEntry(
                name=self._cells[photo.line]["photo"],
                size=len(file),
                scene=photo.scene,
                also=photo.also,
                cells=self._cells[photo.line],
            )
            for photo, file in zip(photos, files, strict=True)
        )
        told = SampleRow(
            sound=self._cells[row.line]["sound"],
            start_s=start_s,
            scene=row.scene,
            cells=self._cells[row.line],
            photos=entries,
            told=self._reader.told,
            encoder=self._encoder.fingerprint,
            written=self._written,
        )
        return pack(piece, features, files, told)


def deal(items: Sequence[Item], hands: int) -> list[list[Item]]:
    """Deal items out in turn; where there are fewer than hands, they go round again.

    Example:
        >>> deal("abcde", 2), deal("ab", 3), deal("", 2)
        ([['a', 'c', 'e'], ['b', 'd']], [['a'], ['b'], ['a']], [[], []])
    """
    if len(items) >= hands:
        return [list(items[hand::hands]) for hand in range(hands)]
    return [[items[hand % len(items)]] if items else [] for hand in range(hands)]


class _Dealt:
    """Which photos stand beside which recording; recordings come in the order that is given.

    Of each circle of recordings that share their photos, one that can be used is kept for last: it takes the
    photos of those that cannot.
    """

    def __init__(self, pairing: Pairing, order: Sequence[int]):
        self._photos: dict[int, list[int]] = {}
        self._circle_of = {sound: id(pairing.photos_of[sound]) for sound in order}
        self._waiting: dict[int, list[int]] = defaultdict(list)
        self._last: dict[int, int] = {}
        self._standing: set[int] = set()
        self._members: dict[int, list[int]] = defaultdict(list)
        for sound in order:
            self._members[self._circle_of[sound]].append(sound)
        for members in self._members.values():
            hands = deal(pairing.photos_of[members[0]], len(members))
            self._photos |= dict(zip(members, hands, strict=True))
        self._all = range(len(pairing.photos))

    @property
    def last(self) -> list[int]:
        """The recordings that were kept for last."""
        return list(self._last.values())

    def is_kept_for_last(self, sound: int) -> bool:
        """Keep the first of a circle that can be used, unless it is alone."""
        circle = self._circle_of[sound]
        return len(self._members[circle]) > 1 and self._last.setdefault(circle, sound) == sound

    def of(self, sound: int) -> list[int]:
        """The photos of a recording, with those that were handed on to it."""
        circle = self._circle_of[sound]
        taken = self._waiting[circle] if self._last.get(circle) == sound else []
        found = list(dict.fromkeys([*self._photos[sound], *taken]))
        self._standing.update(found)
        return found

    def hand_on(self, sound: int) -> None:
        """Give the photos of a recording that cannot be used to the last of its circle."""
        self._waiting[self._circle_of[sound]] += self._photos[sound]

    def left(self) -> list[int]:
        """Photos that stand beside no recording."""
        return [photo for photo in self._all if photo not in self._standing]


def _cells_of(manifest: Manifest) -> Cells:
    """The cells of each row by its line; all columns of a table, also those that photowave does not know."""
    if manifest.path.is_file() and manifest.path.suffix.lower() not in SOUND_SUFFIXES:
        table = read_table(manifest.path)
        return {line.number: dict(zip(table.header, line.cells, strict=False)) for line in table.lines}
    columns = columns_for(manifest.rows)
    cells = (row_cells(row, columns, manifest.path) for row in manifest.rows)
    return {
        row.line: dict(zip(columns, told, strict=True))
        for row, told in zip(manifest.rows, cells, strict=True)
    }


@contextmanager
def _chunks(folder: Path, chunk_bytes: int) -> Iterator[Callable[[dict[str, Any]], None]]:
    """Give what writes samples into chunks; the index comes last."""
    from litdata.streaming.serializers import BytesSerializer, StringSerializer
    from litdata.streaming.writer import BinaryWriter

    # These two go first, so that nothing guesses from the first bytes of a photo what it might be.
    plain = {"str": StringSerializer(), "bytes": BytesSerializer()}
    writer = BinaryWriter(str(folder), chunk_bytes=chunk_bytes, serializers=plain)
    count = 0

    def put(sample: dict[str, Any]) -> None:
        nonlocal count
        writer[count] = sample
        count += 1

    yield put
    if count:
        assert writer.get_config()["data_format"] == list(PARTS.values())
        writer.done()
        writer.merge(1)


def _check_out(out: Path, overwrite: bool) -> None:
    if not out.exists():
        return
    if not (out / "train" / "index.json").is_file():
        raise PairError(f"{out} is there already and holds no shards. Choose another name.")
    if not overwrite:
        raise PairError(f"{out} is there already. Choose another name, or give --overwrite to replace it.")


@contextmanager
def _new_folder(out: Path) -> Iterator[Path]:
    """Give a folder beside `out`; it takes its name when the block ends well, and goes otherwise."""
    temporary = out.with_name(f".photowave-{secrets.token_hex(6)}")
    before = out.with_name(f".photowave-{secrets.token_hex(6)}")
    try:
        try:
            temporary.mkdir()
            yield temporary
            if out.exists():
                out.replace(before)
            temporary.replace(out)
        except OSError as error:
            raise PairError(unwritten(out, error)) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        shutil.rmtree(before, ignore_errors=True)
