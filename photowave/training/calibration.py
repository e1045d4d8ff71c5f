"""What is measured on the training split before the first step: scales, codebook, photo to texture."""

import logging
from collections.abc import Iterable

import torch
from sklearn.cluster import KMeans
from torch import Tensor

from photowave.errors import ConfigError
from photowave.model import PhotowaveModel, PositionConditioner, TextureConditioner
from photowave.pairs.datamodule import SplitData
from photowave.wavenet import MixtureOutput

_log = logging.getLogger(__name__)
_MOST_OFF_DB = 3.0
_FEWEST = 5  # one window in so many is kept, however loud
_LEAST_LEVEL = 1e-4  # of the loudest band: 80 dB below it


@torch.no_grad()
def calibrate(model: PhotowaveModel, train: SplitData, *, seed: int, prior_penalty: float) -> None:
    """Set everything in the model that is measured and not learned step by step.

    Args:
        model: Changed in place.
        train: The training split.
        seed: For the clustering of textures.
        prior_penalty: Weight of the squared weights when the photo's prior is fitted.
    """
    if isinstance(model.wavenet.output, MixtureOutput):
        model.wavenet.output.scale.copy_(_band_levels(model, train))
    if model.envelope is not None:
        model.envelope.fit([recording.spectra for recording in train.bank.recordings])
    if isinstance(model.conditioner, TextureConditioner):
        _fit_textures(model.conditioner, train, seed=seed, penalty=prior_penalty)


def check_single(model: PhotowaveModel, parts: Iterable[SplitData]) -> None:
    """See that a model which is told the position has one clip only, in all splits, no longer than its track.

    Args:
        model: Any model; only those conditioned on position are checked.
        parts: The splits that were read.

    Raises:
        ConfigError: There are several recordings, or one that is too long.
    """
    if not isinstance(model.conditioner, PositionConditioner):
        return
    recordings = {recording.path: recording for part in parts for recording in part.bank.recordings}
    if len(recordings) != 1:
        raise ConfigError(
            f"conditioning kind 'position' takes a single recording; the splits have {len(recordings)}. "
            "Give --data.pairs CLIP.wav, or choose kind 'texture'."
        )
    ((path, recording),) = recordings.items()
    duration_s = len(recording.samples) / model.sample_rate
    if duration_s > model.conditioner.longest_s:
        raise ConfigError(
            f"{path} lasts {duration_s:.4g} s; conditioning.longest_s is "
            f"{model.conditioner.longest_s:g}. Raise longest_s or cut the clip."
        )


def _band_levels(model: PhotowaveModel, train: SplitData) -> Tensor:
    """Root mean square of each band, each recording counting alike, [bands]; none far below the loudest."""
    power = torch.zeros(model.codec.bands)
    for recording in train.bank.recordings:
        length = len(recording.samples) - len(recording.samples) % model.codec.bands
        parts = torch.split(
            recording.samples[:length], 60 * model.sample_rate // model.codec.bands * model.codec.bands
        )
        summed = [model.codec.encode(part[None])[0].square().sum(0) for part in parts]
        power += torch.stack(summed).sum(0) * model.codec.bands / length
    level = (power / len(train.bank.recordings)).sqrt()
    return level.clamp_min(_LEAST_LEVEL * float(level.max()))


