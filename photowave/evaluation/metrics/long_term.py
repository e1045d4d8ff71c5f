"""Spectrum of all sounds for a scene taken together, and level of each, beside those of its recordings."""

import numpy as np
from numpy.typing import NDArray

from photowave.evaluation.metrics.intervals import mean_with_interval
from photowave.evaluation.metrics.metric import NOTHING, Row
from photowave.evaluation.metrics.vectors import Vectors


def long_term_differences(
    spectra: Vectors,
    levels: Vectors,
    *,
    scenes: NDArray[np.str_],
    sources: NDArray[np.int64],
    real_spectra: Vectors,
    real_levels: Vectors,
    real_scenes: NDArray[np.str_],
    recordings: NDArray[np.int64],
    seed: int,
) -> dict[str, Row]:
    """Compare the sounds for each scene with the mean power of its recordings.

    For the spectrum the power of all sounds is averaged, too: it may differ from sound to sound. The level
    may not: it is compared sound by sound, so that a loud one does not make up for a soft one.

    Each recording counts alike. What a sound is compared with leaves out the recording it was taken from; a
    sound for which no other is left does not count, nor does a scene without any sound that does.

    `spectra` in dB (see `mean_mel_db`) [photos * seeds, mels], `levels` in dBFS [photos * seeds] and
    `sources` [photos, seeds], -1 where there is none, are of the sounds for photos of the `scenes` [photos];
    the rest is of the real excerpts. Gives `long_term_spectrum_db` and `level_difference_db`, counted in
    scenes.
    """
    of_sound, source = np.repeat(scenes, sources.shape[1]), sources.flatten()
    found: dict[str, list[float]] = {"long_term_spectrum_db": [], "level_difference_db": []}
    for scene in np.unique(scenes):
        own, there = of_sound == scene, real_scenes == scene
        numbers = np.unique(recordings[there])
        groups = [np.flatnonzero(there & (recordings == number)) for number in numbers]
        kept = source[own][:, None] != numbers
        counts = kept.any(1)
        if not counts.any():
            continue
        shares = (kept[counts] / kept[counts].sum(1, keepdims=True)).mean(0)
        powers = [
            shares @ np.stack([_power(real[group]) for group in groups])
            for real in (real_spectra, real_levels)
        ]
        expected, level = (10 * np.log10(power) for power in powers)
        together = 10 * np.log10(_power(spectra[own][counts]))
        found["long_term_spectrum_db"].append(float(np.abs(together - expected).mean()))
        found["level_difference_db"].append(float(np.abs(levels[own][counts] - level).mean()))
    return {
        name: (*(mean_with_interval(np.array(values), seed=seed) if values else NOTHING), len(values))
        for name, values in found.items()
    }


def _power(decibels: Vectors) -> Vectors:
    """Mean power over the first axis."""
    mean: Vectors = np.asarray(10 ** (np.asarray(decibels, np.float64) / 10)).mean(0)
    return mean
