"""`photowave bench`: what this machine can do."""

import errno
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from jsonargparse import ArgumentParser

from photowave.atomic import unwritten
from photowave.cli.parsing import make_parser, parse, settings_of
from photowave.errors import ConfigError
from photowave.settings import BenchSettings


def build_parser(command: str) -> ArgumentParser:
    """Make the parser."""
    parser = make_parser(command, "Measures training and drawing beside this machine's own peaks.")
    parser.add_class_arguments(BenchSettings, skip={"quick"})
    parser.add_argument("--quick", action="store_true", help="few runs, short sounds, no reference network")
    return parser


def run(command: str, arguments: Sequence[str]) -> int:
    """Parse, measure, show."""
    options = settings_of(BenchSettings, parse(build_parser(command), arguments))
    _check_out(options.out)
    from photowave.benchmark.suite import run_benchmark

    report = run_benchmark(options, progress=lambda part: print(f"measuring {part}", file=sys.stderr))
    report.save(options.out)
    print(report.table())
    print(f"\n-> {options.out}")
    return 0


def _check_out(out: str) -> None:
    """Refuse a file that cannot be written before minutes are spent."""
    path = Path(out)
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        tempfile.TemporaryFile(dir=path.parent).close()
    except OSError as error:
        raise ConfigError(unwritten(f"out={out}:", error)) from error