def _fit_textures(conditioner: TextureConditioner, train: SplitData, *, seed: int, penalty: float) -> None:
    """Cluster the training textures into the codebook, then fit photo to codebook.

    A photo asks for a sound at the level of the training: the stillness between two calls of a bird is
    learned from, but not chosen.
    """
    textures = torch.cat([recording.textures for recording in train.bank.recordings])
    owners = torch.cat(
        [torch.full((len(r.textures),), index) for index, r in enumerate(train.bank.recordings)]
    )
    conditioner.texture_mean.copy_(textures.mean(0))
    conditioner.texture_std.copy_(textures.std(0, correction=0).clamp_min(1e-3))
    normalised = ((textures - conditioner.texture_mean) / conditioner.texture_std).double()
    numbers: dict[tuple[int, ...], int] = {}
    circles = torch.tensor([numbers.setdefault(p, len(numbers)) for p in train.pairing.photos_of])
    of_window = circles[owners]
    size = len(conditioner.codebook)
    # What goes with no photo is never drawn for one; it shares the textures only if there is nothing else.
    present = [circle for circle, photos in enumerate(numbers) if photos] or [0]
    # Where circles are few, each has textures of its own, and the photo has only to tell the circles apart.
    alone = size >= 2 * len(present)
    usual = torch.cat([_usual(recording.levels) for recording in train.bank.recordings])
    parts = [usual & (of_window == circle) for circle in present] if alone else [usual]
    codes = torch.full((len(textures),), -1)
    medoids: list[Tensor] = []
    groups: list[int] = []
    for group, part in enumerate(parts):
        here = part.nonzero().flatten()
        share = min(len(here), size // len(parts) + (group < size % len(parts)))
        clusters = KMeans(n_clusters=share, n_init=4, random_state=seed).fit(normalised[here].numpy())
        codes[here] = len(groups) + torch.from_numpy(clusters.labels_).long()
        # The window nearest to each centre: a texture that was really heard, not a blend.
        distances = torch.from_numpy(clusters.transform(normalised[here].numpy()))
        medoids.append(here[distances.argmin(0)])
        groups += [group] * share if alone else range(share)
    found = torch.cat(medoids)
    conditioner.codebook.copy_(textures[found][torch.arange(size) % len(found)])
    # Entries beyond what was found repeat others, in groups that are never drawn.
    of_entry = torch.tensor(groups + list(range(max(groups) + 1, max(groups) + 1 + size - len(groups))))
    conditioner.groups.copy_(of_entry)
    _fit_prior(conditioner, train, codes, owners, entries=len(found), penalty=penalty)
    _log.info(
        "codebook: %d textures from %d windows in %d groups", len(found), int((codes >= 0).sum()), len(parts)
    )


def _usual(levels: Tensor) -> Tensor:
    """Windows about as loud as their recording, or else the fifth that is nearest to it, bool [windows].

    Where a clap of thunder sets the level, its window alone would be too few.
    """
    off = levels.abs()
    there = off[off.isfinite()].sort().values  # silence counts for nothing
    if not len(there):
        # What sounds lies behind the last window.
        return torch.ones_like(off).bool()
    nearest = there[: -(-len(there) // _FEWEST)]
    return off <= max(_MOST_OFF_DB, float(nearest[-1]))


def _fit_prior(
    conditioner: TextureConditioner,
    train: SplitData,
    codes: Tensor,
    owners: Tensor,
    *,
    entries: int,
    penalty: float,
) -> None:
    """Fit photo to group of textures; each group counts alike, however many photos it has."""
    size = len(conditioner.codebook)
    targets = _targets(train, codes, owners, size)
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
    never = ~there[groups] | (torch.arange(size) >= entries)
    conditioner.prior.bias[never] = -1e4
    _log.info("prior: %d groups of textures told apart by %d photos", int(there.sum()), len(inputs))


def _targets(train: SplitData, codes: Tensor, owners: Tensor, size: int) -> Tensor:
    """Share of each codebook entry in a photo's recordings, [photos, size].

    A recording of n windows counts as the square root of n: between each alike, as a listener would count
    them, and each by its length, as training hears them. What was heard for a few seconds only is drawn with
    less truth, so it is asked for less often.
    """
    per_recording = torch.zeros(len(train.bank.recordings), size)
    for recording in range(len(per_recording)):
        # Windows far off the level of their recording have no code, nor may those that go with no photo.
        here = codes[(owners == recording) & (codes >= 0)]
        per_recording[recording] = torch.bincount(here, minlength=size).float()
    per_recording /= per_recording.sum(1, keepdim=True).clamp_min(1)
    count = torch.tensor([len(recording.textures) for recording in train.bank.recordings]).sqrt()
    targets = torch.zeros(len(train.features), size)
    for photo, recordings in enumerate(train.pairing.sounds_of):
        if len(recordings):
            heard = list(recordings)
            targets[photo] = count[heard] @ per_recording[heard] / count[heard].sum()
    return targets


def fit_softmax(
    inputs: Tensor, targets: Tensor, *, weights: Tensor, penalty: float, steps: int = 100
) -> tuple[Tensor, Tensor]:
    """Fit a multinomial logistic regression to soft targets; convex, so there is one answer.

    Args:
        inputs: [examples, features].
        targets: Probabilities, [examples, classes].
        weights: How much each example counts, [examples].
        penalty: Weight of the squared weights.
        steps: Most L-BFGS iterations.

    Returns:
        Weights [classes, features] and biases [classes].
    """
    weight = torch.zeros(targets.shape[1], inputs.shape[1], requires_grad=True)
    bias = torch.zeros(targets.shape[1], requires_grad=True)
    optimiser = torch.optim.LBFGS([weight, bias], max_iter=steps, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        scores = torch.log_softmax(inputs @ weight.t() + bias, -1)
        loss = -(weights * (targets * scores).sum(1)).sum() / weights.sum() + penalty * weight.square().sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    with torch.enable_grad():
        optimiser.step(closure)  # type: ignore[no-untyped-call]
    return weight.detach(), bias.detach()
