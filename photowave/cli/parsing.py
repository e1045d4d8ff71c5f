"""Arguments in, settings out; what does not fit is told in one line, as every other mistake is."""

from collections.abc import Iterable, Sequence
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from typing import Any, TypeVar, get_args, get_type_hints

from jsonargparse import ArgumentError, ArgumentParser, Namespace, set_parsing_settings

from photowave.errors import ConfigError

# The docstrings below the fields of a dataclass become the help texts.
set_parsing_settings(docstring_parse_attribute_docstrings=True)
Settings = TypeVar("Settings")


def make_parser(command: str, description: str) -> ArgumentParser:
    """Make the parser of one command.

    Args:
        command: Its name.
        description: What it does, for `--help`.

    Returns:
        A parser to which arguments can be added; use it with `parse`.
    """
    return ArgumentParser(
        prog=f"photowave {command}", description=description, exit_on_error=False, allow_abbrev=False
    )


def parse(parser: ArgumentParser, arguments: Sequence[str]) -> Namespace:
    """Parse the arguments of one command.

    Args:
        parser: From `make_parser`.
        arguments: Those after the command's name.

    Returns:
        The values by name.

    Raises:
        ConfigError: An argument is missing, unknown or of another kind.
        SystemExit: `--help` was given and has been answered.
    """
    try:
        parsed: Namespace = parser.instantiate(parser.parse_args(list(arguments)))
        return parsed
    except ArgumentError as error:
        reason = " ".join(str(error).split()).rstrip(".")
        meant = did_you_mean(arguments, known=parser.get_defaults().keys())
        raise ConfigError(f"{reason}.{meant} '{parser.prog} --help' tells what can be given.") from error


def did_you_mean(arguments: Sequence[str], *, known: Iterable[str]) -> str:
    """Guess what a wrong option was meant to be.

    Args:
        arguments: As they were given.
        known: Names of options, without hyphens in front.

    Returns:
        Such as " Did you mean '--seed'?", or "".
    """
    names = list(known)
    given = [argument[2:].partition("=")[0] for argument in arguments if argument.startswith("--")]
    for name in given:
        if name not in names and (near := get_close_matches(name, names, n=1)):
            return f" Did you mean '--{near[0]}'?"
    return ""


def refuse_nulls(kind: Any, values: Any, prefix: str = "") -> None:
    """Refuse nothing where something is needed: in a file of settings the parser lets `null` pass.

    Args:
        kind: A dataclass of settings, whose fields may be others.
        values: What was parsed for it, not yet made into settings.
        prefix: Its name and a dot, for messages.

    Raises:
        ConfigError: A value is null that must be there.
    """
    hints = get_type_hints(kind)
    for field in fields(kind):
        hint, value = hints[field.name], values.get(field.name, field.default)
        name = f"{prefix}{field.name}"
        if is_dataclass(hint) and value is not None:
            refuse_nulls(hint, value, f"{name}.")
        elif value is None and type(None) not in get_args(hint):
            raise ConfigError(f"{name}=null: a value is needed. Leave it out for the default, or give one.")


def settings_of(kind: type[Settings], parsed: Namespace, **others: object) -> Settings:
    """Make settings of what was parsed.

    Args:
        kind: A dataclass whose fields are arguments, or some of them.
        parsed: From `parse`.
        **others: Fields that are no arguments.

    Returns:
        The settings; what is neither an argument nor among `others` has its default.

    Raises:
        ConfigError: A value is out of its range.
    """
    names = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    return kind(**{name: value for name, value in vars(parsed).items() if name in names} | others)
