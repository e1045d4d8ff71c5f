"""One page of a batch, to be sent to a friend: photos, players, spectrograms and places, all inside it."""

import html
from pathlib import Path
from typing import TYPE_CHECKING

from photowave._version import __version__
from photowave.atomic import replacing, unwritten
from photowave.errors import ConfigError
from photowave.names import legible

if TYPE_CHECKING:
    from photowave.generation import Soundscape

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
article { margin: 2rem 0; padding-top: 1rem; border-top: 1px solid #8888 }
img { max-width: 100%; vertical-align: top }
audio { width: 100% }
small { color: #777 }
@media (prefers-color-scheme: dark) { body { background: #111; color: #eee } }
"""


class Page:
    """Collects sounds and writes them as one HTML file; nothing in it is loaded from elsewhere.

    Args:
        path: Ends in .html.
        overwrite: Whether a file that is there may be replaced.

    Raises:
        ConfigError: The suffix is another, or there is such a file.
    """

    def __init__(self, path: str | Path, *, overwrite: bool = False):
        self._path, self._parts = Path(path), list[str]()
        if self._path.suffix.lower() not in (".html", ".htm"):
            raise ConfigError(f"html={path}: a page must end in .html. Choose such a name.")
        if self._path.exists() and not overwrite:
            raise ConfigError(
                f"html={path}: is there already. Give --overwrite to replace it, or another name."
            )

    def add(self, name: str, sound: "Soundscape") -> None:
        """Add a sound under a heading."""
        attribution = sound.info.get("attribution")
        credit = f"<p><small>{html.escape(str(attribution))}</small></p>" if attribution else ""
        self._parts.append(
            f"<article><h2>{html.escape(legible(name))}</h2>{sound._repr_html_()}{credit}</article>"
        )

    def write(self) -> None:
        """Write the page; it appears under its name only when it is complete.

        Raises:
            ConfigError: It cannot be written.
        """
        page = (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>Soundscapes</title><style>{_STYLE}</style></head><body><h1>Soundscapes</h1>"
            f"{''.join(self._parts)}<p><small>photowave {__version__}</small></p></body></html>\n"
        )
        try:
            with replacing(self._path) as temporary:
                temporary.write_text(page, encoding="utf-8")
        except OSError as error:
            raise ConfigError(unwritten(self._path, error)) from error
