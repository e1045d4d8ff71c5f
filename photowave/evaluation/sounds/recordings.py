"""The recordings of a manifest in excerpts of one length: what every system is compared with."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from photowave.errors import ConfigError, MediaError, PairError
from photowave.evaluation.sounds.cutting import cut_excerpts
from photowave.evaluation.sounds.types import RealSounds
from photowave.pairs.bank import refuse_if_any
from photowave.pairs.manifest import Manifest, Row
from photowave.pairs.splits import ENOUGH_SOUNDS, recording_name, take_name
from photowave.settings import AudioConfig


def load_real(
    manifest: Manifest,
    *,
    audio: AudioConfig,
    duration_s: float = 5.0,
    level: str = "rms",
    progress: Callable[[int], None] | None = None,
) -> RealSounds:
    """Read all recordings that have a scene and cut them into excerpts that do not overlap.

    A recording is brought to the level as a whole, fades included, so that its quiet parts stay quiet: to
    `audio.rms_dbfs` by its mean power, or with the `level` "loudness" by its loudness in LUFS. What
    is left at its end is dropped, and so are excerpts below -80 dBFS. A recording shorter than an excerpt is
    repeated, each time joined to itself by a crossfade of 50 ms. Of a row with `start_s` the one excerpt that
    starts there is taken, with the scene of that row, repeated likewise where the recording ends too early.

    Files that are parts of one recording by their names (`wind__0-60s.ogg`, `wind__60-120s.ogg`) count as one
    recording, as they do when data are split; so do, in scenes that have enough others, the takes of what may
    be one session (`wind1.ogg`, `wind2.ogg`; see `take_name`).

    Excerpts stand in the order of the rows; `progress` is called with 1 after each file. ConfigError: not
    even two samples fit into `duration_s`. PairError: no recording has a scene, or some are unreadable,
    silent, end before their `start_s` or stand under two scenes; they are named together.
    """
    length = round(duration_s * audio.sample_rate)
    if length < 2:
        raise ConfigError(f"duration_s={duration_s:g}: an excerpt needs at least two samples. Common: 5.")
    files = _files(manifest)
    sessions = _sessions(files)
    cut: list[tuple[Tensor, Row, int]] = []
    known: dict[str, int] = {}
    names: list[str] = []
    bad: list[str] = []
    for path, of_file in files.items():
        recording = known.setdefault(sessions[path], len(known))
        names += [path.name] * (recording == len(names))
        try:
            parts = cut_excerpts(path, of_file, audio=audio, level=level, length=length)
            cut += [(samples, row, recording) for samples, row in parts]
        except (MediaError, PairError) as error:
            bad.append(str(error))
        if progress is not None:
            progress(1)
    refuse_if_any(bad, what="recordings", total=len(files))
    samples, rows, recordings = zip(*cut, strict=True)
    return RealSounds(
        samples=torch.stack(samples),
        recordings=np.array(recordings, dtype=np.int64),
        scenes=np.array([row.scene for row in rows], dtype=np.str_),
        splits=np.array([row.split for row in rows], dtype=np.str_),
        names=tuple(names),
        sample_rate=audio.sample_rate,
        files={path.name: known[sessions[path]] for path in files},
    )


def _files(manifest: Manifest) -> dict[Path, list[Row]]:
    """The rows of each recording that has a scene."""
    files: dict[Path, list[Row]] = defaultdict(list)
    for row in manifest.rows:
        if row.sound is not None and row.scene is not None:
            files[row.sound].append(row)
    if not files:
        raise PairError(
            f"{manifest.path}: no recording has a scene among {len(manifest.rows)} rows; an evaluation needs "
            "some. Fill in the scene column."
        )
    return files


def _sessions(files: Mapping[Path, Sequence[Row]]) -> dict[Path, str]:
    """What excerpts of a file share with those of others: the take, or where takes are few, the recording.

    Neither depends on the scene, so that parts of one recording stay together under whatever scenes.
    """
    takes = {path: take_name(path.as_posix()) for path in files}
    recordings = {path: recording_name(path.as_posix()) for path in files}
    of_scene: dict[str | None, set[str]] = defaultdict(set)
    for path, rows in files.items():
        for row in rows:
            of_scene[row.scene].add(takes[path])
    taken = {
        recordings[path]
        for path, rows in files.items()
        if any(len(of_scene[row.scene]) >= ENOUGH_SOUNDS for row in rows)
    }
    return {path: takes[path] if recordings[path] in taken else recordings[path] for path in files}
