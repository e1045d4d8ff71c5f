"""The folder whose photos hang in the walk: listed at the start, read only when somebody comes near one."""

import hashlib
import io
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from photowave.errors import MediaError
from photowave.image import find_photos, photo_size, read_photo

WIDEST = 1024
"""Longest side of a picture that is sent, in pixels."""
_KEPT = 64  # pictures that are kept as they were sent


class Album:
    """Photos by numbers that say nothing of where they lie.

    Args:
        folder: Searched below its first level, too; None: there are no photos.
        max_bytes: Files that are larger are left out.
        max_pixels: Photos that have more are left out.

    Raises:
        MediaError: The folder holds no photo, or cannot be listed.
    """

    def __init__(self, folder: Path | None, *, max_bytes: int, max_pixels: int):
        paths = [] if folder is None else find_photos(folder, recursive=True)
        self._max_bytes, self._max_pixels = max_bytes, max_pixels
        self._paths: Mapping[str, Path] = {
            hashlib.sha256(path.relative_to(folder or path).as_posix().encode()).hexdigest()[:16]: path
            for path in paths
        }
        self._listed: list[dict[str, Any]] | None = None
        self._pictures: OrderedDict[str, bytes] = OrderedDict()

    def __contains__(self, number: object) -> bool:
        return number in self._paths

    def listed(self) -> list[dict[str, Any]]:
        """Tell number, name, width and height of each; only beginnings of files are read, and those once.

        What cannot be shown is left out.
        """
        if self._listed is None:
            self._listed = []
            for number, path in self._paths.items():
                try:
                    width, height = self._checked_size(path)
                except (MediaError, OSError):
                    continue
                self._listed.append({"id": number, "name": path.stem, "width": width, "height": height})
        return self._listed

    def content(self, number: str) -> bytes:
        """Read the file of a photo.

        Raises:
            MediaError: It cannot be read, or is too large.
        """
        path = self._paths[number]
        try:
            self._checked_size(path)
            return path.read_bytes()
        except (MediaError, OSError) as error:
            raise MediaError("this photo cannot be read; whoever runs the server can mend it.") from error

    def picture(self, number: str) -> bytes:
        """Make a JPEG of a photo, at most `WIDEST` pixels long.

        Raises:
            MediaError: The photo cannot be read, or is too large.
        """
        if number in self._pictures:
            self._pictures.move_to_end(number)
            return self._pictures[number]
        self._pictures[number] = jpeg(self.content(number))[0]
        if len(self._pictures) > _KEPT:
            self._pictures.popitem(last=False)
        return self._pictures[number]

    def _checked_size(self, path: Path) -> tuple[int, int]:
        if path.stat().st_size > self._max_bytes:
            raise MediaError(f"{path} is larger than {self._max_bytes} bytes. Scale it down.")
        width, height = photo_size(path)
        if width * height > self._max_pixels:
            raise MediaError(f"{path} has more than {self._max_pixels} pixels. Scale it down.")
        return width, height


def jpeg(content: bytes) -> tuple[bytes, int, int]:
    """Decode a photo, and encode it again, upright and at most `WIDEST` pixels long, without its metadata.

    Returns:
        The file, its width and its height.

    Raises:
        MediaError: It cannot be read.
    """
    image = read_photo(content)
    image.thumbnail((WIDEST, WIDEST))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=85)
    return file.getvalue(), image.width, image.height
