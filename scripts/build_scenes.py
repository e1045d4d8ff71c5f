"""Rebuilds the ten scenes, photos and sounds, from the Debian packages named in data/scenes.csv.

Each package is downloaded (`apt-get download`) and unpacked (`dpkg-deb -x`) in a scratch folder; nothing is
installed and no root is needed. Photos are resized and excerpts cut as the list says, checked against it and
only then given their name. Files that are there and pass the check are left alone, so a run that was cut off
goes on where it stopped. Usage: python scripts/build_scenes.py [FOLDER] [--only PACKAGE ...]
"""

import argparse
import csv
import math
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import soundfile
from PIL import Image, ImageOps

from photowave.atomic import replacing

DATA = Path(__file__).resolve().parent.parent / "data"
JPEG_QUALITY = 90
VORBIS_COMPRESSION = 0.2  # libvorbis quality 8: the second encoding should cost nothing that can be heard
BLOCK = 4096  # frames written at once; libsndfile overflows its stack on minutes of Vorbis in one call

Fetch = Callable[[str, str, Path], tuple[Path, str]]
"""`fetch(package, version, scratch)` gives the folder with the unpacked package, and a note or ''."""


class BuildError(Exception):
    """A package or a file could not be rebuilt; the others still can."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the list."""

    file: str
    """Where the file goes, below the folder of scenes."""
    kind: str
    package: str
    version: str
    source: str
    """Path in the package."""
    start_s: float = math.nan
    end_s: float = math.nan
    duration_s: float = math.nan
    rms_dbfs: float = math.nan
    sample_rate: int = 0
    size: tuple[int, int] = (0, 0)
    """Width and height in pixels."""


@dataclass
class Summary:
    """What became of the entries."""

    kept: int = 0
    made: int = 0
    notes: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


