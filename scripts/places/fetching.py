"""Gets sources: single files of GitHub repositories by commit, and Debian packages."""

import http.client
import os
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, unquote

from places.entries import BuildError, Entry

RAW = "https://raw.githubusercontent.com"
_TIMEOUT_S = 60


class Parcel(NamedTuple):
    """What is fetched at once: a file of a repository, or a whole package."""

    kind: str
    source: str
    version: str
    path: str
    """Path in the repository; '' for a package."""

    def __str__(self) -> str:
        """How messages name it."""
        return f"{self.source} {self.path}" if self.path else f"package {self.source}"


Fetch = Callable[[Parcel, Path], tuple[Path, str]]
"""`fetch(parcel, scratch)`: the folder with the files, each at its `path_in_source`, and a note or ''."""


def parcel_of(entry: Entry) -> Parcel:
    """Say what must be fetched for an entry."""
    path = entry.path_in_source if entry.source_kind == "github" else ""
    return Parcel(entry.source_kind, entry.source, entry.version, path)


def raw_url(parcel: Parcel) -> str:
    """Give the address of a file of a GitHub repository at one commit.

    Example:
        >>> raw_url(Parcel("github", "me/photos", "0a1b", "a b/+z.jpg"))
        'https://raw.githubusercontent.com/me/photos/0a1b/a%20b/%2Bz.jpg'
    """
    return f"{RAW}/{parcel.source}/{parcel.version}/{quote(parcel.path)}"


def fetch(parcel: Parcel, scratch: Path) -> tuple[Path, str]:
    """Download a file or a package; see `Fetch`.

    Raises:
        BuildError: It could not be had.
    """
    if parcel.kind == "github":
        return _download(parcel, scratch), ""
    return _package(parcel.source, parcel.version, scratch)


def _download(parcel: Parcel, scratch: Path) -> Path:
    url, target = raw_url(parcel), scratch / parcel.path
    request = urllib.request.Request(url, headers={"User-Agent": "photowave"})
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer, target.open("wb") as file:
            shutil.copyfileobj(answer, file)
            whole = answer.headers.get("Content-Length")
        if whole is not None and target.stat().st_size != int(whole):
            raise BuildError(f"{url} broke off after {target.stat().st_size} of {whole} bytes")
    except urllib.error.HTTPError as error:
        raise BuildError(f"{url}: the server says {error.code} {error.reason}") from error
    except urllib.error.URLError as error:
        raise BuildError(f"{RAW} cannot be reached: {error.reason}") from error
    except (OSError, http.client.HTTPException) as error:
        raise BuildError(f"{url}: {error}") from error
    return scratch


def _package(package: str, version: str, scratch: Path) -> tuple[Path, str]:
    """Download and unpack a package; where the version is gone, take the one there is, and say so.

    Nothing is installed and no root is needed.
    """
    if absent := [tool for tool in ("apt-get", "dpkg-deb") if shutil.which(tool) is None]:
        raise BuildError(
            f"{' and '.join(absent)} not found: these files come from Debian packages. Run this on Debian or "
            "Ubuntu, or in such a container"
        )
    note = ""
    error = _run(["apt-get", "download", f"{package}={version}"], scratch)
    if "was not found" in error:
        error = _run(["apt-get", "download", package], scratch)
        note = f"version {version} is gone"
    debs = sorted(scratch.glob("*.deb"))
    if error or not debs:
        raise BuildError(f"{error or 'nothing was downloaded'} (if apt knows no packages: apt-get update)")
    if note:
        note += f", {unquote(debs[0].name.split('_')[1])} was used instead"
    root = scratch / "unpacked"
    if error := _run(["dpkg-deb", "-x", str(debs[0]), str(root)], scratch):
        raise BuildError(error)
    return root, note


def _run(command: Sequence[str], folder: Path) -> str:
    """Run a command in a folder: '' if it went well, else its last error."""
    environment = {**os.environ, "LC_ALL": "C"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    errors = [line for line in done.stderr.splitlines() if not line.startswith("W:")]
    return "" if done.returncode == 0 else (errors or [f"{command[0]} ended with {done.returncode}"])[-1]
