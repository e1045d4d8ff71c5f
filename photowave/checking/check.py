"""Looks through all pairs, in threads: decoding photos and sounds leaves the interpreter to others."""

import os
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Protocol, TypeVar

from photowave.checking.alike import LEAST_RECORDINGS, find_alike, find_strangers, recordings_by_place
from photowave.checking.files import Looked, look_at_photo, look_at_sound
from photowave.checking.findings import Finding, finding
from photowave.checking.opening import open_table
from photowave.checking.places import PlaceMap
from photowave.checking.report import Report, in_order
from photowave.checking.speech import SpeechDetector, can_hear_speech
from photowave.checking.together import find_doubles, find_leaks, find_near, find_parted, lines_of
from photowave.pairs.listing import Line
from photowave.pairs.rows import Row
from photowave.settings import CheckSettings, SplitSettings

Item = TypeVar("Item")


class Progress(Protocol):
    """Shows how far the work is."""

    def __call__(self, items: Iterable[Item], what: str, total: int) -> Iterable[Item]:
        """Pass the items on, and count them."""


def check_pairs(
    pairs: str | Path,
    *,
    settings: CheckSettings | None = None,
    splits: SplitSettings | None = None,
    thorough: bool = True,
    places: PlaceMap | None = None,
    progress: Progress | None = None,
) -> Report:
    """Look through all photos and sounds of a manifest or folder, and say what is wrong with which row.

    Args:
        pairs: The manifest, or a folder by place or with photos and sounds of equal names.
        settings: What the training needs, and what to look for.
        splits: For a folder.
        thorough: Without, only what cannot serve is looked for: nothing is said of what looks odd.
        places: The map of a model, which doubts photos that do not show the scene of their row.
        progress: Shows how far the work is.

    Returns:
        What was found, and the rows that can serve.

    Raises:
        PairError: There is nothing to check.
    """
    settings, show = settings or CheckSettings(), progress or _silently
    table, findings = open_table(pairs, splits or SplitSettings())
    for line in table.lines:
        findings += [_faulty(line, text) for text in line.faults]
    speech = SpeechDetector() if thorough and settings.speech and can_hear_speech() else None
    rows_of: dict[tuple[str, Path], list[Row]] = defaultdict(list)
    for row in table.rows:
        for kind, path in (("photo", row.photo), ("sound", row.sound)):
            if path is not None:
                rows_of[kind, path].append(row)

    def look(job: tuple[tuple[str, Path], list[Row]]) -> Looked:
        (kind, path), rows = job
        if kind == "photo":
            return look_at_photo(path, rows, thorough=thorough)
        return look_at_sound(path, rows, settings, thorough=thorough, speech=speech)

    seen = list(show(_in_threads(look, rows_of.items(), settings.workers), "files", len(rows_of)))
    findings += [each for looked in seen for each in looked.findings]
    good = _without_rejected(table.rows, findings)
    findings += find_leaks(good)
    good = _without_rejected(good, findings)
    comparable = False
    if thorough:
        findings += [*find_doubles(good), *find_parted(good)]
        there = lines_of(good)
        looks = {each.file: each.look for each in seen if each.look is not None and each.file in there}
        findings += find_near(good, looks)
        prints = {each.file: each.print for each in seen if each.print is not None and each.file in there}
        findings += [*find_alike(good, prints), *find_strangers(good, prints)]
        comparable = len(recordings_by_place(good, prints)) > 1
    if thorough and places is not None:
        findings += _doubts(places, good, show)
    findings = [
        replace(each, severity="rejected") if each.kind in settings.reject else each for each in findings
    ]
    return Report(
        table=table,
        findings=in_order(findings),
        durations_s={each.file: each.duration_s for each in seen if each.duration_s is not None},
        not_checked=tuple(_not_checked(thorough, speech, places, settings, comparable)),
    )


def _faulty(line: Line, text: str) -> Finding:
    kind = "missing" if text.endswith("does not exist") else "faulty row"
    return finding(kind, text.rstrip("."), lines=(line.number,))


def _without_rejected(rows: Iterable[Row], findings: Iterable[Finding]) -> list[Row]:
    rejected = {line for each in findings if each.severity == "rejected" for line in each.lines}
    return [row for row in rows if row.line not in rejected]


def _doubts(places: PlaceMap, rows: Iterable[Row], show: Progress) -> Iterator[Finding]:
    scenes = {row.photo: row.scene for row in rows if row.photo is not None and row.scene in places.places}
    lines = lines_of(list(rows))
    asked = {photo: scene for photo, scene in scenes.items() if scene is not None}
    for photo in show(asked, "places", len(asked)):
        text = places.doubt(photo, asked[photo])
        if text is not None:
            yield finding("implausible place", text, lines=lines[photo], file=photo)


def _not_checked(
    thorough: bool,
    speech: SpeechDetector | None,
    places: PlaceMap | None,
    settings: CheckSettings,
    comparable: bool,
) -> Iterator[str]:
    if not thorough:
        yield "what looks wrong and can serve: only what cannot was looked for"
        return
    if speech is None:
        why = "pip install 'photowave[check]' brings what hears it" if settings.speech else "not asked for"
        yield f"speech: {why}"
    if not settings.music:
        yield "music: not asked for"
    if places is None:
        yield "places that photos do not show: no model was asked"
    if not comparable:
        yield f"sounds of another place: it takes two places of {LEAST_RECORDINGS} recordings"


def _in_threads(
    work: Callable[[Item], Looked], jobs: Iterable[Item], workers: int | None
) -> Iterator[Looked]:
    """Do all jobs, the results in their order; only a few wait at a time."""
    count = workers or os.cpu_count() or 1
    waiting: deque[Future[Looked]] = deque()
    with ThreadPoolExecutor(count) as pool:
        for job in jobs:
            waiting.append(pool.submit(work, job))
            if len(waiting) > 2 * count:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _silently(items: Iterable[Item], what: str, total: int) -> Iterable[Item]:
    return items
