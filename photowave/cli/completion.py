"""`photowave completion`: a script that completes commands and options in a shell."""

import argparse
import importlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, get_args, get_origin

from jsonargparse import ArgumentParser

from photowave import extras
from photowave.cli.pairs import SUBCOMMANDS
from photowave.cli.parsing import make_parser, parse
from photowave.errors import MissingPackageError

_FILES = (
    *(
        "photos",
        "model",
        "out",
        "html",
        "like",
        "clip",
        "checkpoint",
        "folder",
        "config",
        "ckpt_path",
        "pairs",
    ),
    *("sounds", "labels", "excerpts", "json", "fix"),
)
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


def subcommands_of(command: str) -> Mapping[str, tuple[str, str]]:
    """List the subcommands of a command, as `COMMANDS` lists commands; most have none."""
    return SUBCOMMANDS if command == "pairs" else {}


def parser_of(command: str) -> ArgumentParser:
    """Make the parser of a command, or of a subcommand such as `pairs make`.

    Raises:
        MissingPackageError: The extra that the command needs is not installed.
    """
    from photowave.cli.main import COMMANDS

    if command in extras.COMMANDS:
        extras.require(extras.COMMANDS[command], f"'photowave {command}'")
    name, _, sub = command.partition(" ")
    module = importlib.import_module(
        f"photowave.cli.{(subcommands_of(name)[sub] if sub else COMMANDS[name])[0]}"
    )
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
    from photowave.cli.main import COMMANDS

    whole = argparse.ArgumentParser(prog="photowave")
    whole.add_argument("-V", "--version", action="store_true", help="tell the version")
    commands = whole.add_subparsers(dest="command")
    for name, (_, text) in COMMANDS.items():
        plain = commands.add_parser(name, help=text, description=text)
        if not (inside := subcommands_of(name)):
            _add_options(plain, name)
            continue
        group = plain.add_subparsers(dest=f"{name}_subcommand")
        for sub, (_, sub_text) in inside.items():
            _add_options(group.add_parser(sub, help=sub_text, description=sub_text), f"{name} {sub}")
    return whole


def _add_options(plain: argparse.ArgumentParser, command: str) -> None:
    """Give a parser of the standard library what a command takes, if its extra is installed."""
    import shtab

    try:
        known = list(options_of(parser_of(command)))
    except MissingPackageError:
        return
    for action in known:
        names = action.option_strings or [action.dest]
        flag = {"action": "store_true"} if action.nargs == 0 else {"nargs": action.nargs}
        added = plain.add_argument(*names, help=_one_line(action.help), **flag)
        if (choices := choices_of(action)) is not None:
            added.choices = choices
        elif action.nargs != 0 and action.dest.rpartition(".")[2] in _FILES:
            added.complete = shtab.FILE  # type: ignore[attr-defined]


def _one_line(text: str | None) -> str:
    """A help text without line ends and without what the standard library would fill in."""
    return " ".join((text or "").split()).replace("%", "%%")
