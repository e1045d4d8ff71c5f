"""Builds the set of places that data/places.csv lists: photos, recordings, and pairs.csv for the training.

The files come from GitHub repositories (single files, by commit) and from Debian packages. The script makes
each as the list says and checks it; only then does the file get its name. It leaves alone what is there and
passes the check, so a run that was cut off goes on where it stopped.
Usage: python scripts/build_places.py [FOLDER] [--from FOLDER] [--only PLACE ...]
"""

import argparse
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from places.checking import check
from places.entries import DATA, LIST, BuildError, Entry, read_entries
from places.fetching import Fetch, Parcel, fetch, parcel_of
from places.making import make, take

from photowave.pairs.manifest import Row, write_manifest

Report = Callable[[str], None]


@dataclass
class Summary:
    """What became of the entries."""

    kept: int = 0
    made: int = 0
    notes: list[str] = field(default_factory=list)
    failed: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """The files that could not be had, by reason."""


def build(
    entries: Sequence[Entry],
    folder: Path,
    *,
    built: Path | None = None,
    fetch: Fetch = fetch,
    report: Report = lambda _: None,
) -> Summary:
    """Make what is missing or wrong in a folder; failures do not stop the rest.

    Args:
        entries: The files.
        folder: Where they go.
        built: A folder that holds the files already; then nothing is downloaded.
        fetch: What gets the sources.
        report: Is told what is being done.
    """
    summary = Summary()
    wanted: dict[Parcel, list[Entry]] = {}
    report("checking what is there")
    for entry in entries:
        target = folder / entry.file
        if target.is_file() and not check(target, entry):
            summary.kept += 1
        else:
            wanted.setdefault(parcel_of(entry), []).append(entry)
    folder.mkdir(parents=True, exist_ok=True)
    for number, (parcel, missing) in enumerate(sorted(wanted.items()), 1):
        report(f"{number} of {len(wanted)}: {parcel} ({len(missing)} file{'s' * (len(missing) > 1)})")
        # Beside the result, because packages unpack to a gigabyte and /tmp is often small; the dot hides it.
        with tempfile.TemporaryDirectory(prefix=".build-", dir=folder) as scratch:
            try:
                root, note = (built, "") if built else fetch(parcel, Path(scratch))
            except BuildError as error:
                summary.failed[str(error)] += [entry.file for entry in missing]
                continue
            summary.notes += [f"{parcel}: {note}"] if note else []
            for entry in missing:
                try:
                    if built:
                        take(root / entry.file, folder / entry.file, entry)
                    else:
                        make(root / entry.path_in_source.lstrip("/"), folder / entry.file, entry)
                    summary.made += 1
                except BuildError as error:
                    summary.failed[str(error)].append(entry.file)
    return summary


def manifest_rows(entries: Sequence[Entry], folder: Path, *, all_licences: bool = False) -> list[Row]:
    """Give the rows of the manifest: entries of the set whose files are there, with a scene per place.

    Training photos under share-alike licences or the GPL are left out, unless `all_licences` are wanted: the
    map from photo to place does without them (see the log of experiments).
    """
    heard = {entry.place for entry in entries if entry.kind == "sound" and entry.split}
    rows = []
    for entry in entries:
        path = (folder / entry.file).absolute()
        if not entry.split or not path.is_file():
            continue
        if entry.split == "train" and entry.copyleft and not all_licences:
            continue
        credit = {"licence": entry.licence, "author": entry.author, "source": entry.origin or entry.source}
        credit = {name: " ".join(text.split()) for name, text in credit.items()}
        if entry.kind == "photo":
            also = tuple(place for place in entry.also.split(";") if place in heard)
            rows.append(Row(path, None, entry.place, entry.split, also=also, **credit))
        else:
            bandwidth_hz = entry.bandwidth_hz
            rows.append(Row(None, path, entry.place, entry.split, bandwidth_hz=bandwidth_hz, **credit))
    return rows


def main(arguments: Sequence[str] | None = None, *, fetch: Fetch = fetch) -> int:
    """Parse the command line, build, and say what came of it: 0 if all is there, 1 if not."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", nargs="?", type=Path, default=DATA / "places", help="where the set goes")
    parser.add_argument(
        "--from", type=Path, dest="built", metavar="FOLDER", help="take built files from here"
    )
    parser.add_argument("--only", nargs="+", metavar="PLACE", help="build these places alone")
    parser.add_argument("--list", type=Path, default=LIST, help="the list of files")
    parser.add_argument(
        "--all-licences",
        action="store_true",
        help="train on photos under share-alike licences and the GPL, too",
    )
    options = parser.parse_args(arguments)
    if options.built and not options.built.is_dir():
        parser.error(f"--from {options.built}: no such folder")
    try:
        entries = read_entries(options.list)
    except BuildError as error:
        parser.error(str(error))
    inside = [entry for entry in entries if entry.split]
    if unknown := sorted(set(options.only or ()) - {entry.place for entry in inside}):
        parser.error(f"--only {' '.join(unknown)}: no place of the set in {options.list}")
    chosen = [entry for entry in inside if not options.only or entry.place in options.only]
    in_place = sys.stderr.isatty()
    start, end = ("\r\033[K", "") if in_place else ("", "\n")
    summary = build(
        chosen,
        options.folder,
        built=options.built,
        fetch=fetch,
        report=lambda text: print(f"{start}{text}", end=end, file=sys.stderr, flush=True),
    )
    print(end="\n" if in_place else "", file=sys.stderr)
    if rows := manifest_rows(entries, options.folder, all_licences=options.all_licences):
        write_manifest(options.folder / "pairs.csv", rows)
    ready = summary.kept + summary.made
    print(
        f"{ready} of {len(chosen)} files are in {options.folder}: {summary.made} made, {summary.kept} kept."
    )
    for note in summary.notes:
        print(f"note: {note}")
    if rows:
        print(f"{options.folder / 'pairs.csv'} lists {len(rows)} files for the training.")
    if summary.failed:
        print(f"{len(chosen) - ready} files are missing; run the command again to try anew:", file=sys.stderr)
        for reason, files in sorted(summary.failed.items()):
            print("\n".join([f"  {reason}:", *(f"    {file}" for file in files)]), file=sys.stderr)
    return 1 if summary.failed else 0


if __name__ == "__main__":
    sys.exit(main())
