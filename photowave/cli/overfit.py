"""`photowave overfit`: train on one clip until the network plays it."""

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from jsonargparse import ArgumentParser

from photowave.cli.output import open_folder
from photowave.cli.parsing import make_parser, parse, settings_of
from photowave.settings import OverfitSettings


def build_parser(command: str) -> ArgumentParser:
    """Make the parser."""
    parser = make_parser(command, "Trains on one clip from nothing until the network plays it.")
    parser.add_argument("clip", metavar="CLIP", help="a sound of one to thirty seconds")
    parser.add_class_arguments(OverfitSettings)
    return parser


def run(command: str, arguments: Sequence[str]) -> int:
    """Parse, train, draw.

    Returns:
        0, whatever it sounds like: the report says that.
    """
    parsed = parse(build_parser(command), arguments)
    clip, options = parsed.clip, settings_of(OverfitSettings, parsed)
    # Importing these takes seconds: the checks above come first.
    from photowave.cli.quiet import quieten
    from photowave.training.one_clip import check_folder, overfit, read_clip

    quieten()
    read_clip(clip)
    check_folder(Path(options.out))
    open_folder(options.out)
    live = sys.stdout.isatty()

    def tell(line: str) -> None:
        print(f"\r\x1b[K{line}" if live else line, flush=True)

    def show(line: str) -> None:
        # A line that wraps could not be replaced.
        fitting = line[: shutil.get_terminal_size().columns - 1]
        print(f"\r\x1b[K{fitting}", end="", flush=True)

    try:
        overfit(clip, options, tell=tell, show=show if live else None)
    except SystemExit:
        # Lightning leaves like this after a second Ctrl-C.
        raise KeyboardInterrupt from None
    print(f"-> {options.out}")
    return 0
