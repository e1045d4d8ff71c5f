"""Which photos a command works on, and what each of their sounds is called."""

import glob
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from photowave.errors import MediaError
from photowave.image import PHOTO_SUFFIXES, find_photos
from photowave.names import legible, shortened

STANDARD_INPUT = "-"


@dataclass(frozen=True)
class Target:
    """A photo, and where its sound goes."""

    photo: Path | bytes | None
    """A file, or what came by standard input; None: no photo at all."""
    name: Path
    """The sound's file below the folder of sounds, without its ending."""
    called: str | None = None
    """What a table calls the photo; None: it stands in none."""

    @property
    def photo_name(self) -> str | None:
        """The name of the photo, without folders unless a table says them; None without one."""
        if self.photo is None:
            return None
        if self.called is not None:
            return self.called
        return self.photo.name if isinstance(self.photo, Path) else "stdin"

    @property
    def listed(self) -> str:
        """What lists of many call the photo: as its table does, or with the folders of its sound."""
        name = self.photo_name or ""
        return name if self.called is not None else (self.name.parent / name).as_posix() if name else ""

    @property
    def told(self) -> str:
        """What messages call it."""
        return str(self.photo if isinstance(self.photo, Path) else self.name)


def find_targets(paths: Sequence[str], *, recursive: bool = False) -> list[Target]:
    """Find photos and name their sounds after them.

    ::

        beach.jpg                       beach
        holiday/ (recursive)
            sea/beach.jpg               sea/beach
        beach.jpg and beach.png         beach-jpg and beach-png
        2025/beach.jpg, 2026/beach.jpg  2025/beach and 2026/beach

    Args:
        paths: Photos, folders, patterns such as `*.jpg`, and "-" for standard input.
        recursive: Whether folders are searched below their first level.

    Returns:
        Each photo once, each with a name of its own whatever the case of letters.

    Raises:
        MediaError: A path leads nowhere, a folder holds no photo, or two photos cannot be told apart.
    """
    found: dict[Path, Target] = {}
    for path in paths:
        if path == STANDARD_INPUT:
            found.setdefault(Path(path), Target(sys.stdin.buffer.read(), Path("stdin")))
            continue
        if not path:
            raise MediaError("a photo's path is empty. Name a photo or a folder; is a variable not set?")
        for root in _matches(path):
            for photo in find_photos(root, recursive=recursive):
                inside = photo.relative_to(root) if photo != root else Path(photo.name)
                name = inside.with_name(shortened(inside.stem))
                found.setdefault(photo.resolve(), Target(photo, name))
    return _told_apart(list(found.values()))


def not_used(paths: Sequence[str], *, recursive: bool = False) -> dict[str, list[str]]:
    """List what lies in folders and is not used, by why; hidden files and folders are left out.

    Args:
        paths: See `find_targets`.
        recursive: See `find_targets`.
    """
    return {
        "no photo by its ending, and left alone": [
            path.name for path in _left_alone(paths, recursive=recursive)
        ],
        "folders of photos that only --recursive searches": [
            path.name for path in ([] if recursive else _unsearched(paths))
        ],
    }


def _left_alone(paths: Sequence[str], *, recursive: bool = False) -> list[Path]:
    """List files in folders that are no photos by their ending, hidden ones left out, sorted."""
    listed: list[Path] = []
    for folder in filter(Path.is_dir, map(Path, paths)):
        inside = folder.rglob("*") if recursive else folder.iterdir()
        listed += [
            path
            for path in inside
            if path.is_file()
            and path.suffix.lower() not in PHOTO_SUFFIXES
            and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        ]
    return sorted(listed)


def _unsearched(paths: Sequence[str]) -> list[Path]:
    """List folders inside of those named that hold photos at any depth, hidden ones left out, sorted."""
    inside = [path for folder in filter(Path.is_dir, map(Path, paths)) for path in folder.iterdir()]
    return sorted(
        path
        for path in inside
        if path.is_dir()
        and not path.name.startswith(".")
        and any(found.suffix.lower() in PHOTO_SUFFIXES for found in path.rglob("*"))
    )


def _matches(path: str) -> list[Path]:
    """The path itself, or where it is a pattern and no file, what fits it."""
    if not Path(path).exists() and glob.has_magic(path):
        matches = sorted(glob.glob(path, recursive=True))  # noqa: PTH207 - a pattern may begin anywhere
        return [Path(match) for match in matches] or [Path(path)]
    return [Path(path)]


def _told_apart(targets: list[Target]) -> list[Target]:
    """Give those that share a name one of their own: by their ending, or by their folder."""
    for better in (_with_ending, _with_folder):
        counts = Counter(map(_look, targets))
        targets = [better(target) if counts[_look(target)] > 1 else target for target in targets]
    seen: dict[str, Target] = {}
    for target in targets:
        other = seen.setdefault(_look(target), target)
        if other is not target:
            raise MediaError(
                f"{other.told} and {target.told} would both become '{target.name}'; each sound needs its own "
                "name. Rename one, or write them into two folders."
            )
    return targets


def _look(target: Target) -> str:
    """What some disks, and every reader, do not tell from another name."""
    return legible(str(target.name)).casefold()


def _with_ending(target: Target) -> Target:
    if not isinstance(target.photo, Path):
        return target
    ending = target.photo.suffix.lower().lstrip(".")
    return Target(target.photo, target.name.with_name(f"{target.name.name}-{ending}"))


def _with_folder(target: Target) -> Target:
    if not isinstance(target.photo, Path):
        return target
    return Target(target.photo, Path(target.photo.resolve().parent.name) / shortened(target.photo.stem))
