"""How sure the map from photo to group may be: told by photos that it was not fitted on."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.cluster import AgglomerativeClustering
from sklearn.model_selection import GroupKFold
from torch import Tensor

FOLDS = 5
ALIKE = 0.7
"""Cosine of centred features above which photos stay in one fold: else near copies would vouch."""
_FEWEST = 20  # photos with a right answer among the groups that were fitted
_WHOLE = 1_024
"""So many photos are clustered in one piece: time and memory grow with their square."""
_FACTORS = torch.logspace(-1.5, 1.5, 121)

Fit = Callable[[Tensor], tuple[Tensor, Tensor]]
"""From a choice of photos, bool [photos], to weights [groups, features] and biases [groups]."""


def find_factor(inputs: Tensor, targets: Tensor, fit: Fit) -> float:
    """Find the factor on a map's logits that makes its probabilities true on photos it does not know.

    The map is fitted on four fifths of the photos and asked about the others, five times. After "temperature
    scaling": Guo et al. 2017, "On calibration of modern neural networks", arXiv:1706.04599. A photo is
    answered rightly by any group that it asks for.

    Args:
        inputs: Normalised photo features, [photos, features].
        targets: How much of each group a photo asks for, [photos, groups].
        fit: Fits the map on some of them.

    Returns:
        The factor; 1 where there are too few photos to tell.
    """
    clusters = _clusters(inputs)
    if len(set(clusters)) < FOLDS:
        return 1.0
    logits, known = torch.zeros_like(targets), torch.zeros(len(targets), dtype=torch.bool)
    for _, asked in GroupKFold(FOLDS).split(inputs, groups=clusters):
        others = torch.ones(len(targets), dtype=torch.bool)
        others[asked] = False
        weight, bias = fit(others)
        logits[asked] = inputs[asked] @ weight.t() + bias
        fitted = targets[others].sum(0) > 0
        known[asked] = (targets[asked][:, fitted] > 0).any(1)
    if int(known.sum()) < _FEWEST:
        return 1.0
    right = torch.where(targets > 0, 0.0, -torch.inf)[known]
    scores = [
        float(torch.logsumexp(torch.log_softmax(factor * logits[known], -1) + right, -1).mean())
        for factor in _FACTORS
    ]
    return float(_FACTORS[int(torch.tensor(scores).argmax())])


def _clusters(inputs: Tensor) -> list[int]:
    """Number of the cluster of each photo; photos of one are alike on average."""
    if len(inputs) < FOLDS:
        return [0] * len(inputs)
    unit = torch.nn.functional.normalize(inputs, dim=1)
    found = np.zeros(len(unit), dtype=np.int64)
    pieces = _pieces(unit)
    if len(pieces) > 1:
        # Folds take clusters in turn: in the order of photos whose scenes take turns, each would lack scenes.
        pieces = [pieces[number] for number in np.random.default_rng(0).permutation(len(pieces))]
    for piece in pieces:
        found[piece] = found.max() + 1
        if len(piece) > 1:
            apart = (1 - unit[piece] @ unit[piece].t()).clamp_min(0)
            alike = AgglomerativeClustering(
                n_clusters=None, metric="precomputed", linkage="average", distance_threshold=1 - ALIKE
            )
            found[piece] += alike.fit_predict(apart.numpy())
    listed: list[int] = found.tolist()
    return listed


def _pieces(unit: Tensor) -> list[NDArray[np.int64]]:
    """Photos that may be of one cluster, for each piece their numbers: few are clustered whole.

    Clusters that are alike on average hold two photos that are alike. So no cluster goes beyond what hangs
    together by such pairs, and among many photos those are small pieces.
    """
    count = len(unit)
    if count <= _WHOLE:
        return [np.arange(count)]
    near = np.empty((count, count), dtype=np.bool_)
    for first in range(0, count, _WHOLE):
        part = slice(first, first + _WHOLE)
        near[part, first:] = (unit[part] @ unit[first:].t() > ALIKE).numpy()
        near[first:, part] = near[part, first:].T
    pieces, left = [], np.ones(count, dtype=np.bool_)
    for photo in range(count):
        if left[photo]:
            piece, new = np.zeros((2, count), dtype=np.bool_)
            new[photo] = True
            while new.any():
                piece |= new
                new = near[new].any(0) & ~piece
            left &= ~piece
            pieces.append(np.flatnonzero(piece))
    return pieces
