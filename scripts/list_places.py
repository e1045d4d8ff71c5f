"""Completes data/places.csv: measures the built files, names the groups, deals them to train, val and test.

It also lists photos that look alike; what the eye finds to be one view belongs into `places/grouping.py`. At
the end it prints how much of each place is in which split.
Usage: python scripts/list_places.py FOLDER [--list LIST.csv] [--out LIST.csv]
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from places.checking import measure
from places.entries import LIST, BuildError, read_entries, write_entries
from places.grouping import SAME_VIEW, alike, groups_of
from places.splitting import split_entries, table


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line, measure, split, write and show."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path, help="where the files are")
    parser.add_argument("--list", type=Path, default=LIST, help="the list to start from")
    parser.add_argument("--out", type=Path, default=LIST, help="the list to write")
    options = parser.parse_args(arguments)
    entries = []
    for entry in read_entries(options.list, partial=True):
        try:
            entries.append(measure(options.folder / entry.file, entry))
        except BuildError as error:
            print(f"{error}; kept as it is", file=sys.stderr)
            entries.append(entry)
    entries = [replace(e, group=group) for e, group in zip(entries, groups_of(entries), strict=True)]
    entries = [replace(e, split=split) for e, split in zip(entries, split_entries(entries), strict=True)]
    write_entries(options.out, entries)
    for bits, one, other in alike(entries):
        known = {one.file.rpartition("/")[2], other.file.rpartition("/")[2]} in map(set, SAME_VIEW)
        print(f"{bits} bits apart{', one view' if known else ''}: {one.file} {other.file}", file=sys.stderr)
    print(table(entries))
    return 0


if __name__ == "__main__":
    sys.exit(main())
