"""How much of the recordings' lines (whistles, crickets, bells) do drawn sounds have, place by place?"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from photowave.audio import read_sound, resample
from photowave.errors import ConfigError
from photowave.evaluation.features.fine_structure import measure_fine_structure
from photowave.generation import SoundscapeGenerator
from photowave.generation.reading import PhotoReading
from photowave.pairs.manifest import Manifest
from photowave.settings import DrawSettings, SteerSettings

RATE = 16_000
"""Rate in Hz at which lines are measured: what lies above 8 kHz counts for nothing, on either side."""
FLOOR_DB = 8.6
"""Lines of white noise at this rate."""
LEAST_DB = 9.8
"""Places whose recordings have fewer are no test of lines."""
EXCERPT_S = 5.0
_MOST = 6  # excerpts of a recording
_TOGETHER = 16


def measure_lines(
    model: SoundscapeGenerator,
    manifest: Manifest,
    draw: DrawSettings,
    *,
    split: str,
    progress: Callable[[int], None] = lambda count: None,
) -> tuple[dict[str, float], dict[str, float]]:
    """Measure the recordings of a split, and a sound for each of its photos whose place has recordings there.

    Args:
        model: What draws.
        manifest: Photos and recordings of places.
        draw: How to draw.
        split: Whose photos and recordings.
        progress: Called with the number of sounds just drawn.

    Returns:
        Lines by place in dB, mean over recordings, and mean over sounds; see `measure_fine_structure`.

    Raises:
        ConfigError: There is no such photo.
    """
    pairing = manifest.split(split).pairs("scene")
    real, drawn = defaultdict(list), defaultdict(list)
    for excerpt, scene in zip(pairing.sounds, pairing.sound_scenes, strict=True):
        lines_db = _recording_db(excerpt.path, excerpt.start_s or 0.0)
        if scene is not None and lines_db is not None:
            real[scene].append(lines_db)
    asked = [(p, s) for p, s in zip(pairing.photos, pairing.photo_scenes, strict=True) if s in real]
    if not asked:
        raise ConfigError(
            f"split={split}: no photo there is of a place with a recording of {EXCERPT_S:g} s. Name another."
        )
    for first in range(0, len(asked), _TOGETHER):
        group = asked[first : first + _TOGETHER]
        for (_, scene), sound in zip(group, model.generate_many([p for p, _ in group], draw), strict=True):
            assert scene is not None
            mono = torch.from_numpy(sound.mono)
            drawn[scene].append(_lines_db(mono, sound.sample_rate))
        progress(len(group))
    means = ({place: float(np.mean(values)) for place, values in found.items()} for found in (real, drawn))
    return next(means), next(means)


def measure_textures(
    model: SoundscapeGenerator,
    manifest: Manifest,
    draw: DrawSettings,
    *,
    variations: int = 8,
    progress: Callable[[int], None] = lambda count: None,
) -> tuple[dict[str, float], dict[str, float]]:
    """Measure the training recordings that textures come from, and a sound for each; no photo takes part.

    So the contrast of a model can be chosen without the photos and recordings that it is judged by.

    Args:
        model: What draws.
        manifest: What it was trained on.
        draw: How to draw.
        variations: Textures of each place; one of each recording counts.
        progress: Called with the number of sounds just drawn.

    Returns:
        Lines by recording in dB: of the recordings, and of the sounds.

    Raises:
        ConfigError: No texture comes from a recording of the training part.
    """
    files = {row.sound.name: row.sound for row in manifest.split("train").rows if row.sound is not None}
    real: dict[str, float] = {}
    readings: list[PhotoReading] = []
    for place in model.reader.places:
        for variation in range(variations):
            reading = model.read(None, replace(draw, variation=variation), SteerSettings(place=place))
            name = str(reading.info().get("recording"))
            lines_db = _recording_db(files[name]) if name in files and name not in real else None
            if lines_db is not None:
                real[name] = lines_db
                readings.append(reading)
    if not readings:
        raise ConfigError(
            "no texture comes from a training recording of these pairs. Give those that it learned from."
        )
    drawn: dict[str, float] = {}
    for first in range(0, len(readings), _TOGETHER):
        group = readings[first : first + _TOGETHER]
        for reading, sound in zip(group, model.generate_read(group, draw), strict=True):
            mono = torch.from_numpy(sound.mono)
            drawn[str(reading.info()["recording"])] = _lines_db(mono, sound.sample_rate)
        progress(len(group))
    return real, drawn


def _recording_db(path: Path, start_s: float = 0.0) -> float | None:
    """Lines of a recording, mean over excerpts, in dB; None if it is shorter than one."""
    samples, rate = read_sound(path, sample_rate=RATE)
    length = round(EXCERPT_S * rate)
    parts = torch.split(samples[round(start_s * rate) :], length)[:_MOST]
    whole = [_lines_db(part, rate) for part in parts if len(part) == length]
    return float(np.mean(whole)) if whole else None


def _lines_db(samples: Tensor, rate: int) -> float:
    """Lines of a sound [time], in dB."""
    there = resample(samples, old_rate=rate, new_rate=RATE)
    return float(measure_fine_structure(there[None], RATE)["lines_db"])


def share_of_excess(real_db: Mapping[str, float], drawn_db: Mapping[str, float]) -> float:
    """Share of the recordings' excess over noise that drawn sounds have; places count alike, NaN without any.

    Places whose recordings have less than `LEAST_DB` are left out.
    """
    shares = [
        (drawn_db[place] - FLOOR_DB) / (real_db[place] - FLOOR_DB)
        for place in drawn_db
        if real_db[place] >= LEAST_DB
    ]
    return float(np.mean(shares)) if shares else float("nan")
