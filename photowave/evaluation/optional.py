"""Figures of a pretrained audio-text network (CLAP), for users who have its weights; else not needed."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from photowave.evaluation.bootstrap import mean_with_interval
from photowave.evaluation.clap import ClapScorer
from photowave.evaluation.frechet import frechet_distance
from photowave.evaluation.result import Figure
from photowave.evaluation.types import EvaluatedPhotos, RealSounds, SystemSounds

__all__ = ["CLAP_DEFINITIONS", "ClapScorer", "clap_figures"]

CLAP_DEFINITIONS = {
    "clap_frechet": (
        "Squared Frechet distance between CLAP embeddings of the system's sounds and of real excerpts, as in "
        "the Frechet audio distance (Kilgour et al. 2019). The real ones are halved by recording; the mean "
        "over both halves is given, and no sound is compared with the half that holds its own recording."
    ),
    "clap_text_similarity": (
        "Cosine between the CLAP embedding of a sound and that of 'the sound of ...' with the name of its "
        "scene; the floor is the mean over the names of all scenes."
    ),
    "clap_scene_recognised": (
        "Share of sounds whose CLAP embedding lies nearest to the name of their own scene, among the names "
        "of all scenes; the floor is chance."
    ),
}
"""What the figures are, by their names."""

_PROMPT = "the sound of {}"
_Found = tuple[float, float, float]  # value, low and high


def clap_figures(
    sounds: Sequence[SystemSounds], real: RealSounds, photos: EvaluatedPhotos, folder: str | Path, seed: int
) -> list[Figure]:
    """Score the sounds of all systems with a CLAP network; see `CLAP_DEFINITIONS`.

    Args:
        sounds: What the systems made of the photos; the ceiling is the system `real`, if it is there.
        real: The real recordings, at the sample rate of the sounds.
        photos: The photos, with their scenes.
        folder: Where the network lies; see `ClapScorer`.
        seed: For the halves of the recordings and the intervals.

    Returns:
        Three figures per system.

    Raises:
        ConfigError: `transformers` is not installed, or the folder is missing, incomplete or foreign.
    """
    scorer = ClapScorer(folder)
    scenes, right = np.unique(photos.scenes, return_inverse=True)
    names = scorer.text([_PROMPT.format(str(scene).replace("_", " ")) for scene in scenes])
    references = scorer.audio(real.samples, real.sample_rate).double().numpy()
    in_first = _halves(real, seed)
    measured = []
    for system in sounds:
        embedded = scorer.audio(system.samples.flatten(0, 1), real.sample_rate)
        likeness = (embedded @ names.T).double().numpy().reshape(*system.samples.shape[:2], len(scenes))
        distance, count = _frechet(
            embedded.double().numpy(), system.sources.ravel(), references, real.recordings, in_first
        )
        measured.append((system.name, likeness, distance, count))
    return _with_ceilings(_figures(measured, right, seed))


def _figures(
    measured: Sequence[tuple[str, NDArray[np.float64], float, int]], right: NDArray[np.intp], seed: int
) -> Iterator[Figure]:
    def figure(name: str, system: str, found: _Found, count: int, floor: float) -> Figure:
        value, low, high = found
        return Figure(
            name=name,
            system=system,
            value=value,
            low=low,
            high=high,
            count=count,
            unit="share" if name == "clap_scene_recognised" else "",
            better="lower" if name == "clap_frechet" else "higher",
            floor=floor,
            ceiling=math.nan,
        )

    for system, likeness, distance, compared in measured:
        photos, seeds, scenes = likeness.shape
        groups = np.repeat(np.arange(photos), seeds)
        own = np.take_along_axis(likeness, right[:, None, None], axis=2).ravel()
        hits = (likeness.argmax(2) == right[:, None]).ravel()
        similar = mean_with_interval(own, groups=groups, seed=seed)
        recognised = mean_with_interval(hits, groups=groups, seed=seed)
        yield figure("clap_frechet", system, (distance, math.nan, math.nan), compared, math.nan)
        yield figure("clap_text_similarity", system, similar, own.size, float(likeness.mean()))
        yield figure("clap_scene_recognised", system, recognised, hits.size, 1 / scenes)


def _with_ceilings(figures: Iterable[Figure]) -> list[Figure]:
    """Give each figure that of the system `real` as its ceiling."""
    figures = list(figures)
    reached = {figure.name: figure.value for figure in figures if figure.system == "real"}
    return [replace(figure, ceiling=reached.get(figure.name, math.nan)) for figure in figures]


def _halves(real: RealSounds, seed: int) -> NDArray[np.bool_]:
    """Which recordings are in the first half; each scene's are shared out evenly, [recordings]."""
    first = np.zeros(len(real.names), dtype=bool)
    order = np.random.default_rng(seed).permutation(np.unique(real.recordings))
    scene_of = dict(zip(real.recordings.tolist(), real.scenes.tolist(), strict=True))
    for place, recording in enumerate(sorted(order.tolist(), key=lambda r: scene_of[r])):
        first[recording] = place % 2 == 0
    return first


def _frechet(
    sounds: NDArray[np.float64],
    sources: NDArray[np.int64],
    references: NDArray[np.float64],
    recordings: NDArray[np.int64],
    in_first: NDArray[np.bool_],
) -> tuple[float, int]:
    """Mean Frechet distance to both halves of the recordings, and the sounds that took part."""
    distances, used = [], np.zeros(len(sounds), dtype=bool)
    for half in (True, False):
        reference = references[in_first[recordings] == half]
        # A source of -1 belongs to no recording; the look-up goes astray there and is overruled.
        apart = (sources < 0) | (in_first[sources] != half)
        if len(reference) < 2 or apart.sum() < 2:
            continue
        distances.append(frechet_distance(sounds[apart], reference))
        used |= apart
    return (float(np.mean(distances)) if distances else math.nan), int(used.sum())
