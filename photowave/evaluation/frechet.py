"""Frechet distance: how far one cloud of vectors is from another, in place and in shape."""

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from photowave.errors import MediaError


def frechet_distance(a: Tensor | NDArray[np.floating], b: Tensor | NDArray[np.floating]) -> float:
    """Squared Frechet distance between the normal distributions of two clouds.

    |mean_a - mean_b|^2 + trace(A + B - 2 (A^1/2 B A^1/2)^1/2), A and B being the covariances: Dowson and
    Landau, "The Frechet distance between multivariate normal distributions", Journal of Multivariate Analysis
    12, 1982. The trace of the last root is the sum of the singular values of A^1/2 B^1/2, so that no root of
    a nearly singular product is taken and the order of the clouds does not matter; the two roots come from
    symmetric eigen-decompositions. All in float64.

    With fewer vectors than dimensions a covariance is singular. The distance is defined all the same, but
    directions that a small cloud missed would count as differences of shape. So each covariance is shrunk
    towards a multiple of the identity with the same trace, by the share that Ledoit and Wolf, "A
    well-conditioned estimator for large-dimensional covariance matrices", Journal of Multivariate Analysis
    88, 2004, find from the cloud itself; it goes to 0 as the cloud grows. What bias remains falls with the
    number of vectors: compare only distances between clouds of similar sizes, and state the sizes.

    Args:
        a: Float, [n, dimensions], n at least 2.
        b: Float, [m, dimensions], m at least 2.

    Returns:
        The squared distance, in the square of the vectors' unit: 0 for equal clouds.

    Raises:
        MediaError: Fewer than two vectors, different dimensions, or NaN or infinite values.
    """
    first, second = _checked(a), _checked(b)
    if first.shape[1] != second.shape[1]:
        raise MediaError(
            f"vectors of {first.shape[1]} and {second.shape[1]} dimensions have no Frechet distance; both "
            "need the same. Measure both clouds alike."
        )
    apart = first.mean(axis=0) - second.mean(axis=0)
    root_a, trace_a = _root_covariance(first)
    root_b, trace_b = _root_covariance(second)
    shared = np.linalg.svd(root_a @ root_b, compute_uv=False).sum()
    # Rounding may carry equal clouds just below 0.
    return max(0.0, float(apart @ apart + trace_a + trace_b - 2 * shared))


def _checked(vectors: Tensor | NDArray[np.floating]) -> NDArray[np.float64]:
    array = np.asarray(vectors, dtype=np.float64)
    if array.ndim != 2 or len(array) < 2 or array.shape[1] == 0:
        raise MediaError(
            f"vectors of the shape {list(array.shape)} have no Frechet distance; [count, dimensions] with at "
            "least 2 vectors is needed. Use more sounds."
        )
    if not np.isfinite(array).all():
        raise MediaError(
            "vectors with NaN or infinite values have no Frechet distance. Look for their cause."
        )
    return array


def _root_covariance(vectors: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Symmetric root of the shrunk covariance [dimensions, dimensions], and that covariance's trace."""
    from sklearn.covariance import ledoit_wolf

    covariance, _ = ledoit_wolf(vectors)
    values, axes = np.linalg.eigh(covariance)
    values = values.clip(min=0.0)
    return (axes * np.sqrt(values)) @ axes.T, float(values.sum())
