"""What is evaluated against: the recordings of a manifest in equal excerpts, and the photos of one split."""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from photowave.audio import normalise, read_sound, rms_dbfs
from photowave.config import AudioConfig
from photowave.errors import ConfigError, MediaError, PairError
from photowave.evaluation.types import EvaluatedPhotos, RealSounds
from photowave.generation.reading import small
from photowave.image import read_photo
from photowave.pairs.bank import refuse_if_any
from photowave.pairs.manifest import Manifest, Row
from photowave.pairs.splits import recording_name

_CROSSFADE_S = 0.05
_SILENCE_DBFS = -80.0


def load_real(
    manifest: Manifest,
    *,
    audio: AudioConfig,
    duration_s: float = 5.0,
    progress: Callable[[int], None] | None = None,
) -> RealSounds:
    """Read all recordings that have a scene and cut them into excerpts that do not overlap.

    As in training, a recording is brought to the level as a whole, so that its quiet parts stay quiet. What
    is left at its end is dropped, and so are excerpts below -80 dBFS. A recording shorter than an excerpt is
    repeated, each time joined to itself by a crossfade of 50 ms. Of a row with `start_s` the one excerpt that
    starts there is taken, repeated likewise where the recording ends too early.

    Files that are parts of one recording by their names (`wind__0-60s.ogg`, `wind__60-120s.ogg`) count as one
    recording, as they do when data are split.

    Args:
        manifest: All splits together.
        audio: Rate and level.
        duration_s: Length of an excerpt in seconds.
        progress: Called with 1 after each file.

    Returns:
        The excerpts, in the order of the rows.

    Raises:
        ConfigError: Not even two samples fit into `duration_s`.
        PairError: No recording has a scene, or some are unreadable, silent or end before their `start_s`;
            they are named together.
    """
    length = round(duration_s * audio.sample_rate)
    if length < 2:
        raise ConfigError(f"duration_s={duration_s:g}: an excerpt needs at least two samples. Common: 5.")
    files = _files(manifest)
    excerpts: list[Tensor] = []
    recordings: list[int] = []
    rows: list[Row] = []
    known: dict[str, int] = {}
    names: list[str] = []
    bad: list[str] = []
    for path, of_file in files.items():
        try:
            cut = _excerpts(path, [row.start_s for row in of_file], audio=audio, length=length)
        except MediaError as error:
            bad.append(str(error))
            cut = []
        recording = known.setdefault(recording_name(path.as_posix()), len(known))
        names += [path.name] * (recording == len(names))
        excerpts += cut
        recordings += [recording] * len(cut)
        rows += of_file[:1] * len(cut)
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


def tile(samples: Tensor, *, length: int, crossfade: int) -> Tensor:
    """Repeat a sound until it is long enough; each end passes into the next beginning at equal power.

    ::

        one          ██████████▓▒░
        the next               ░▒▓██████████▓▒░
                               |<->| crossfade

    Args:
        samples: Float, [time], at least two.
        length: Number of samples wanted.
        crossfade: Samples that overlap; at most half the sound is used.

    Returns:
        The sound, [length]; cut off if it was longer.
    """
    if length <= len(samples):
        return samples[:length]
    overlap = min(crossfade, len(samples) // 2)
    angles = (torch.arange(overlap, dtype=torch.float64) + 0.5) * (torch.pi / 2 / max(overlap, 1))
    fade_in, fade_out = angles.sin().to(samples.dtype), angles.cos().to(samples.dtype)
    # Every copy but the first begins inside the crossfade, so that all of them are the same piece.
    joined = samples[len(samples) - overlap :] * fade_out + samples[:overlap] * fade_in
    middle = samples[overlap : len(samples) - overlap]
    period = torch.cat([middle, joined])
    copies = math.ceil((length - overlap) / len(period))
    return torch.cat([samples[:overlap], period.repeat(copies)])[:length]


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


def _excerpts(
    path: Path, starts_s: Sequence[float | None], *, audio: AudioConfig, length: int
) -> list[Tensor]:
    """The excerpts of one file that are to be heard; at least one."""
    rate = audio.sample_rate
    samples, _ = read_sound(path, sample_rate=rate)
    samples = normalise(samples, rms_dbfs=audio.rms_dbfs)
    # Where the whole recording is named, too, excerpts within it would come twice.
    firsts: Sequence[int] = range(0, max(len(samples) - length, 0) + 1, length)
    if None not in starts_s:
        firsts = sorted({round(start * rate) for start in starts_s if start is not None})
    cut = []
    for first in firsts:
        part = samples[first : first + length]
        if len(part) < 2:
            raise MediaError(
                f"{path} lasts {len(samples) / rate:.3g} s; no sound follows start_s {first / rate:g}. "
                "Move start_s forward."
            )
        if rms_dbfs(part) >= _SILENCE_DBFS:
            long = tile(part, length=length, crossfade=round(_CROSSFADE_S * rate))
            # Where end and beginning are alike, a crossfade adds up to more than either.
            cut.append(long / max(1.0, float(long.abs().max())))
    if not cut:
        raise MediaError(
            f"{path} has no audible excerpt of {length / rate:.3g} s: all stay below {_SILENCE_DBFS:g} dBFS. "
            "Remove it."
        )
    return cut
