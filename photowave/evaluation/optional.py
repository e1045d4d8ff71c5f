"""Figures of a pretrained audio-text network (CLAP), for users who have its weights; else not needed."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from photowave.evaluation.clap import ClapScorer
from photowave.evaluation.frechet_folds import distance_from_others, halves
from photowave.evaluation.references import Row
from photowave.evaluation.result import Figure
from photowave.evaluation.scene_means import mean_over_scenes
from photowave.evaluation.types import EvaluatedPhotos, RealSounds, SystemSounds

__all__ = ["CLAP_DEFINITIONS", "ClapScorer", "clap_figures"]

CLAP_DEFINITIONS = {
    "clap_frechet": (
        "Squared Frechet distance between CLAP embeddings of the system's sounds and of real excerpts, as in "
        "the Frechet audio distance (Kilgour et al. 2019), over halves as in frechet_log_mel."
    ),
    "clap_text_similarity": (
        "Cosine between the CLAP embedding of a sound and that of 'the sound of ...' with the name of its "
        "scene, scenes counting alike; the floor is the mean over the names of all scenes."
    ),
    "clap_scene_recognised": (
        "Share of sounds whose CLAP embedding lies nearest to the name of their own scene, among the names "
        "of all scenes, scenes counting alike; the floor is chance."
    ),
}
"""What the figures are, by their names."""

_PROMPT = "the sound of {}"


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
    half = halves(real.scenes, real.recordings, seed=seed)
    measured = []
    for system in sounds:
        embedded = scorer.audio(system.samples.flatten(0, 1), real.sample_rate)
        likeness = (embedded @ names.T).double().numpy().reshape(*system.samples.shape[:2], len(scenes))
        distance = distance_from_others(
            embedded.double().numpy(), system.sources.flatten(),
            excerpts=references, recordings=real.recordings, half=half,
        )  # fmt: skip
        measured.append((system.name, likeness, distance))
    return _with_ceilings(_figures(measured, right, seed))


def _figures(
    measured: Sequence[tuple[str, NDArray[np.float64], float]], right: NDArray[np.intp], seed: int
) -> Iterator[Figure]:
    def figure(name: str, system: str, row: Row, floor: float) -> Figure:
        value, low, high, count = row
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

    for system, likeness, distance in measured:
        photos, seeds, scenes = likeness.shape
        groups, of_scene = (np.repeat(labels, seeds) for labels in (np.arange(photos), right.astype(str)))
        own = np.take_along_axis(likeness, right[:, None, None], axis=2).ravel()
        hits = (likeness.argmax(2) == right[:, None]).ravel()
        similar = mean_over_scenes(own, groups, of_scene, seed=seed)
        recognised = mean_over_scenes(hits, groups, of_scene, seed=seed)
        any_name, *_ = mean_over_scenes(likeness.mean(2).ravel(), groups, of_scene, seed=seed)
        yield figure("clap_frechet", system, (distance, math.nan, math.nan, own.size), math.nan)
        yield figure("clap_text_similarity", system, similar, any_name)
        yield figure("clap_scene_recognised", system, recognised, 1 / scenes)


def _with_ceilings(figures: Iterable[Figure]) -> list[Figure]:
    """Give each figure that of the system `real` as its ceiling."""
    figures = list(figures)
    reached = {figure.name: figure.value for figure in figures if figure.system == "real"}
    return [replace(figure, ceiling=reached.get(figure.name, math.nan)) for figure in figures]
