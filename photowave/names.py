"""Names of files and scenes: whatever their bytes and their Unicode form, they are found, shown and compared.

Unicode has two forms for most letters with accents (UAX #15): NFC, one sign, which keyboards give, and NFD, a
letter and an accent, which some systems give their files. They look alike and are different text.
"""

import hashlib
import os
import unicodedata
from pathlib import Path

_LONGEST = 255
"""Bytes of a name on the file systems of today."""


def composed(text: str) -> str:
    """Give text in the form NFC, in which what looks alike is alike."""
    return unicodedata.normalize("NFC", text)


def legible(name: str) -> str:
    """Give a name that came from the system, of a file or in a command, as Unicode text in the form NFC.

    Whatever the locale, its bytes are read as UTF-8; what cannot be becomes a question mark in a diamond.
    """
    return composed(os.fsencode(on_disk(name)).decode("utf-8", "replace"))


def on_disk(name: str) -> str:
    """Give a name that stands in a UTF-8 file as this system calls the file, whatever the locale."""
    if name.isascii():
        return name
    try:
        os.fsencode(name)
    except UnicodeEncodeError:
        return os.fsdecode(name.encode("utf-8", "surrogatepass"))
    return name


def shortened(stem: str, *, room: int = 24) -> str:
    """Give a name without its ending, that is so long that nothing can be added, a shorter one of its own.

    Args:
        stem: The name.
        room: Bytes of what will be added to it, endings and numbers, at the most.
    """
    most = _LONGEST - room
    if len(os.fsencode(stem)) <= most:
        return stem
    mark = f"-{hashlib.sha256(os.fsencode(stem)).hexdigest()[:8]}"
    while len(os.fsencode(stem)) > most - len(mark):
        stem = stem[:-1]
    return stem + mark


def locate(folder: Path, name: str) -> Path:
    """Find a file in a folder, or below or beside it, in whatever Unicode form each part of its name lies.

    Args:
        folder: Where a relative name counts from.
        name: The name; `..` is taken away as text, as it was written.

    Returns:
        The path as it is named, or where that leads nowhere, as the disk calls it if it is there.
    """
    named = Path(os.path.normpath(os.path.join(folder, on_disk(name))))  # noqa: PTH118 - quicker than `/`
    if name.isascii() or os.path.exists(named):  # noqa: PTH110 - unlike `Path.exists`, never raises
        return named
    there = Path(named.anchor)
    for part in named.parts[1:]:
        forms = (part, *(unicodedata.normalize(form, part) for form in ("NFC", "NFD")))
        fitting = (there / form for form in forms if os.path.exists(there / form))  # noqa: PTH110
        there = next(fitting, there / part)
    return there if os.path.exists(there) else named  # noqa: PTH110
