"""Which photo goes with which sound, as indices in both directions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple


class Excerpt(NamedTuple):
    """A recording, and where in it the sound starts."""

    path: Path
    start_s: float | None
    """In seconds; None for the whole recording."""


@dataclass(frozen=True)
class Pairing:
    """Photos and sounds, each once, and their partners. A file without a partner has an empty tuple."""

    photos: tuple[Path, ...]
    sounds: tuple[Excerpt, ...]
    sounds_of: tuple[tuple[int, ...], ...]
    """For each photo the indices of its sounds, ascending."""
    photos_of: tuple[tuple[int, ...], ...]
    """For each sound the indices of its photos, ascending."""
    photo_scenes: tuple[str | None, ...]
    """The scene of each photo: that of the first row which names one."""
    sound_scenes: tuple[str | None, ...]
    """The scene of each sound: that of the first row which names one."""


def pair_up(rows: Iterable[tuple[Path | None, Excerpt | None, str | None]], *, by_scene: bool) -> Pairing:
    """Find the partners among photo, sound and scene of each row; any may be missing.

    With `by_scene` all photos and sounds of a scene go together. Rows without a scene, and without `by_scene`
    all rows, pair their own photo with their own sound.
    """
    photo_at: dict[Path, int] = {}
    sound_at: dict[Excerpt, int] = {}
    photo_scene: dict[int, str] = {}
    sound_scene: dict[int, str] = {}
    # A circle is what goes together completely: its photos with its sounds. A scene is one, or a row.
    circles: dict[str | int, tuple[set[int], set[int]]] = {}
    for number, (photo, sound, scene) in enumerate(rows):
        photos, sounds = circles.setdefault(scene if by_scene and scene else number, (set(), set()))
        if photo is not None:
            index = photo_at.setdefault(photo, len(photo_at))
            photos.add(index)
            if scene:
                photo_scene.setdefault(index, scene)
        if sound is not None:
            index = sound_at.setdefault(sound, len(sound_at))
            sounds.add(index)
            if scene:
                sound_scene.setdefault(index, scene)
    return Pairing(
        photos=tuple(photo_at),
        sounds=tuple(sound_at),
        sounds_of=_partners(len(photo_at), list(circles.values())),
        photos_of=_partners(len(sound_at), [(sounds, photos) for photos, sounds in circles.values()]),
        photo_scenes=tuple(photo_scene.get(index) for index in range(len(photo_at))),
        sound_scenes=tuple(sound_scene.get(index) for index in range(len(sound_at))),
    )


def _partners(count: int, circles: Sequence[tuple[set[int], set[int]]]) -> tuple[tuple[int, ...], ...]:
    """For each of `count` members its partners; the members of one circle share one tuple to save memory."""
    found: list[list[tuple[int, ...]]] = [[] for _ in range(count)]
    for members, partners in circles:
        shared = tuple(sorted(partners))
        for member in members:
            found[member].append(shared)
    return tuple(parts[0] if len(parts) == 1 else tuple(sorted(set().union(*parts))) for parts in found)
