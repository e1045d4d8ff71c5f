"""How much of the recordings' lines (whistles, crickets, bells) do drawn sounds have, place by place?"""

from collections import defaultdict
from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor

from photowave.audio import read_sound, resample
from photowave.errors import ConfigError
from photowave.evaluation.features.fine_structure import measure_fine_structure
from photowave.generation import SoundscapeGenerator
from photowave.pairs.manifest import Manifest
from photowave.settings import DrawSettings

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
        samples, rate = read_sound(excerpt.path, sample_rate=RATE)
        samples = samples[round((excerpt.start_s or 0.0) * rate) :]
        parts = torch.split(samples, round(EXCERPT_S * rate))[:_MOST]
        whole = [_lines_db(part, rate) for part in parts if len(part) == len(parts[0]) >= EXCERPT_S * rate]
        if scene is not None and whole:
            real[scene].append(float(np.mean(whole)))
    asked = [(p, s) for p, s in zip(pairing.photos, pairing.photo_scenes, strict=True) if s in real]
    if not asked:
        raise ConfigError(
            f"split={split}: no photo there is of a place with a recording of {EXCERPT_S:g} s. Name another."
        )
    for first in range(0, len(asked), _TOGETHER):
        group = asked[first : first + _TOGETHER]
        for (_, scene), sound in zip(group, model.generate_many([p for p, _ in group], draw), strict=True):
            assert scene is not None
            mono = torch.from_numpy(np.atleast_2d(sound.samples).mean(0))
            drawn[scene].append(_lines_db(mono, sound.sample_rate))
        progress(len(group))
    means = ({place: float(np.mean(values)) for place, values in found.items()} for found in (real, drawn))
    return next(means), next(means)


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
