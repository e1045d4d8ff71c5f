"""Recordings beside each other: copies that were changed, and those that sound like another place."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from photowave.checking.findings import Finding, finding
from photowave.checking.prints import SoundPrint, agreement
from photowave.checking.together import lines_of
from photowave.pairs.rows import Row
from photowave.pairs.splits import content_keys, recording_name

LEAST_AGREEMENT = 0.35
"""Of copies; different recordings of the set of places agree to 0.17 at the most, copies of them to 0.54 and
more, and noise that is cut between two moments to 0.41."""
_CANDIDATES, _FARTHEST = 32, 5.0
"""Only the nearest textures are compared in detail, if their 50 numbers differ by less than 0.7 (root mean
square)."""
NEIGHBOURS = 3
LEAST_RECORDINGS = NEIGHBOURS + 1
"""A place with fewer says nothing of its sounds."""
TOO_FAR = 2.2
"""So many times as far as those of another place, a recording is from those of its own."""
_LEAST_SPREAD = 0.1
"""Less than this, as a logarithm of power, is chance."""
_AT_ONCE = 256


def find_alike(rows: Sequence[Row], prints: Mapping[Path, SoundPrint]) -> Iterator[Finding]:
    """Find recordings of which an earlier one is a copy: louder, encoded or resampled anew, or shortened.

    Args:
        rows: Usable ones.
        prints: Those of their recordings.
    """
    lines = lines_of(rows)
    split = {row.sound: row.split for row in rows if row.sound is not None}
    paths = sorted(prints, key=lambda path: lines[path])
    if len(paths) < 2:
        return
    content = content_keys(paths)
    low = torch.stack([torch.from_numpy(prints[path].low) for path in paths])
    for number, path in enumerate(paths):
        if number % _AT_ONCE == 0:
            distances = torch.cdist(low[number : number + _AT_ONCE], low)
            near = distances.topk(min(_CANDIDATES + 1, len(paths)), largest=False)
        candidates = zip(near.indices[number % _AT_ONCE], near.values[number % _AT_ONCE], strict=True)
        best = 0.0
        for other, distance in ((paths[int(index)], float(distance)) for index, distance in candidates):
            # The earlier row stays as it is; equal bytes, and excerpts of one recording, are told elsewhere.
            told = content[other] == content[path] or _recording(other) == _recording(path)
            if distance > _FARTHEST or lines[other] >= lines[path] or told:
                continue
            share, later_s = agreement(prints[other], prints[path])
            if share > max(best, LEAST_AGREEMENT):
                best, copied, start_s = share, other, later_s
        if best:
            where = f" from {start_s:.1f} s on" if start_s > 0.1 else ""
            text = f"it sounds as '{copied.name}' does{where} ({best:.2f} of 1 agree)"
            if split[copied] == split[path]:
                yield finding("near duplicate", text, lines=lines[path], file=path)
            else:
                text += f", which is in split {split[copied]} (line {lines[copied][0]})"
                yield finding("recording in two splits", text, lines=lines[path], file=path)


def find_strangers(rows: Sequence[Row], prints: Mapping[Path, SoundPrint]) -> Iterator[Finding]:
    """Find recordings that sound far more like those of another place than like those of their own.

    Each number of the textures counts by its spread in the collection. How far a place is, is the mean
    distance of the three nearest of its recordings.

    Args:
        rows: Usable ones.
        prints: Those of their recordings.
    """
    by_place = recordings_by_place(rows, prints)
    if len(by_place) < 2:
        return
    lines, names = lines_of(rows), list(by_place)
    textures = {
        place: torch.stack([torch.from_numpy(prints[path].texture) for path in paths])
        for place, paths in by_place.items()
    }
    together = torch.cat(list(textures.values()))
    spread = together.std(0).clamp_min(_LEAST_SPREAD)
    textures = {place: part / spread for place, part in textures.items()}
    for place, paths in by_place.items():
        far = torch.stack([_distances(textures[place], textures[other], place == other) for other in names])
        own = names.index(place)
        others = far.clone()
        others[own] = torch.inf
        nearest, which = others.clamp_min(1e-6).min(0)
        for number in torch.nonzero(far[own] > TOO_FAR * nearest).flatten().tolist():
            ratio = float(far[own, number] / nearest[number])
            text = (
                f"the nearest recordings of {names[int(which[number])]} are {ratio:.1f} times as near as "
                f"those of {place}"
            )
            yield finding("implausible sound", text, lines=lines[paths[number]], file=paths[number])


def recordings_by_place(rows: Sequence[Row], prints: Mapping[Path, SoundPrint]) -> dict[str, list[Path]]:
    """List the recordings of each place that has enough of them; one of two places belongs to neither."""
    scenes: dict[Path, set[str | None]] = defaultdict(set)
    for row in rows:
        if row.sound is not None and row.sound in prints:
            scenes[row.sound].add(row.scene)
    found: dict[str, list[Path]] = defaultdict(list)
    for path, names in scenes.items():
        (name,) = names if len(names) == 1 else (None,)
        if name is not None:
            found[name].append(path)
    return {name: paths for name, paths in sorted(found.items()) if len(paths) >= LEAST_RECORDINGS}


def _distances(these: Tensor, those: Tensor, same: bool) -> Tensor:
    """Mean distance of each to the nearest of the others, [these]; itself does not count."""
    found = []
    for first in range(0, len(these), _AT_ONCE):
        near = torch.cdist(these[first : first + _AT_ONCE], those).topk(NEIGHBOURS + same, largest=False)
        found.append(near.values[:, int(same) :].mean(1))
    return torch.cat(found)


def _recording(path: Path) -> str:
    return recording_name(path.as_posix())
