"""What is evaluated against: the recordings of a manifest in equal excerpts, and the photos of one split."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from photowave.config import AudioConfig
from photowave.errors import ConfigError, MediaError, PairError
from photowave.evaluation.cutting import cut_excerpts
from photowave.evaluation.types import EvaluatedPhotos, RealSounds
from photowave.generation.reading import small
from photowave.image import read_photo
from photowave.pairs.bank import refuse_if_any
from photowave.pairs.manifest import Manifest, Row
from photowave.pairs.splits import ENOUGH_SOUNDS, recording_name, take_name


def load_real(
    manifest: Manifest,
    *,
    audio: AudioConfig,
    duration_s: float = 5.0,
    progress: Callable[[int], None] | None = None,
) -> RealSounds:
    """Read all recordings that have a scene and cut them into excerpts that do not overlap.

    A recording is brought to the level as a whole, fades included, so that its quiet parts stay quiet. What
    is left at its end is dropped, and so are excerpts below -80 dBFS. A recording shorter than an excerpt is
    repeated, each time joined to itself by a crossfade of 50 ms. Of a row with `start_s` the one excerpt that
    starts there is taken, with the scene of that row, repeated likewise where the recording ends too early.

    Files that are parts of one recording by their names (`wind__0-60s.ogg`, `wind__60-120s.ogg`) count as one
    recording, as they do when data are split; so do, in scenes that have enough others, the takes of what may
    be one session (`wind1.ogg`, `wind2.ogg`; see `take_name`).

    Args:
        manifest: All splits together.
        audio: Rate and level.
        duration_s: Length of an excerpt in seconds.
        progress: Called with 1 after each file.

    Returns:
        The excerpts, in the order of the rows.

    Raises:
        ConfigError: Not even two samples fit into `duration_s`.
        PairError: No recording has a scene, or some are unreadable, silent, end before their `start_s` or
            stand under two scenes; they are named together.
    """
    length = round(duration_s * audio.sample_rate)
    if length < 2:
        raise ConfigError(f"duration_s={duration_s:g}: an excerpt needs at least two samples. Common: 5.")
    files = _files(manifest)
    sessions = _sessions(files)
    excerpts: list[Tensor] = []
    recordings: list[int] = []
    rows: list[Row] = []
    known: dict[str, int] = {}
    names: list[str] = []
    bad: list[str] = []
    for path, of_file in files.items():
        try:
            cut = cut_excerpts(path, of_file, audio=audio, length=length)
        except (MediaError, PairError) as error:
            bad.append(str(error))
            cut = []
        recording = known.setdefault(sessions[path], len(known))
        names += [path.name] * (recording == len(names))
        excerpts += [samples for samples, _ in cut]
        recordings += [recording] * len(cut)
        rows += [row for _, row in cut]
        if progress is not None:
            progress(1)
    refuse_if_any(bad, what="recordings", total=len(files))
    return RealSounds(
        samples=torch.stack(excerpts),
        recordings=np.array(recordings, dtype=np.int64),
        scenes=np.array([row.scene for row in rows], dtype=np.str_),
        splits=np.array([row.split for row in rows], dtype=np.str_),
        names=tuple(names),
        sample_rate=audio.sample_rate,
    )


def load_photos(manifest: Manifest) -> EvaluatedPhotos:
    """Read the photos that have a scene, each once, in the order of the rows.

    Args:
        manifest: One split; see `Manifest.split`.

    Returns:
        The photos, upright, RGB, scaled down to at most 512 pixels.

    Raises:
        PairError: No photo has a scene, or some cannot be read; they are named together.
    """
    scenes: dict[Path, str] = {}
    for row in manifest.rows:
        if row.photo is not None and row.scene is not None:
            scenes.setdefault(row.photo, row.scene)
    if not scenes:
        raise PairError(
            f"{manifest.path}: no photo has a scene among {len(manifest.rows)} rows; an evaluation needs "
            "some. Fill in the scene column."
        )
    images, bad = [], []
    for path in scenes:
        try:
            images.append(small(read_photo(path)))
        except MediaError as error:
            bad.append(str(error))
    refuse_if_any(bad, what="photos", total=len(scenes))
    return EvaluatedPhotos(
        paths=tuple(scenes), images=tuple(images), scenes=np.array(list(scenes.values()), dtype=np.str_)
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
