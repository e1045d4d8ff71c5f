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


class Credit(NamedTuple):
    """Whose work a recording is; "" where nobody said it."""

    licence: str = ""
    author: str = ""
    source: str = ""


class Part(NamedTuple):
    """What a row gives to the pairing; any of the first three may be missing."""

    photo: Path | None
    sound: Excerpt | None
    scene: str | None
    also: tuple[str, ...] = ()
    """Further scenes whose sounds suit the photo."""
    bandwidth_hz: float | None = None
    """The highest frequency at which the sound has content, in Hz; None if nobody measured it."""
    credit: Credit = Credit()
    """Whose work the sound is."""


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
    photo_also: tuple[tuple[str, ...], ...] = ()
    """For each photo the further scenes whose sounds suit it, without its own; () if none has any."""
    bandwidths_hz: tuple[float | None, ...] = ()
    """For each sound the highest frequency at which it has content, in Hz, or None; () if none is known."""
    credits: tuple[Credit, ...] = ()
    """For each sound whose work it is; () if nothing is known."""

    def __post_init__(self) -> None:
        """Give every photo and every sound its place where nothing was said of any."""
        object.__setattr__(self, "photo_also", self.photo_also or ((),) * len(self.photos))
        object.__setattr__(self, "bandwidths_hz", self.bandwidths_hz or (None,) * len(self.sounds))
        object.__setattr__(self, "credits", self.credits or (Credit(),) * len(self.sounds))

    def only(self, *, photos: Sequence[int], sounds: Sequence[int]) -> "Pairing":
        """Keep some photos and some sounds, ascending, and what goes with what among them."""
        new_photo = {old: new for new, old in enumerate(photos)}
        new_sound = {old: new for new, old in enumerate(sounds)}
        return Pairing(
            photos=tuple(self.photos[i] for i in photos),
            sounds=tuple(self.sounds[i] for i in sounds),
            sounds_of=_renumbered([self.sounds_of[i] for i in photos], new_sound),
            photos_of=_renumbered([self.photos_of[i] for i in sounds], new_photo),
            photo_scenes=tuple(self.photo_scenes[i] for i in photos),
            sound_scenes=tuple(self.sound_scenes[i] for i in sounds),
            photo_also=tuple(self.photo_also[i] for i in photos),
            bandwidths_hz=tuple(self.bandwidths_hz[i] for i in sounds),
            credits=tuple(self.credits[i] for i in sounds),
        )


def _renumbered(parts: Sequence[tuple[int, ...]], new: dict[int, int]) -> tuple[tuple[int, ...], ...]:
    """Partners under their new numbers; what shared one tuple shares one again."""
    found = {id(part): part for part in parts}
    changed = {key: tuple(new[old] for old in part if old in new) for key, part in found.items()}
    return tuple(changed[id(part)] for part in parts)


def pair_up(
    rows: Iterable[Part | tuple[Path | None, Excerpt | None, str | None]], *, by_scene: bool
) -> Pairing:
    """Find the partners among photo, sound and scene of each row; any may be missing.

    With `by_scene` all photos and sounds of a scene go together, and a photo goes with the sounds of the
    further scenes that its rows name. Rows without a scene, and without `by_scene` all rows, pair their own
    photo with their own sound.
    """
    photo_at: dict[Path, int] = {}
    sound_at: dict[Excerpt, int] = {}
    photo_scene: dict[int, str] = {}
    sound_scene: dict[int, str] = {}
    photo_also: dict[int, dict[str, None]] = {}
    bandwidths_hz: dict[int, float] = {}
    credit: dict[int, Credit] = {}
    # A circle is what goes together completely: its photos with its sounds. A scene is one, or a row.
    circles: dict[str | int, tuple[set[int], set[int]]] = {}
    for number, row in enumerate(rows):
        part = Part(*row)
        photos, sounds = _circle(circles, part.scene if by_scene and part.scene else number)
        if part.photo is not None:
            index = photo_at.setdefault(part.photo, len(photo_at))
            photos.add(index)
            if part.scene:
                photo_scene.setdefault(index, part.scene)
            photo_also.setdefault(index, {}).update(dict.fromkeys(part.also))
            for scene in part.also if by_scene else ():
                _circle(circles, scene)[0].add(index)
        if part.sound is not None:
            index = sound_at.setdefault(part.sound, len(sound_at))
            sounds.add(index)
            if part.scene:
                sound_scene.setdefault(index, part.scene)
            if part.bandwidth_hz is not None:
                bandwidths_hz.setdefault(index, part.bandwidth_hz)
            if any(part.credit):
                credit.setdefault(index, part.credit)
    return Pairing(
        photos=tuple(photo_at),
        sounds=tuple(sound_at),
        sounds_of=_partners(len(photo_at), list(circles.values())),
        photos_of=_partners(len(sound_at), [(sounds, photos) for photos, sounds in circles.values()]),
        photo_scenes=tuple(photo_scene.get(index) for index in range(len(photo_at))),
        sound_scenes=tuple(sound_scene.get(index) for index in range(len(sound_at))),
        photo_also=tuple(
            tuple(name for name in photo_also[index] if name != photo_scene.get(index))
            for index in range(len(photo_at))
        ),
        bandwidths_hz=tuple(bandwidths_hz.get(index) for index in range(len(sound_at))),
        credits=tuple(credit.get(index, Credit()) for index in range(len(sound_at))),
    )


def _circle(circles: dict[str | int, tuple[set[int], set[int]]], key: str | int) -> tuple[set[int], set[int]]:
    """Photos and sounds of a circle, which begins empty."""
    return circles.setdefault(key, (set(), set()))


def _partners(count: int, circles: Sequence[tuple[set[int], set[int]]]) -> tuple[tuple[int, ...], ...]:
    """For each of `count` members its partners; the members of one circle share one tuple to save memory."""
    found: list[list[tuple[int, ...]]] = [[] for _ in range(count)]
    for members, partners in circles:
        shared = tuple(sorted(partners))
        for member in members:
            found[member].append(shared)
    return tuple(parts[0] if len(parts) == 1 else tuple(sorted(set().union(*parts))) for parts in found)
