"""`photowave completion`: a script that completes commands and options in a shell."""

import argparse
import importlib
from collections.abc import Iterator, Sequence
from typing import Literal, get_args, get_origin

from jsonargparse import ArgumentParser

from photowave import extras
from photowave.cli.parsing import make_parser, parse
from photowave.errors import MissingPackageError

_FILES = ("photos", "model", "out", "html", "like", "clip", "checkpoint", "folder", "config", "ckpt_path")
"""Arguments whose values are files or folders; `data.pairs` is one by its last part."""


def build_parser(command: str) -> ArgumentParser:
    """Make the parser."""
    parser = make_parser(command, "Prints a script that completes commands, options and file names.")
    parser.add_argument("shell", choices=["bash", "zsh", "tcsh"], help="the shell it is for")
    return parser


def run(command: str, arguments: Sequence[str]) -> int:
    """Parse; print the script."""
    import shtab

    parsed = parse(build_parser(command), arguments)
    print(shtab.complete(_plain_parser(), shell=parsed.shell))
    return 0


def parser_of(command: str) -> ArgumentParser:
    """Make the parser of a command.

    Raises:
        MissingPackageError: The extra that the command needs is not installed.
    """
    from photowave.cli.main import COMMANDS

    if command in extras.COMMANDS:
        extras.require(extras.COMMANDS[command], f"'photowave {command}'")
    module = importlib.import_module(f"photowave.cli.{COMMANDS[command][0]}")
    parser: ArgumentParser = module.build_parser(command)
    return parser


def options_of(parser: ArgumentParser) -> Iterator[argparse.Action]:
    """List what can be given to a command, `--help` and the like left out."""
    for action in parser._actions:
        hidden = action.help == argparse.SUPPRESS or action.dest in ("help", "print_config")
        if not hidden and not any(name.endswith(".help") for name in action.option_strings):
            yield action


def choices_of(action: argparse.Action) -> list[str] | None:
    """List the values that an argument takes, where there are only some."""
    hint = getattr(action, "_typehint", None)
    literal = get_args(hint) if get_origin(hint) is Literal else None
    choices = action.choices if action.choices is not None else literal
    return None if choices is None else [str(choice) for choice in choices]


def _plain_parser() -> argparse.ArgumentParser:
    """All commands as one parser of the standard library; those whose extra is missing have no options."""
    import shtab

    from photowave.cli.main import COMMANDS

    whole = argparse.ArgumentParser(prog="photowave")
    whole.add_argument("-V", "--version", action="store_true", help="tell the version")
    commands = whole.add_subparsers(dest="command")
    for name, (_, text) in COMMANDS.items():
        plain = commands.add_parser(name, help=text, description=text)
        try:
            known = list(options_of(parser_of(name)))
        except MissingPackageError:
            continue
        for action in known:
            names = action.option_strings or [action.dest]
            flag = {"action": "store_true"} if action.nargs == 0 else {"nargs": action.nargs}
            added = plain.add_argument(*names, help=_one_line(action.help), **flag)
            if (choices := choices_of(action)) is not None:
                added.choices = choices
            elif action.nargs != 0 and action.dest.rpartition(".")[2] in (*_FILES, "pairs"):
                added.complete = shtab.FILE  # type: ignore[attr-defined]
    return whole


def _one_line(text: str | None) -> str:
    """A help text without line ends and without what the standard library would fill in."""
    return " ".join((text or "").split()).replace("%", "%%")
