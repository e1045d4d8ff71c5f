"""How far the sounds of each system are from real recordings, in an embedding: as papers measure it."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from photowave.evaluation.embedding.network import Embedding
from photowave.evaluation.judging.yardstick import CEILING
from photowave.evaluation.metrics.definitions import Definition
from photowave.evaluation.metrics.metric import Metric, make_metric
from photowave.evaluation.metrics.vectors import Vectors, euclidean
from photowave.evaluation.sounds.types import RealSounds, SystemSounds

SCALE = 100.0
"""Factor on the kernel audio distance, as in its authors' toolkit."""


def frechet_audio_distance(sounds: Vectors, reference: Vectors) -> float:
    """Squared Frechet distance of plain means and covariances: Kilgour et al. 2019, arXiv:1812.08466.

    With centred vectors X and Y the trace of the root of the two covariances is the sum of the singular
    values of X Y^T / sqrt((n - 1)(m - 1)): no root of a singular covariance is taken. The distance falls as
    the clouds grow: compare clouds of similar sizes only. Takes two or more vectors each, [count, channels].
    """
    apart = sounds.mean(0) - reference.mean(0)
    x, y = ((v - v.mean(0)) / np.sqrt(len(v) - 1) for v in (sounds, reference))
    shared = np.linalg.svd(x @ y.T, compute_uv=False).sum()
    return float(apart @ apart + np.square(x).sum() + np.square(y).sum() - 2 * shared)


def kernel_audio_distance(sounds: Vectors, reference: Vectors) -> float:
    """Squared maximum mean discrepancy, without bias, times 100: Chung et al. 2025, arXiv:2502.15602.

    The kernel is Gaussian; its bandwidth is the median distance between two vectors of the reference.
    Between clouds of one distribution it is 0 in expectation, however few they are, and below 0 by chance.
    Takes two or more vectors each, [count, channels].
    """
    between = euclidean(reference, reference)
    pairs = between[np.triu_indices(len(reference), 1)]
    bandwidth = np.sort(pairs)[(len(pairs) - 1) // 2]

    def kernel(distances: Vectors) -> Vectors:
        likeness: Vectors = np.exp(-np.square(distances) / (2 * bandwidth**2 + 1e-8))
        return likeness

    def mean_of_strangers(values: Vectors) -> float:
        return float((values.sum() - np.trace(values)) / (len(values) * (len(values) - 1)))

    within = mean_of_strangers(kernel(euclidean(sounds, sounds))) + mean_of_strangers(kernel(between))
    return SCALE * (within - 2 * float(kernel(euclidean(sounds, reference)).mean()))


DISTANCES = {
    "frechet_audio_distance": (frechet_audio_distance, "squared Frechet distance, plain covariances"),
    "kernel_audio_distance": (
        kernel_audio_distance, "unbiased squared MMD times 100, Gaussian kernel, median bandwidth",
    ),
}  # fmt: skip
"""Each distance and its estimator, by name."""


def embedding_metrics(
    embedding: Embedding, systems: Sequence[SystemSounds], real: RealSounds, *, seed: int
) -> tuple[list[Metric], dict[str, str]]:
    """Measure how far the sounds of each system are from the real recordings.

    The reference is all real excerpts. Sounds that come from recordings are compared with the half of the
    recordings that they do not come from; of those two distances the mean is given. Gives two metrics per
    system, and the protocol of each by its name. `seed` deals the halves.
    """
    reference = embedding(real.samples, real.sample_rate)
    windows = reference.shape[1]
    excerpts, recordings = reference.reshape(-1, reference.shape[2]), np.repeat(real.recordings, windows)
    half = halves(real.scenes, real.recordings, seed=seed)
    protocols = {
        name: f"{embedding.name}, at {embedding.sample_rate} Hz; {estimator}; reference: "
        f"{len(real.recordings)} excerpts of {len(real.names)} recordings ({len(excerpts)} vectors), for "
        "sounds that come from recordings the half of them that they do not come from."
        for name, (_, estimator) in DISTANCES.items()
    }
    values: dict[tuple[str, str], float] = {}
    for system in systems:
        vectors = embedding(system.samples.flatten(0, 1), real.sample_rate).reshape(-1, reference.shape[2])
        sources = np.repeat(system.sources.flatten(), windows)
        for name, (distance, _) in DISTANCES.items():
            values[name, system.name] = (
                distance(vectors, excerpts)
                if (sources == -1).all()
                else distance_from_others(
                    vectors, sources, excerpts=excerpts, recordings=recordings, half=half, distance=distance
                )
            )
    return [
        make_metric(
            name,
            system.name,
            (values[name, system.name], np.nan, np.nan, system.sources.size),
            ceiling=values.get((name, CEILING)),
            known=Definition("", "lower", protocol),
        )
        for name, protocol in protocols.items()
        for system in systems
    ], protocols


def halves(scenes: NDArray[np.str_], recordings: NDArray[np.int64], *, seed: int) -> dict[int, int]:
    """Deal the recordings of each scene, given for each excerpt, to two halves in turn: 0 or 1 for each."""
    random = np.random.default_rng(seed)
    half: dict[int, int] = {}
    for scene in np.unique(scenes):
        for number in random.permutation(np.unique(recordings[scenes == scene])):
            half.setdefault(int(number), len(half) % 2)
    return half


def distance_from_others(
    vectors: Vectors,
    sources: NDArray[np.int64],
    *,
    excerpts: Vectors,
    recordings: NDArray[np.int64],
    half: dict[int, int],
    distance: Callable[[Vectors, Vectors], float],
) -> float:
    """Mean of two distances: sounds against the half of the recordings they do not come from.

    Sounds of no recording (`sources` of -1) are sorted by their values and dealt to both halves in turn, so
    that both clouds are of similar sizes, and the order of the photos does not matter. NaN where neither half
    has two sounds and two excerpts of the other half.
    """
    order = np.lexsort(vectors.T[::-1])
    vectors, sources = vectors[order], sources[order]
    own = np.array([half.get(int(source), turn % 2) for turn, source in enumerate(sources)])
    of_excerpt = np.array([half[int(number)] for number in recordings])
    found = [
        distance(vectors[own == part], excerpts[of_excerpt != part])
        for part in (0, 1)
        if (own == part).sum() >= 2 and (of_excerpt != part).sum() >= 2
    ]
    return float(np.mean(found)) if found else float("nan")
