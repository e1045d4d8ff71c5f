"""What is measured on the training split before the first step: scales, codebook, prior, and what it does."""

from collections.abc import Iterable
from contextlib import nullcontext

import torch
from torch import Tensor

from photowave.audio import WIDTH_BANDS
from photowave.calibration.catalogue import list_origins
from photowave.calibration.codebook import find_textures
from photowave.calibration.free_run import FreeRunTargets, free_run_targets
from photowave.calibration.keeping import keep_envelopes
from photowave.calibration.prior import fit_prior
from photowave.calibration.usual import fit_usual
from photowave.errors import ConfigError
from photowave.generation.one_thread import one_thread
from photowave.model import (
    EnvelopeStack,
    KeptEnvelopes,
    PhotowaveModel,
    PositionConditioner,
    TextureConditioner,
)
from photowave.pairs.split_data import SplitData
from photowave.wavenet import BandOutput, SpectralOutput

_LEAST_LEVEL = 1e-4  # of the loudest band: 80 dB below it


@torch.no_grad()
def calibrate(
    model: PhotowaveModel, train: SplitData, *, seed: int, prior_penalty: float
) -> FreeRunTargets | None:
    """Set everything in the model that is measured and not learned step by step.

    Args:
        model: Changed in place.
        train: The training split.
        seed: For the clustering of textures.
        prior_penalty: Weight of the squared weights when the photo's prior is fitted.

    Returns:
        What free runs of the trained model shall come to; None where it draws no envelope or has no textures.
    """
    if isinstance(model.wavenet.output, BandOutput):
        model.wavenet.output.scale.copy_(_band_levels(model, train))
    if model.envelope is not None:
        model.envelope.fit([recording.spectra for recording in train.bank.recordings])
    owners = None
    if isinstance(model.conditioner, TextureConditioner):
        windows, owners = _fit_textures(model.conditioner, train, seed=seed, penalty=prior_penalty)
        if isinstance(model.envelope, KeptEnvelopes):
            keep_envelopes(model.envelope, model.codec, train.bank, windows)
        model.catalogue = list_origins(train, owners)
    if isinstance(model.wavenet.output, SpectralOutput):
        fit_usual(model, train.bank)
    if not isinstance(model.envelope, EnvelopeStack) or owners is None:
        return None
    return free_run_targets(model.envelope, train.bank, owners)


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
            "Give a single sound file as pairs, or choose kind 'texture'."
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
    bands, power = model.codec.bands, torch.zeros(model.codec.bands)
    most = 60 * model.sample_rate // bands * bands
    for recording in train.bank.recordings:
        length = len(recording.samples) - len(recording.samples) % bands
        # What is short is too little work to be shared.
        with one_thread() if length <= most // 6 else nullcontext():
            parts = torch.split(recording.samples[:length], most)
            summed = [model.codec.encode(part[None])[0].square().sum(0) for part in parts]
            power += torch.stack(summed).sum(0) * bands / length
    level = (power / len(train.bank.recordings)).sqrt()
    return level.clamp_min(_LEAST_LEVEL * float(level.max()))


def _fit_textures(
    conditioner: TextureConditioner, train: SplitData, *, seed: int, penalty: float
) -> tuple[Tensor, Tensor]:
    """Find the textures of the codebook, then fit photo to codebook.

    Returns:
        The window of each texture, counted over all recordings, and its recording, [codebook] both.
    """
    textures = torch.cat([recording.textures for recording in train.bank.recordings])
    conditioner.texture_mean.copy_(textures.mean(0))
    conditioner.texture_std.copy_(textures.std(0, correction=0).clamp_min(1e-3))
    size = len(conditioner.codebook)
    found = find_textures(
        train, mean=conditioner.texture_mean, std=conditioner.texture_std, size=size, seed=seed
    )
    entries = len(found.windows)
    windows = found.windows[torch.arange(size) % entries]
    conditioner.codebook.copy_(textures[windows])
    # Entries beyond what was found repeat others, in groups that are never drawn.
    beyond = int(found.groups.max()) + 1 + torch.arange(size - entries)
    conditioner.groups.copy_(torch.cat([found.groups, beyond]))
    fit_prior(conditioner, train, found, penalty=penalty)
    owners = found.owners[windows]
    conditioner.width.copy_(_widths(train)[owners])
    return windows, owners


def _widths(train: SplitData) -> Tensor:
    """Width of every recording, or else the mean of its scene, or of all, [recordings, WIDTH_BANDS]."""
    found = [recording.width for recording in train.bank.recordings]
    scenes = train.pairing.sound_scenes
    mean = _mean([width for width in found if width is not None])
    by_scene = {
        scene: [w for w, other in zip(found, scenes, strict=True) if w is not None and other == scene]
        for scene in set(scenes)
    }
    return torch.stack(
        [
            width if width is not None else _mean(by_scene[scene], default=mean)
            for width, scene in zip(found, scenes, strict=True)
        ]
    )


def _mean(widths: list[Tensor], *, default: Tensor | None = None) -> Tensor:
    if widths:
        return torch.stack(widths).mean(0)
    return torch.zeros(WIDTH_BANDS) if default is None else default
