"""A gallery to share: photos with their sounds as a folder of files that any web host can show."""

import base64
import json
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from photowave.errors import ConfigError
from photowave.generation import Soundscape
from photowave.generation.reading import PhotoReading
from photowave.web.album import jpeg
from photowave.web.static_files import static_files

_MARK = 'id="gallery-data"'
_DATA = re.compile(rf'(<script type="application/json" {_MARK}>).*?(</script>)', re.DOTALL)
_PAGES = {"gallery.html": "index.html", "gallery-walk.html": "walk.html"}
_LEFT_OUT = (".html", "page.js", "pcm-worklet.js")  # only the server needs them


class Gallery:
    """Collects photos with their sounds in a folder, and writes the pages at last.

    Args:
        folder: Is there, and empty.
        title: What the page is called.
        sample_rate: Of the sounds, in Hz.
    """

    def __init__(self, folder: Path, *, title: str, sample_rate: int):
        self._folder, self._title, self._sample_rate = folder, title, sample_rate
        self._photos: list[dict[str, Any]] = []
        for name in ("assets", "photos", "sounds", "spectrograms", "embedded"):
            (folder / name).mkdir()

    def add(
        self, name: str, photo: bytes, reading: PhotoReading, sound: Soundscape, *, credit: str = ""
    ) -> None:
        """Add a photo.

        Args:
            name: What it is called.
            photo: The bytes of its file; what is shown is a smaller copy without metadata.
            reading: What was made of it.
            sound: What was drawn for it.
            credit: Author, licence and source of the photo; "" if nobody said it.
        """
        number = f"{len(self._photos) + 1:04}"
        picture, width, height = jpeg(photo)
        files = {
            "photo": f"photos/{number}.jpg",
            "sound": f"sounds/{number}.flac",
            "spectrogram": f"spectrograms/{number}.png",
            "embedded": f"embedded/{number}.js",
        }
        (self._folder / files["photo"]).write_bytes(picture)
        sound.save(self._folder / files["sound"])
        sound.spectrogram().save(self._folder / files["spectrogram"])
        script = _embedded(len(self._photos), picture, (self._folder / files["sound"]).read_bytes())
        (self._folder / files["embedded"]).write_text(script, encoding="utf-8")
        origins = [voice.origin for voice in reading.voices if voice.origin is not None]
        self._photos.append(
            {
                "name": name,
                "credit": credit,
                "width": width,
                "height": height,
                **files,
                "duration_s": sound.duration_s,
                "heard": [
                    {"place": place, "probability": round(share, 4)}
                    for place, share in reading.hearing.places.items()
                ],
                "words": reading.hearing.words,
                "attribution": "; ".join(origin.attribution for origin in origins),
                "licence": "; ".join(sorted({origin.licence or "unknown" for origin in origins})),
            }
        )

    def finish(self) -> None:
        """Write the pages, and what they load."""
        data = {"title": self._title, "sample_rate": self._sample_rate, "photos": self._photos}
        told = json.dumps(data, ensure_ascii=False).replace("<", r"\u003c")
        for name, file in static_files().items():
            if name in _PAGES:
                page = _DATA.sub(lambda found: found[1] + told + found[2], file.content.decode())
                (self._folder / _PAGES[name]).write_text(page, encoding="utf-8")
            elif not name.endswith(_LEFT_OUT):
                (self._folder / "assets" / name).write_bytes(file.content)


def _embedded(index: int, photo: bytes, sound: bytes) -> str:
    """A script that holds a photo and its sound.

    A page that was opened as a file may load scripts, but put no other file into WebGL or Web Audio. The walk
    takes them from here then.
    """
    held = {
        "photo": "data:image/jpeg;base64," + base64.b64encode(photo).decode(),
        "sound": "data:audio/flac;base64," + base64.b64encode(sound).decode(),
    }
    return f"photowaveEmbed({index},{json.dumps(held)})\n"


def check_place(out: Path, *, overwrite: bool) -> None:
    """See that a gallery may be written to a folder, before any work is done.

    Raises:
        ConfigError: Something is there that may not be replaced.
    """
    if not out.exists():
        return
    if not overwrite:
        raise ConfigError(f"out={out}: is there already. Give --overwrite to replace it, or another name.")
    index = out / "index.html"
    is_gallery = index.is_file() and _MARK in index.read_text(encoding="utf-8", errors="replace")
    if not out.is_dir() or not (is_gallery or not any(out.iterdir())):
        raise ConfigError(
            f"out={out}: is there, and is no gallery; only a gallery is replaced. Give another name."
        )


@contextmanager
def replaced_folder(out: Path) -> Iterator[Path]:
    """Give an empty folder beside `out`; it takes its name when the block ends well, and goes otherwise.

    Raises:
        ConfigError: It cannot be written.
    """
    out = out.resolve()
    mark = secrets.token_hex(6)
    temporary, old = (out.with_name(f".{out.name}-{mark}{kind}") for kind in ("", "-old"))
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        temporary.mkdir()
        try:
            yield temporary
            if out.exists():
                out.rename(old)
            temporary.rename(out)
        except BaseException:
            if old.exists() and not out.exists():
                old.rename(out)
            raise
        finally:
            for folder in (temporary, old):
                shutil.rmtree(folder, ignore_errors=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(f"out={out}: cannot be written ({reason}). Choose another folder.") from error
