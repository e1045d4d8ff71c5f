"""`photowave recipes`: lists the recipes for training and copies them. And their names after --config."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from jsonargparse import ArgumentParser

from photowave import recipes
from photowave.atomic import unwritten
from photowave.cli.output import show
from photowave.cli.parsing import make_parser, parse
from photowave.errors import ConfigError

DEFAULT = "places"
"""The recipe of a training for which none is named."""


def build_parser(command: str) -> ArgumentParser:
    """Make the parser."""
    parser = make_parser(
        command, "Lists the recipes for 'photowave fit --config NAME', or copies one to edit."
    )
    parser.add_argument("action", nargs="?", choices=["list", "copy"], default="list", help="what to do")
    parser.add_argument("name", nargs="?", metavar="NAME", help="the recipe to copy")
    parser.add_argument("out", nargs="?", metavar="OUT.yaml", help="the file to write; it must not exist yet")
    return parser


def run(command: str, arguments: Sequence[str]) -> int:
    """Parse; list or copy."""
    parsed = parse(build_parser(command), arguments)
    if parsed.action == "copy":
        return _copy(parsed.name, parsed.out)
    if parsed.name is not None:
        raise ConfigError(f"'photowave recipes list' takes no name, but got '{parsed.name}'. Leave it out.")
    width = max(map(len, recipes.names()))
    for name in recipes.names():
        show(f"{name:{width}}  {recipes.summary(name)}", indent=width + 2)
    return 0


def _copy(name: str | None, out: str | None) -> int:
    if name is None or out is None:
        raise ConfigError(
            "'photowave recipes copy' needs the name of a recipe and of a new file. "
            "Such as: photowave recipes copy scenes my.yaml"
        )
    content = recipes.path(name).read_bytes()
    try:
        with Path(out).open("xb") as file:
            file.write(content)
    except FileExistsError as error:
        raise ConfigError(f"{out} exists already and is not overwritten. Choose another name.") from error
    except OSError as error:
        raise ConfigError(unwritten(out, error)) from error
    print(f"{name} -> {out}")
    return 0


def with_paths(arguments: Sequence[str]) -> list[str]:
    """Replace the name of a recipe after --config or -c by its path; a file of that name goes first.

    Args:
        arguments: What follows the command.

    Returns:
        The arguments as Lightning's command line reads them.

    Raises:
        ConfigError: A value is neither a file nor a recipe.
    """
    return list(_replaced(arguments))


def with_default(arguments: Sequence[str]) -> tuple[list[str], str]:
    """Give a training that names no settings those of the default recipe.

    Args:
        arguments: What follows `fit`.

    Returns:
        The arguments, and a line that says what was chosen; "" where nothing was.
    """
    options = [argument.partition("=")[0] for argument in arguments]
    if not {"--config", "-c", "--help", "-h", "--print_config"}.isdisjoint(options):
        return list(arguments), ""
    line = (
        f"settings: recipe '{DEFAULT}', that of the default model; --config NAME takes another of "
        f"{', '.join(recipes.names())}"
    )
    return [f"--config={recipes.path(DEFAULT)}", *arguments], line


def _replaced(arguments: Sequence[str]) -> Iterator[str]:
    value_follows = False
    for argument in arguments:
        option, equals, value = argument.partition("=")
        if value_follows:
            yield _found(argument)
        elif equals and option in ("--config", "-c"):
            yield f"{option}={_found(value)}"
        else:
            yield argument
        value_follows = not value_follows and argument in ("--config", "-c")


def _check_text(path: str) -> None:
    try:
        Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"--config {path}: byte {error.start} is no UTF-8. Save the file as UTF-8."
        ) from error
    except OSError as error:
        raise ConfigError(f"--config {path}: cannot be read ({error.strerror or error}).") from error


def _found(value: str) -> str:
    # What holds a colon is no name but settings written out, which the parser reads as well.
    if Path(value).is_file():
        _check_text(value)
        return value
    if ":" in value:
        return value
    if value in recipes.names():
        return str(recipes.path(value))
    raise ConfigError(
        f"--config {value}: there is no such file and no such recipe. "
        f"Name a file, or one of: {', '.join(recipes.names())}."
    )
