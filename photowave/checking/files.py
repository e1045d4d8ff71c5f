"""Looks at one file, and at all rows that it stands in."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from photowave.checking.findings import Finding, finding
from photowave.checking.music import music
from photowave.checking.photos import measure_photo, odd_photo
from photowave.checking.prints import SoundPrint, sound_print
from photowave.checking.sounds import (
    SoundFacts,
    excerpt_is_silent,
    measure_sound,
    missing_bytes,
    odd_sound,
    unusable_sound,
)
from photowave.checking.speech import SpeechDetector
from photowave.errors import MediaError
from photowave.pairs.rows import Row
from photowave.settings import CheckSettings

_KINDS = {
    "missing": r"no such file|does not exist",
    "empty": r"is empty",
    "not a photo": r"is in no photo format",
    "not a sound": r"[Ff]ormat not recogni[sz]ed|unknown format",
    "truncated": r"truncat|broken data stream|breaks off|samples decode|lost sync",
}
"""What the readers say, and the kind that it is; all else is unreadable."""


@dataclass(frozen=True)
class Looked:
    """What was found at one file."""

    file: Path
    findings: list[Finding]
    duration_s: float | None = None
    """Of a recording that can be read."""
    look: int | None = None
    """The hash of a photo that shows something."""
    print: SoundPrint | None = None
    """Of a recording that is not rejected."""

    @property
    def serves(self) -> bool:
        """Whether it can be used in all of its rows."""
        return all(each.severity != "rejected" for each in self.findings)


def look_at_photo(path: Path, rows: Sequence[Row], *, thorough: bool) -> Looked:
    """Decode a photo; with `thorough` say what looks wrong, too."""
    lines = tuple(row.line for row in rows)
    try:
        facts = measure_photo(path)
    except MediaError as error:
        return Looked(path, [_unreadable(path, lines, error)])
    odd = (
        [finding(kind, value, lines=lines, file=path) for kind, value in odd_photo(facts)] if thorough else []
    )
    shows = all(each.kind != "one colour" for each in odd)
    return Looked(path, odd, look=facts.look if shows else None)


def look_at_sound(
    path: Path, rows: Sequence[Row], settings: CheckSettings, *, thorough: bool, speech: SpeechDetector | None
) -> Looked:
    """Read a recording once; with `thorough` say what looks wrong, too."""
    lines = tuple(row.line for row in rows)
    try:
        facts = measure_sound(path, listen=thorough)
        lacking = missing_bytes(path) if thorough else 0
    except MediaError as error:
        return Looked(path, [_unreadable(path, lines, error)])
    found = list(_unusable(path, facts, rows, settings))
    if not thorough or any(each.lines == lines for each in found):
        return Looked(path, found, duration_s=facts.duration_s)
    assert facts.heard is not None
    told = list(odd_sound(facts, sample_rate=settings.sample_rate, bandwidth_hz=_bandwidth(rows)))
    if lacking:
        told.append(("cut short", f"{lacking} bytes are missing at its end"))
    if speech is not None and (text := speech.told(facts.heard)):
        told.append(("speech", text))
    if settings.music and (text := music(facts.heard)):
        told.append(("music", text))
    found += [finding(kind, value, lines=lines, file=path) for kind, value in told]
    return Looked(path, found, duration_s=facts.duration_s, print=sound_print(facts.heard))


def _unusable(
    path: Path, facts: SoundFacts, rows: Sequence[Row], settings: CheckSettings
) -> Iterator[Finding]:
    """What rejects all rows of a recording, or single excerpts of it."""
    whole = tuple(row.line for row in rows if row.start_s is None)
    told = list(unusable_sound(facts, shortest_s=settings.clip_s / 2 if whole else 0.0))
    for kind, value in told:
        lines = whole if kind == "too short" else tuple(row.line for row in rows)
        yield finding(kind, value, lines=lines, file=path)
    if any(kind != "too short" for kind, _ in told):
        return
    for row in rows:
        if row.start_s is None:
            continue
        rest_s = facts.duration_s - row.start_s
        if rest_s < settings.clip_s:
            left = f"{max(rest_s, 0.0):.3g} s are left from start_s {row.start_s:g} on"
            value = f"{left}; {settings.clip_s:g} s are needed"
            yield finding("too short", value, lines=(row.line,), file=path)
        elif excerpt_is_silent(facts, row.start_s, settings.window_s):
            value = f"nothing is heard from start_s {row.start_s:g} on"
            yield finding("silent", value, lines=(row.line,), file=path)


def _bandwidth(rows: Sequence[Row]) -> float | None:
    return next((row.bandwidth_hz for row in rows if row.bandwidth_hz is not None), None)


def _unreadable(path: Path, lines: tuple[int, ...], error: MediaError) -> Finding:
    text = str(error)
    kind = next((kind for kind, words in _KINDS.items() if re.search(words, text)), "unreadable")
    value = text.removeprefix(str(path)).lstrip(": ").partition(". ")[0].rstrip(".")
    return finding(kind, value, lines=lines, file=path)
