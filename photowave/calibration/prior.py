"""From photo features to the groups of the codebook: a multinomial logistic regression."""

import logging

import torch
from torch import Tensor

from photowave.calibration.codebook import Codebook
from photowave.calibration.softmax import fit_softmax
from photowave.model import TextureConditioner
from photowave.pairs.split_data import SplitData

_log = logging.getLogger(__name__)


def fit_prior(conditioner: TextureConditioner, train: SplitData, book: Codebook, *, penalty: float) -> None:
    """Fit photo to group of textures; each group counts alike, however many photos it has.

    Args:
        conditioner: Its codebook is set; its map from photo features is changed in place.
        train: The training split.
        book: Where the codebook's entries come from.
        penalty: Weight of the squared weights.
    """
    size = len(conditioner.codebook)
    targets = _targets(train, book, size)
    photos = targets.sum(1) > 0
    features, targets = train.features[photos], targets[photos]
    conditioner.feature_mean.copy_(features.mean(0))
    conditioner.feature_std.copy_(features.std(0, correction=0).clamp_min(1e-3))
    inputs = (features - conditioner.feature_mean) / conditioner.feature_std
    groups = conditioner.groups
    by_group = torch.zeros(len(targets), size).index_add_(1, groups, targets)
    mass = by_group.sum(0)
    there = mass > 0
    weights = (by_group[:, there] / mass[there]).sum(1)
    weight, bias = fit_softmax(inputs, by_group[:, there], weights=weights, penalty=penalty)
    shares = (targets.sum(0) / mass[groups].clamp_min(1e-12)).clamp_min(1e-12).log()
    number = there.cumsum(0) - 1
    conditioner.prior.weight.copy_(weight[number[groups].clamp_min(0)])
    conditioner.prior.bias.copy_(bias[number[groups].clamp_min(0)] + shares)
    # What no photo goes with, and what repeats other entries, must never be drawn.
    never = ~there[groups] | (torch.arange(size) >= len(book.windows))
    conditioner.prior.bias[never] = -1e4
    _log.info("prior: %d groups of textures told apart by %d photos", int(there.sum()), len(inputs))


def _targets(train: SplitData, book: Codebook, size: int) -> Tensor:
    """Share of each codebook entry in a photo's recordings, [photos, size].

    A recording of n windows counts as the fourth root of n: nearly alike, as a listener would count them. But
    training hears them by the square root, and what was heard for a few seconds is drawn with less truth.
    """
    per_recording = torch.zeros(len(train.bank.recordings), size)
    for recording in range(len(per_recording)):
        # Windows far off the level of their recording have no code, nor may those that go with no photo.
        here = book.codes[(book.owners == recording) & (book.codes >= 0)]
        per_recording[recording] = torch.bincount(here, minlength=size).float()
    per_recording /= per_recording.sum(1, keepdim=True).clamp_min(1)
    count = torch.tensor([len(recording.textures) for recording in train.bank.recordings]) ** 0.25
    targets = torch.zeros(len(train.features), size)
    for photo, recordings in enumerate(train.pairing.sounds_of):
        if len(recordings):
            heard = list(recordings)
            targets[photo] = count[heard] @ per_recording[heard] / count[heard].sum()
    return targets
