"""The page of the command line, made of the parsers themselves when the documentation is built."""

import argparse
from collections.abc import Iterator

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList

from photowave.cli.completion import choices_of, options_of, parser_of, subcommands_of
from photowave.cli.main import COMMANDS


class CommandLine(Directive):
    """`command-line` describes every command: what it does, its usage, what can be given to it."""

    def run(self) -> list[nodes.Node]:
        """Build the parsers, and from them sections."""
        leaves = [[name, *(f"{name} {sub}" for sub in subcommands_of(name))] for name in COMMANDS]
        return [_section(self, name) for names in leaves for name in (names[1:] or names)]


def _section(directive: Directive, command: str) -> nodes.section:
    parser = parser_of(command)
    section = nodes.section(ids=[f"photowave-{command.replace(' ', '-')}"], names=[command])
    section += nodes.title(text=f"photowave {command}")
    text = StringList(list(_lines(command, parser)), source=f"photowave {command}")
    directive.state.nested_parse(text, 0, section)
    return section


def _lines(command: str, parser: argparse.ArgumentParser) -> Iterator[str]:
    name, _, sub = command.partition(" ")
    known = subcommands_of(name)[sub] if sub else COMMANDS[name]
    yield " ".join((parser.description or known[1].capitalize() + ".").split())
    yield ""
    actions = list(options_of(parser))
    places = [action for action in actions if not action.option_strings]
    usage = " ".join(["photowave", command, *map(_place, places), "[OPTIONS]"])
    yield from ("```", usage, "```", "")
    for title, group in (("argument", places), ("option", [a for a in actions if a.option_strings])):
        if group:
            yield from (f"| {title} | default | what it does |", "|---|---|---|")
            yield from (_row(action) for action in group)
            yield ""


def _place(action: argparse.Action) -> str:
    name = str(action.metavar or action.dest)
    return {"*": f"[{name} ...]", "+": f"{name} [{name} ...]", "?": f"[{name}]"}.get(str(action.nargs), name)


def _row(action: argparse.Action) -> str:
    name = (
        ", ".join(f"`{option}`" for option in action.option_strings) or f"`{action.metavar or action.dest}`"
    )
    choices = choices_of(action)
    text = " ".join(str(action.help or "").replace("|", "\\|").split())
    if choices is not None:
        text += f" One of {', '.join(f'`{choice}`' for choice in choices)}."
    default = (
        "" if action.default in (None, argparse.SUPPRESS) or action.nargs == 0 else f"`{action.default}`"
    )
    return f"| {name} | {default} | {text} |"
