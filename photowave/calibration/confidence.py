"""How sure the map from photo to group may be: told by photos that it was not fitted on."""

from collections.abc import Callable

import torch
from sklearn.cluster import AgglomerativeClustering
from sklearn.model_selection import GroupKFold
from torch import Tensor

FOLDS = 5
ALIKE = 0.7
"""Cosine of centred features above which photos stay in one fold: else near copies would vouch."""
_FEWEST = 20  # photos with a right answer among the groups that were fitted
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
    apart = (1 - unit @ unit.t()).clamp_min(0)
    alike = AgglomerativeClustering(
        n_clusters=None, metric="precomputed", linkage="average", distance_threshold=1 - ALIKE
    )
    found: list[int] = alike.fit_predict(apart.numpy()).tolist()
    return found
