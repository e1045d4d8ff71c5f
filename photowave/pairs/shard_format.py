"""What one sample of a shard holds: a piece of a recording as it was measured, with photos and table cells.

::

    samples, textures, levels, spectra, width   the arrays of a `Recording`, float32
    features                                    of the photos, float32 [photos, features]
    photos                                      their files as given, one after the other
    row                                         JSON: names, cells, settings; see `Row`
    crc32                                       of all that stands above

LitData writes each part with a serializer of its own; none of those in `FORMAT` runs code when it reads.
"""

import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from photowave.model import build_spectra
from photowave.pairs.recording import Recording, RecordingReader
from photowave.settings import DataSettings, ModelConfig

PARTS = {
    "samples": "no_header_tensor:1",
    "textures": "tensor",
    "levels": "no_header_tensor:1",
    "spectra": "tensor",
    "width": "no_header_tensor:1",
    "features": "tensor",
    "photos": "bytes",
    "row": "str",
    "crc32": "int",
}
"""The parts of a sample, each with the name of LitData's serializer."""
TOLD = (
    "model.audio.sample_rate",
    "model.audio.rms_dbfs",
    "model.audio.channels",
    "model.audio.texture_mels",
    "data.clip_s and data.val_clip_s",
    "data.window_s",
    "model.envelope",
    "data.fade_s",
    "data.level",
)
"""What `RecordingReader.told` tells, by the names of the settings."""


@dataclass(frozen=True, kw_only=True)
class PhotoEntry:
    """One photo of a sample."""

    name: str
    """As the table gives it."""
    size: int
    """Bytes of its file."""
    scene: str | None
    also: tuple[str, ...] = ()
    """Further scenes whose sounds suit it."""
    cells: Mapping[str, str]
    """Its row in the table, by column."""


@dataclass(frozen=True, kw_only=True)
class SampleRow:
    """What a sample tells of itself."""

    sound: str
    """Name of the recording, as the table gives it."""
    start_s: float
    """Where in the recording, as it was read, the piece starts, in seconds."""
    scene: str | None
    cells: Mapping[str, str]
    """The row of the recording in the table, by column."""
    photos: tuple[PhotoEntry, ...]
    told: tuple[Any, ...]
    """Settings that the arrays hang on, see `TOLD`."""
    encoder: str
    """Fingerprint of the photo encoder."""
    written: str
    """Another text each time that shards are written."""


class Sample(NamedTuple):
    """A sample that was read and found whole."""

    recording: Recording
    features: Tensor
    """[photos, features]"""
    photos: tuple[bytes, ...]
    """The files of the photos."""
    row: SampleRow


def reader_for(config: ModelConfig, settings: DataSettings) -> RecordingReader:
    """Make what reads recordings for a training with these settings.

    Raises:
        ConfigError: `window_s` is too short for a texture.
    """
    return RecordingReader(
        audio=config.audio,
        clip_s=max(settings.clip_s, settings.val_clip_s),
        window_s=settings.window_s,
        envelope=build_spectra(config) if config.envelope.components else None,
        fade_s=settings.fade_s,
        level=settings.level,
    )


def pack(recording: Recording, features: Tensor, photos: list[bytes], row: SampleRow) -> dict[str, Any]:
    """Make a sample as LitData writes it."""
    parts: dict[str, Any] = {
        "samples": recording.samples.contiguous(),
        "textures": recording.textures,
        "levels": recording.levels,
        "spectra": recording.spectra,
        "width": torch.zeros(0) if recording.width is None else recording.width,
        "features": features,
        "photos": b"".join(photos),
        # Letters beyond ASCII are escaped, so that also names that are no Unicode text can be written.
        "row": json.dumps(asdict(row)),
    }
    return {**parts, "crc32": _crc32(parts)}


def unpack(parts: Mapping[str, Any]) -> Sample:
    """Take a sample apart, as copies.

    Raises:
        ValueError: It is not what was written.
    """
    if _crc32(parts) != parts["crc32"]:
        raise ValueError("its checksum is another")
    told = json.loads(parts["row"])
    entries = tuple(PhotoEntry(**{**entry, "also": tuple(entry["also"])}) for entry in told["photos"])
    row = SampleRow(**{**told, "photos": entries, "told": tuple(told["told"])})
    if len(row.told) != len(TOLD) or len(parts["features"]) != len(entries):
        raise ValueError("its parts do not fit together")
    photos, first = [], 0
    for entry in entries:
        photos.append(bytes(parts["photos"][first : first + entry.size]))
        first += entry.size
    # Copies: what LitData gives may lie in a mapped file that it closes.
    arrays = {name: parts[name].clone() for name in ("samples", "textures", "levels", "spectra", "width")}
    width = arrays.pop("width")
    recording = Recording(Path(row.sound), **arrays, width=width if len(width) else None)
    return Sample(recording, parts["features"].clone(), tuple(photos), row)


def _crc32(parts: Mapping[str, Any]) -> int:
    found = 0
    for name in PARTS:
        if name != "crc32":
            part = parts[name]
            if isinstance(part, Tensor):
                # Where an array ends and the next begins is part of what is checked.
                found = zlib.crc32(repr(tuple(part.shape)).encode(), found)
                part = part.numpy().reshape(-1).data
            found = zlib.crc32(part.encode() if isinstance(part, str) else part, found)
    return found
