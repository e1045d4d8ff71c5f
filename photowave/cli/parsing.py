"""Arguments in, settings out; what does not fit is told in one line, as every other mistake is."""

from collections.abc import Sequence

from jsonargparse import ArgumentError, ArgumentParser, Namespace

from photowave.errors import ConfigError


def make_parser(command: str, description: str) -> ArgumentParser:
    """Make the parser of one command.

    Args:
        command: Its name.
        description: What it does, for `--help`.

    Returns:
        A parser to which arguments can be added; use it with `parse`.
    """
    return ArgumentParser(prog=f"photowave {command}", description=description, exit_on_error=False)


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
        return parser.parse_args(list(arguments))
    except ArgumentError as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise ConfigError(f"{reason}. '{parser.prog} --help' tells what can be given.") from error
