"""`photowave pairs`: what makes manifests and looks through them, each a subcommand."""

import importlib
from collections.abc import Sequence
from difflib import get_close_matches

from photowave.errors import PhotowaveError

SUBCOMMANDS = {
    "make": ("make", "write a manifest for a collection: folders, labels, videos or a table"),
    "check": ("check", "look through all photos and sounds, and name what cannot serve or looks wrong"),
    "shard": ("shard", "write shards, which a training streams from a disk or a store elsewhere"),
    "published": ("published", "write a manifest for a published set, such as VGGSound"),
}
"""Name: module in this package, and what it does."""


def usage(command: str) -> str:
    """Say which subcommands there are."""
    return "\n".join(
        [
            f"usage: photowave {command} SUBCOMMAND [OPTIONS]",
            "",
            "Makes manifests of photos and sounds, and looks through them.",
            "",
            "subcommands:",
            *(f"  {name:10} {text}" for name, (_, text) in SUBCOMMANDS.items()),
            "",
            f"photowave {command} SUBCOMMAND --help tells the options of one.",
        ]
    )


def run(command: str, arguments: Sequence[str]) -> int:
    """Find the subcommand and run it.

    Raises:
        PhotowaveError: There is none of that name.
    """
    if not arguments or arguments[0] in ("-h", "--help"):
        print(usage(command))
        return 0
    name, *rest = arguments
    if name not in SUBCOMMANDS:
        near = get_close_matches(name, SUBCOMMANDS, n=1)
        meant = f"Did you mean '{near[0]}'? " if near else ""
        raise PhotowaveError(
            f"'photowave {command}' has no subcommand '{name}'. {meant}"
            f"Choose from: {', '.join(SUBCOMMANDS)}. "
            f"For the manifest of a folder: photowave {command} make FOLDER --out OUT.csv"
        )
    module = importlib.import_module(f"photowave.cli.{SUBCOMMANDS[name][0]}")
    code = module.run(f"{command} {name}", rest)
    assert isinstance(code, int)
    return code