def read_list(path: Path) -> list[Entry]:
    """Read the list of files (CSV)."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Entry(
                file=row["file"],
                kind=row["kind"],
                package=row["debian_package"],
                version=row["version"],
                source=row["path_in_package"],
                start_s=float(row["start_s"] or "nan"),
                end_s=float(row["end_s"] or "nan"),
                duration_s=float(row["duration_s"] or "nan"),
                rms_dbfs=float(row["rms_dbfs"] or "nan"),
                sample_rate=int(row["sample_rate"] or 0),
                size=(int(row["width"] or 0), int(row["height"] or 0)),
            )
            for row in csv.DictReader(file)
        ]


def check(path: Path, entry: Entry) -> str:
    """Compare a file with its entry: what differs, or '' if it is as it should be."""
    try:
        if entry.kind == "photo":
            with Image.open(path) as image:
                image.load()
                fits = image.size == entry.size
                return "" if fits else f"has {image.size} pixels instead of {entry.size}"
        samples, rate = soundfile.read(path, always_2d=True)
    except (OSError, ValueError, soundfile.SoundFileError) as error:
        return f"cannot be read: {error}"
    if (rate, samples.shape[1]) != (entry.sample_rate, 1):
        return f"has {rate} Hz and {samples.shape[1]} channels instead of {entry.sample_rate} Hz and 1"
    duration_s = len(samples) / rate
    if abs(duration_s - entry.duration_s) > 0.05:
        return f"lasts {duration_s:.2f} s instead of {entry.duration_s:.2f} s"
    rms_dbfs = 10 * math.log10(max(float(np.mean(samples**2)), 1e-20))
    if abs(rms_dbfs - entry.rms_dbfs) > 0.5:
        return f"has a level of {rms_dbfs:.1f} dBFS instead of {entry.rms_dbfs:.1f} dBFS"
    return ""


def make_photo(source: Path, target: Path, entry: Entry) -> None:
    """Write a photo upright, RGB, with its longest side at most that of the entry, as JPEG."""
    with Image.open(source) as image:
        upright = ImageOps.exif_transpose(image).convert("RGB")
    longest = max(entry.size)
    upright.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    upright.save(target, "JPEG", quality=JPEG_QUALITY)


def make_sound(source: Path, target: Path, entry: Entry) -> None:
    """Write the excerpt as mono (mean of the channels) at its own sample rate and level."""
    rate = soundfile.info(source).samplerate
    start, stop = round(entry.start_s * rate), round(entry.end_s * rate)
    mono = soundfile.read(source, start=start, stop=stop, always_2d=True)[0].mean(axis=1)
    if target.suffix == ".ogg":
        kind = {"format": "OGG", "subtype": "VORBIS", "compression_level": VORBIS_COMPRESSION}
    else:
        kind = {"format": "FLAC", "subtype": "PCM_16"}
    with soundfile.SoundFile(target, "w", samplerate=rate, channels=1, **kind) as file:
        for place in range(0, len(mono), BLOCK):
            file.write(mono[place : place + BLOCK])


def make(root: Path, target: Path, entry: Entry) -> None:
    """Make one file from the unpacked package; it appears only if it passes the check.

    Raises:
        BuildError: The source is missing or foreign, or the result is not as the list says.
    """
    source = root / entry.source.lstrip("/")
    if not source.is_file():
        raise BuildError(f"{entry.source} is not in the package")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with replacing(target) as temporary:
            (make_photo if entry.kind == "photo" else make_sound)(source, temporary, entry)
            if wrong := check(temporary, entry):
                raise BuildError(f"the result {wrong}")
    except (OSError, ValueError, soundfile.SoundFileError) as error:
        raise BuildError(str(error)) from error


def fetch_package(package: str, version: str, scratch: Path) -> tuple[Path, str]:
    """Download and unpack a package; where the version is gone, take the one there is, and say so.

    Raises:
        BuildError: Neither could be had, or the package cannot be unpacked.
    """
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


def build(
    entries: Iterable[Entry],
    folder: Path,
    *,
    fetch: Fetch = fetch_package,
    report: Callable[[str], None] = lambda _: None,
) -> Summary:
    """Make what is missing or wrong in the folder, package by package; failures do not stop the rest."""
    summary = Summary()
    wanted: dict[tuple[str, str], list[Entry]] = {}
    report("checking what is there")
    for entry in entries:
        target = folder / entry.file
        if target.is_file() and not check(target, entry):
            summary.kept += 1
        else:
            wanted.setdefault((entry.package, entry.version), []).append(entry)
    if wanted:
        folder.mkdir(parents=True, exist_ok=True)
    for number, ((package, version), missing) in enumerate(sorted(wanted.items()), 1):
        report(f"package {number} of {len(wanted)}: {package} ({len(missing)} files)")
        # Beside the result, because packages unpack to a gigabyte and /tmp is often small; the dot hides it.
        with tempfile.TemporaryDirectory(prefix=".build-", dir=folder) as scratch:
            try:
                root, note = fetch(package, version, Path(scratch))
            except BuildError as error:
                summary.failed += [f"{entry.file}: package {package}: {error}" for entry in missing]
                continue
            summary.notes += [f"{package}: {note}"] if note else []
            for entry in missing:
                try:
                    make(root, folder / entry.file, entry)
                    summary.made += 1
                except BuildError as error:
                    summary.failed.append(f"{entry.file}: {error}")
    return summary


def main(arguments: Sequence[str] | None = None, *, fetch: Fetch = fetch_package) -> int:
    """Parse the command line, build, and say what came of it: 0 if all is there, 1 if not, 2 without apt."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", nargs="?", type=Path, default=DATA / "scenes", help="where the scenes go")
    parser.add_argument("--list", type=Path, default=DATA / "scenes.csv", help="the list of files")
    parser.add_argument("--only", nargs="+", metavar="PACKAGE", help="build from these packages alone")
    options = parser.parse_args(arguments)
    entries = read_list(options.list)
    if unknown := sorted(set(options.only or ()) - {entry.package for entry in entries}):
        parser.error(f"--only {' '.join(unknown)}: not in {options.list}")
    entries = [entry for entry in entries if not options.only or entry.package in options.only]
    absent = [tool for tool in ("apt-get", "dpkg-deb") if shutil.which(tool) is None]
    if fetch is fetch_package and absent:
        print(
            f"{' and '.join(absent)} not found: the scenes come from Debian packages. Run this on Debian or "
            "Ubuntu or in such a container, or train on a folder of your own (see data/README.md).",
            file=sys.stderr,
        )
        return 2
    in_place = sys.stderr.isatty()
    start, end = ("\r\033[K", "") if in_place else ("", "\n")
    summary = build(
        entries,
        options.folder,
        fetch=fetch,
        report=lambda text: print(f"{start}{text}", end=end, file=sys.stderr, flush=True),
    )
    print(end="\n" if in_place else "", file=sys.stderr)
    ready = summary.kept + summary.made
    print(
        f"{ready} of {len(entries)} files are in {options.folder}: {summary.made} made, {summary.kept} kept."
    )
    for note in summary.notes:
        print(f"note: {note}")
    if summary.failed:
        print(f"{len(summary.failed)} files could not be rebuilt:", file=sys.stderr)
        print("\n".join(f"  {text}" for text in summary.failed), file=sys.stderr)
    return 1 if summary.failed else 0


if __name__ == "__main__":
    sys.exit(main())
