"""Faults of sound files that their decoder passes over, or tells in words that help nobody."""

import io
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_BEGINS, _ENDS = 2, 4  # flags of an Ogg page, RFC 3533, section 6
_UNKNOWN = (0, 0xFFFF_FFFF)
"""Sizes that a recorder leaves in a WAV file whose end it never wrote."""


def with_sizes(path: Path) -> io.BytesIO | None:
    """Complete a WAV file whose recorder was stopped before it wrote how long the sound is.

    Returns:
        The whole file with all that is there as its sound; None if nothing is wrong, or it is no WAV file.
    """
    place, size, there = _sound_chunk(path)
    content = bytearray(path.read_bytes()) if size in _UNKNOWN and 0 < there <= 0xFFFF_0000 else b""
    if not content.startswith(b"RIFF"):
        return None
    struct.pack_into("<I", content, 4, len(content) - 8)
    struct.pack_into("<I", content, place + 4, there)
    return io.BytesIO(content)


def missing_bytes(path: Path) -> tuple[int, int] | None:
    """Say how much of its sound a WAV or AIFF file lacks at its end.

    Returns:
        Bytes that are there and bytes that its header says; None if nothing is missing.
    """
    _, size, there = _sound_chunk(path)
    return (there, size) if 0 <= there < size and size not in _UNKNOWN else None


def _sound_chunk(path: Path) -> tuple[int, int, int]:
    """Where the chunk of a WAV or AIFF file begins that holds the sound, its size and how much is there."""
    with path.open("rb") as file:
        order = {b"RIFFWAVE": "<I", b"FORMAIFF": ">I", b"FORMAIFC": ">I"}.get(file.read(4) + file.read(8)[4:])
        place = 12
        while order is not None and len(head := file.read(8)) == 8:
            size = struct.unpack(order, head[4:])[0]
            if head[:4] in (b"data", b"SSND"):
                return place, size, file.seek(0, 2) - place - 8
            place += 8 + size + size % 2
            file.seek(place)
    return 0, 0, 0


def ogg_fault(path: Path) -> str | None:
    """Say what a whole Ogg file holds that would be read in part or not at all.

    Returns:
        What, and the remedy; None if it holds one sound after all.
    """
    with path.open("rb") as file:
        ended = False
        for number, (flags, body) in enumerate(_pages(file)):
            if number == 0 and body[1:5] == b"FLAC":  # the mapping of FLAC to Ogg, version 1
                return "holds FLAC inside Ogg, which is not read. Convert it: ffmpeg -i IN OUT.flac"
            if ended and flags & _BEGINS:
                return (
                    "holds several sounds, one after the other; only the first would be read. "
                    "Join them: ffmpeg -i IN OUT.flac"
                )
            ended = ended or bool(flags & _ENDS)
    return None


def _pages(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Flags and the first bytes of each page's body."""
    while len(head := file.read(27)) == 27 and head.startswith(b"OggS"):
        size = sum(file.read(head[26]))
        body = file.read(min(size, 16))
        file.seek(size - len(body), 1)
        yield head[5], body
