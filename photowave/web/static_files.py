"""The pages and what they load: read once at the start, and served from memory by their names."""

import mimetypes
from collections.abc import Mapping
from importlib.resources import files
from typing import NamedTuple

_TYPES = {".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".txt": "text/plain"}


class StaticFile(NamedTuple):
    """A file that ships with the package."""

    content: bytes
    media_type: str


def static_files() -> Mapping[str, StaticFile]:
    """Read all of them, by name; there are no folders among them."""
    found = {}
    for file in files("photowave.web").joinpath("static").iterdir():
        if file.is_file() and not file.name.startswith("."):
            ending = f".{file.name.rpartition('.')[2]}"
            kind = _TYPES.get(ending) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
            found[file.name] = StaticFile(file.read_bytes(), kind)
    return found
