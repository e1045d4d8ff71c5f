"""Vectors that describe sounds: standardised on real ones, and how far apart they are."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

Vectors = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Standard:
    """Mean and spread of real excerpts in each feature."""

    mean: Vectors
    """[features]."""
    spread: Vectors
    """Standard deviations, 1 where all excerpts agree, [features]."""

    @classmethod
    def of(cls, excerpts: NDArray[np.floating]) -> "Standard":
        """Measure real excerpts, [excerpts, features]."""
        vectors = np.asarray(excerpts, np.float64)
        spread = vectors.std(0)
        # Bands that no recording reaches hold rounding noise alone, which shall not be blown up.
        return cls(vectors.mean(0), np.where(spread > 1e-4, spread, 1.0))

    def __call__(self, vectors: NDArray[np.floating]) -> Vectors:
        """Bring vectors [..., features] to mean 0 and spread 1 of the real excerpts."""
        standardised: Vectors = (np.asarray(vectors, np.float64) - self.mean) / self.spread
        return standardised


def distances(a: NDArray[np.floating], b: NDArray[np.floating]) -> Vectors:
    """Root mean square difference over the features of every `a` [n, features] from every `b`, [n, m].

    Equal vectors have the distance 0 exactly.
    """
    scaled: Vectors = euclidean(a, b) / np.sqrt(a.shape[1])
    return scaled


def euclidean(a: NDArray[np.floating], b: NDArray[np.floating]) -> Vectors:
    """Euclidean distance of every `a` [n, features] from every `b`, [n, m]; exactly 0 for equal vectors."""
    left, right = (torch.from_numpy(np.array(part, np.float64)) for part in (a, b))
    # The quick way, by products, leaves equal vectors a small distance apart.
    found: Vectors = torch.cdist(left, right, compute_mode="donot_use_mm_for_euclid_dist").numpy()
    return found


def mean_of_known(values: Vectors) -> float:
    """Mean of the values that are finite; NaN if none is."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")
