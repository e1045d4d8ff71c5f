"""The command `photowave`: finds the subcommand and imports only that, so that `--help` stays quick."""

import importlib
import io
import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches

from photowave import extras
from photowave._version import __version__
from photowave.errors import PhotowaveError

COMMANDS = {
    "generate": ("generate", "draw a soundscape for each photo"),
    "serve": ("serve", "serve a page that plays photos, and a walk through them"),
    "gallery": ("gallery", "write photos with their sounds as pages for any web host"),
    "sonify": ("sonify", "turn a photo into sines, the baseline of the first day"),
    "fit": ("fit", "train a model on photos and sounds"),
    "validate": ("fit", "score a checkpoint on the validation split"),
    "test": ("fit", "score a checkpoint on the test split"),
    "overfit": ("overfit", "train on one clip until the network plays it"),
    "export": ("export", "turn a training checkpoint into a model file"),
    "evaluate": ("evaluate", "judge a model's sounds beside floors and ceilings"),
    "info": ("info", "tell what a model file holds"),
    "pairs": ("pairs", "make manifests of photos and sounds, and look through them"),
    "recipes": ("recipes", "list the recipes for training, or copy one"),
    "bench": ("bench", "measure training and generation on this machine"),
    "completion": ("completion", "print a script that completes commands in a shell"),
}
"""Name: module in this package, and what it does."""


def usage() -> str:
    """Say which commands there are."""
    lines = [f"  {name:10} {text}" for name, (_, text) in COMMANDS.items()]
    return "\n".join(
        [
            "usage: photowave COMMAND [OPTIONS]",
            "",
            "Turns a photo into the sound of the place.",
            "",
            "commands:",
            *lines,
            "",
            "photowave COMMAND --help tells the options of one; photowave --version the version.",
            "Hyphens and underscores in the names of options are the same.",
        ]
    )


def spelled(arguments: Sequence[str]) -> list[str]:
    """Spell options as the parsers know them: `--duration-s 3` is `--duration_s 3`, and `-o` is `--out`.

    Args:
        arguments: Those after the command; what follows `--` is left as it is.
    """
    end = list(arguments).index("--") if "--" in arguments else len(arguments)
    found = []
    for argument in arguments[:end]:
        name, equals, value = argument.partition("=")
        name = "--out" if name == "-o" else name
        found.append((f"--{name[2:].replace('-', '_')}" if name.startswith("--") else name) + equals + value)
    return [*found, *arguments[end:]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: Without the program's name; None: those of the process.

    Returns:
        The exit code: 0 if all went well, 1 if part of the work failed, 2 if nothing could be done.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A photo's name may hold letters that the terminal's or the pipe's encoding lacks.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        code = _run(list(sys.argv[1:] if arguments is None else arguments))
        if sys.stdout is not None:
            sys.stdout.flush()  # here, where it is caught if nobody reads any more
    except PhotowaveError as error:
        print(f"photowave: {' '.join(str(error).splitlines())}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # Whoever reads our lines has gone; the interpreter's own last flush shall not complain as well.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        print(f"photowave: {_told(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("photowave: stopped.", file=sys.stderr)
        return 130
    return code


def _told(error: OSError) -> str:
    """Say in one line what the system refused, and what helps."""
    if error.errno is None and "torchaudio" in str(error):
        # The one for GPUs does not load beside the torch for processors alone, which pip does not notice.
        return (
            "torchaudio does not load beside this torch: one may be for GPUs and one for processors alone. "
            "Install both from one place: pip install --force-reinstall torch torchaudio, "
            "without a GPU with --index-url https://download.pytorch.org/whl/cpu"
        )
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{' '.join((error.strerror or str(error)).split())}. Make room or mend it, then try again."


def _run(given: list[str]) -> int:
    """Find the command and run it."""
    if not given or given[0] in ("-h", "--help"):
        print(usage())
        return 0
    if given[0] in ("-V", "--version"):
        print(f"photowave {__version__}")
        return 0
    command, *rest = given
    if command not in COMMANDS:
        near = get_close_matches(command, COMMANDS, n=1)
        meant = f"Did you mean '{near[0]}'? " if near else ""
        raise PhotowaveError(f"there is no command '{command}'. {meant}Choose from: {', '.join(COMMANDS)}.")
    if command in extras.COMMANDS:
        extras.require(extras.COMMANDS[command], f"'photowave {command}'")
    module = importlib.import_module(f"photowave.cli.{COMMANDS[command][0]}")
    code = module.run(command, spelled(rest))
    assert isinstance(code, int)
    return code


if __name__ == "__main__":
    sys.exit(main())
