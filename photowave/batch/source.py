"""Where jobs come from: a list of photos and folders, or one table."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from photowave.batch.jobs import Fault, Job, jobs_of
from photowave.batch.table import PhotoTable, is_table
from photowave.batch.targets import Target, find_targets, not_used
from photowave.errors import ConfigError
from photowave.settings import DrawSettings, SteerSettings


@dataclass(frozen=True, kw_only=True)
class Source:
    """Gives the same jobs as often as they are asked for."""

    jobs: Callable[[], Iterator[Job | Fault]]
    """Goes through them, numbered from 0 without gaps."""
    is_table: bool
    """Whether they are rows of a table, which are not all held."""
    left_alone: Callable[[], Mapping[str, Sequence[str]]]
    """Lists what was there and is not used, by why: files that are no photos, folders, or columns."""


def find_source(
    paths: Sequence[str], draw: DrawSettings, steering: SteerSettings, *, recursive: bool, numbered: bool
) -> Source:
    """Find what is to be drawn.

    Args:
        paths: As on the command line: one table, or photos, folders and patterns; none where
            `steering` says all.
        draw: How to draw.
        steering: What overrules the photos.
        recursive: Whether folders are searched below their first level.
        numbered: Whether sounds are called by their numbers; those of a table always are.

    Raises:
        ConfigError: There is nothing to draw, or a table and something else.
        MediaError: A path leads nowhere, or two photos cannot be told apart.
    """
    tables = [path for path in paths if is_table(path)]
    if tables and len(paths) > 1:
        raise ConfigError(
            f"{tables[0]} is a table, and {len(paths) - 1} more are named. Give one table alone."
        )
    if tables:
        table = PhotoTable(tables[0])
        return Source(
            jobs=lambda: table.jobs(draw, steering),
            is_table=True,
            left_alone=lambda: {"columns that are not read": table.left_alone},
        )
    if paths:
        targets = find_targets(paths, recursive=recursive)
    elif steering.without_photo:
        name = "like-" + Path(steering.like).stem if steering.like else "-".join(steering.shares)
        # A place may be called anything; its sound lies in the folder all the same.
        targets = [Target(None, Path(name.replace("/", "_").replace("\\", "_")))]
    else:
        raise ConfigError(
            "a photo is required: name photos or folders, or give --place, --blend or --like. "
            "'photowave generate --help' tells more."
        )
    return Source(
        jobs=lambda: jobs_of(targets, draw, steering, numbered=numbered),
        is_table=False,
        left_alone=lambda: not_used(paths, recursive=recursive),
    )
