"""From photo features to the groups of the codebook: a multinomial logistic regression."""

import logging
from collections.abc import Sequence

import torch
from torch import Tensor

from photowave.calibration.codebook import Codebook
from photowave.calibration.confidence import find_factor
from photowave.calibration.softmax import fit_softmax
from photowave.calibration.targets import photo_targets, sound_shares
from photowave.model import TextureConditioner
from photowave.model.conditioning import NEVER
from photowave.pairs.split_data import SplitData

_log = logging.getLogger(__name__)

# How far the table of places is trusted before a photo was seen; see "Photo to scene" in the experiments.
_TRUST = 1.5
# In penalties of the weights: else a place without photos would sink out of reach.
_BIAS_PENALTY = 0.1


def fit_prior(conditioner: TextureConditioner, train: SplitData, book: Codebook, *, penalty: float) -> None:
    """Fit photo to group of textures.

    A group that goes with no photo is told by the table of places, if that knows the scene of its sounds.

    Args:
        conditioner: Its codebook is set; its map from photo features is changed in place.
        train: The training split.
        book: Where the codebook's entries come from.
        penalty: Weight of the squared weights.
    """
    size, groups = len(conditioner.codebook), conditioner.groups
    targets = photo_targets(train, book, size)
    photos = targets.sum(1) > 0
    by_group = torch.zeros(int(photos.sum()), size).index_add_(1, groups, targets[photos])
    names = _scenes(train, book, size)
    unseen = train.unseen_scenes
    there = (by_group.sum(0) > 0) | torch.tensor([name in unseen for name in names])
    weight, bias = fit_map(
        conditioner,
        train.features[photos],
        by_group[:, there],
        scenes=[names[group] for group in there.nonzero().flatten().tolist()],
        places=train.places,
        penalty=penalty,
        calibrated=True,
    )
    asked = sound_shares(train, book, size)
    together = torch.zeros(size).index_add_(0, groups, asked)[groups]
    shares = (asked / together.clamp_min(1e-12)).clamp_min(1e-12).log()
    number = (there.cumsum(0) - 1)[groups].clamp_min(0)
    conditioner.prior.weight.copy_(weight[number])
    conditioner.prior.bias.copy_(bias[number] + shares)
    # What no photo goes with, and what repeats other entries, must never be drawn.
    never = ~there[groups] | (torch.arange(size) >= len(book.windows))
    conditioner.prior.bias[never] = 10 * NEVER
    _log.info("prior: %d groups of textures told apart by %d photos", int(there.sum()), len(by_group))


def fit_map(
    conditioner: TextureConditioner,
    features: Tensor,
    targets: Tensor,
    *,
    scenes: Sequence[str | None],
    places: Sequence[str],
    penalty: float,
    calibrated: bool = False,
) -> tuple[Tensor, Tensor]:
    """Fit photo to group; where the table has a place of a scene's name, its score is trusted beforehand.

    Args:
        conditioner: The normalisation of its features is set.
        features: Of the photos, the scores of places last, [photos, features].
        targets: How much of each group a photo asks for, [photos, groups].
        scenes: The scene of each group, if it has one.
        places: What the last features score; none without a table.
        penalty: Weight of the squared weights.
        calibrated: Whether the probabilities shall be as sure as they are right; see `find_factor`. Which
            group is the likeliest stays as it is.

    Returns:
        Weights [groups, features] and biases [groups].
    """
    first = features.shape[1] - len(places)
    mean, std = features.mean(0), features.std(0, correction=0).clamp_min(1e-3)
    mean[first:], std[first:] = 0.0, 1.0  # log scores have one scale in all data
    conditioner.feature_mean.copy_(mean)
    conditioner.feature_std.copy_(std)
    centre = torch.zeros(targets.shape[1], features.shape[1])
    for group, scene in enumerate(scenes):
        if scene is not None and scene in places:
            centre[group, first + places.index(scene)] = _TRUST
    normal = (features - mean) / std

    def fit(chosen: Tensor) -> tuple[Tensor, Tensor]:
        asked = targets[chosen]
        mass = asked.sum(0).sqrt()
        return fit_softmax(
            normal[chosen],
            asked,
            weights=(asked / mass.clamp_min(1e-12)).sum(1),
            penalty=penalty,
            centre=centre,
            bias_penalty=_BIAS_PENALTY * penalty if places else 0.0,
        )

    weight, bias = fit(torch.ones(len(normal), dtype=torch.bool))
    factor = find_factor(normal, targets, fit) if calibrated else 1.0
    return factor * weight, factor * bias


def _scenes(train: SplitData, book: Codebook, size: int) -> list[str | None]:
    """The scene of each group, where all its textures come from one, [size]."""
    found: list[set[str | None]] = [set() for _ in range(size)]
    for group, owner in zip(book.groups.tolist(), book.owners[book.windows].tolist(), strict=True):
        found[group].add(train.pairing.sound_scenes[owner])
    return [next(iter(scenes)) if len(scenes) == 1 else None for scenes in found]
