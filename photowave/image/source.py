"""Where photos come from: paths, bytes, file objects and pictures, opened and named."""

import io
from pathlib import Path
from typing import BinaryIO, TypeAlias

from PIL import Image

from photowave.errors import MediaError

PhotoSource: TypeAlias = str | Path | bytes | BinaryIO | Image.Image
"""A photo: its path, the bytes of its file, a file opened in binary mode, or a picture already decoded."""


def photo_name(source: PhotoSource) -> str:
    """Name a photo in messages: its path, or in which form it was given."""
    if isinstance(source, str | Path):
        return str(source)
    if isinstance(source, Image.Image):
        return "photo given as a picture"
    return "photo given as bytes" if isinstance(source, bytes) else "photo given as a file object"


def held(source: PhotoSource) -> str | Path | bytes | Image.Image:
    """Read a stream, which can be read only once, where a photo is needed more than once; others stay."""
    return source if isinstance(source, str | Path | bytes | Image.Image) else photo_bytes(source)


def missing(path: Path) -> MediaError:
    """Make the error for a path that leads nowhere."""
    return MediaError(f"{path} does not exist. Give the path of a photo.")


def damaged(name: str, error: Exception) -> MediaError:
    """Make the error for a photo on which a decoder or the disk failed."""
    reason = " ".join(str(error).split()) or type(error).__name__
    return MediaError(f"{name} cannot be decoded: {reason}. Copy or export the photo again.")


def photo_stream(source: str | Path | bytes | BinaryIO) -> io.BufferedReader | io.BytesIO:
    """Open a photo's file for reading and seeking; at least one byte is there, or `MediaError` is raised."""
    return _open_path(Path(source)) if isinstance(source, str | Path) else io.BytesIO(photo_bytes(source))


def photo_bytes(source: bytes | BinaryIO) -> bytes:
    """Read a photo's file to its end, from its start if it can seek; at least one byte is there."""
    name = photo_name(source)
    content: object = source
    if not isinstance(source, bytes):
        try:
            if source.seekable():
                source.seek(0)
            content = source.read()
        except (OSError, ValueError, AttributeError) as error:
            raise MediaError(
                f"{name} of type {type(source).__name__} cannot be read: {error}. "
                "Give a path, bytes, an open binary file or a PIL.Image."
            ) from error
    if not isinstance(content, bytes):
        raise MediaError(f"{name} gives text instead of bytes. Open the file with mode 'rb'.")
    if not content:
        raise MediaError(f"{name} is empty (0 bytes). Give the content of a photo's file.")
    return content


def _open_path(path: Path) -> io.BufferedReader:
    try:
        if path.is_dir():
            raise MediaError(f"{path} is a folder, not a photo. Give a file in it.")
        if not path.exists():
            raise missing(path)
        # A pipe or a device could block for ever.
        if not path.is_file():
            raise MediaError(f"{path} is no regular file. Give the path of a photo.")
        if path.stat().st_size == 0:
            raise MediaError(f"{path} is empty (0 bytes). Copy or export the photo again.")
        return path.open("rb")
    except (OSError, ValueError) as error:
        raise MediaError(
            f"{path} cannot be opened: {error}. Check the path and the right to read it."
        ) from error
