"""Corrects what is usual in each texture, so that free runs of a spectral decoder come out right.

One frame after the other is learned from recordings; what a sound comes to that follows its own past for
seconds is not. But louder or softer as a whole changes nothing for the network, which counts from what is
usual. So what free runs are off by, cell by cell, can be taken off what is usual, and little is left. Then
all cells are raised or lowered together to the level of the recordings. Where an envelope leads the decoder,
free runs are those of both.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from photowave.calibration.strays import leave_out
from photowave.generation.samplers import build_sampler, kept_sampler, pack_model
from photowave.model import KeptEnvelopes, PhotowaveModel, TextureConditioner
from photowave.settings import DrawSettings
from photowave.wavenet import PowerRegions, SpectralOutput

MOST_OFF_DB = 3.0
"""A texture is left out if its cells lie farther off at the end, as a root mean square."""
_ROUNDS = 2
_PAST_S, _HEARD_S = 1.0, 5.0  # of each texture and round: what is dropped, and what is measured
_TOGETHER = 32
_DB_PER_NEPER = 8.685889638


@torch.no_grad()
def settle(model: PhotowaveModel) -> None:
    """Draw every texture of the codebook, correct what is usual in it, and leave out what stays off.

    Textures are those of windows about as loud as their recording, and recordings have one level. Where
    powers of regions are held, they are brought to that level, and only how cells of a region stand to each
    other is corrected.

    Args:
        model: Changed in place (`TextureConditioner.correction` and `left_out`); on the CPU. It has textures
            and a spectral output.
    """
    conditioner = model.conditioner
    assert isinstance(conditioner, TextureConditioner)
    assert conditioner.usual is not None
    entries = conditioner.drawn.nonzero().flatten()
    conditioner.correction.zero_()
    level = model.config.audio.rms_dbfs / _DB_PER_NEPER
    held = model.envelope.regions if isinstance(model.envelope, KeptEnvelopes) else None
    if isinstance(model.envelope, KeptEnvelopes) and held is not None:
        for entry in entries.tolist():
            model.envelope.level_powers(entry, level)
    wanted = conditioner.entry_vector(entries)[:, conditioner.channels :]
    best, least = conditioner.correction[entries], torch.full((len(entries),), math.inf)
    for _ in range(1 + _ROUNDS):
        run = _measured(model, entries)
        missed = run.loudness - wanted - run.moved
        if held is not None:
            missed = missed - _shared(missed, model.wavenet.output, held)
        rms = missed.square().mean(1).sqrt()
        better = rms < least
        # Of two sounds that are as loud on average in dB, the one that is steadier has less power.
        levelled = conditioner.correction[entries]
        if held is None:
            levelled = levelled + (level - run.level)[:, None]
        best = torch.where(better[:, None], levelled, best)
        least = torch.where(better, rms, least)
        conditioner.correction[entries] -= missed
    conditioner.correction[entries] = best
    off = torch.zeros(len(conditioner.codebook))
    off[entries] = _DB_PER_NEPER * least
    leave_out(conditioner, off, most=MOST_OFF_DB)


def _shared(missed: Tensor, output: nn.Module, regions: PowerRegions) -> Tensor:
    """What bands of a region miss together, as a mean over the bands of each cell, [entries, cells]."""
    assert isinstance(output, SpectralOutput)
    count = torch.bincount(regions.index)
    by_band = missed[:, output.group]
    together = missed.new_zeros(len(missed), regions.count)
    together = together.index_add_(1, regions.index, by_band) / count
    by_band = together[:, regions.index]
    return missed.new_zeros(len(missed), output.cells).index_add_(1, output.group, by_band) / output.size


class _FreeRun(NamedTuple):
    """What free runs of some textures came to, in nepers."""

    loudness: Tensor
    """Mean loudness of each cell, [entries, cells]."""
    moved: Tensor
    """What the envelope added to that by itself, [entries, cells]; or [entries, 1], nothing."""
    level: Tensor
    """Level beside full scale, [entries]; as it would be had the run followed all of a kept envelope."""


def _measured(model: PhotowaveModel, entries: Tensor) -> _FreeRun:
    """Draw some textures for a while."""
    output, conditioner = model.wavenet.output, model.conditioner
    assert isinstance(conditioner, TextureConditioner)
    assert isinstance(output, SpectralOutput)
    packed, rate = pack_model(model), model.config.audio.frame_rate
    past, heard = round(_PAST_S * rate), max(1, round(_HEARD_S * rate))
    parts = []
    for part in torch.split(entries, _TOGETHER):
        vectors, seeds = conditioner.entry_vector(part), part.tolist()
        sampler = build_sampler(model, packed, DrawSettings(), vectors=vectors, seeds=seeds)
        drawn = sampler.draw(past + heard)[:, past:]
        moved, more = _moved(model, part, vectors)
        level = 0.5 * drawn.square().mean((1, 2)).clamp_min(1e-12).log() - more
        parts.append(_FreeRun(output.loudness(drawn).mean(1), moved, level))
    return _FreeRun(*(torch.cat(part) for part in zip(*parts, strict=True)))


def _moved(model: PhotowaveModel, entries: Tensor, vectors: Tensor) -> tuple[Tensor, Tensor]:
    """What the envelopes of free runs added to the loudness of each cell, and to the level by chance.

    A few seconds of a kept envelope may hold its loudest call twice, or not at all. How much louder these
    seconds are than all of it is told from the envelope alone.

    Returns:
        [entries, cells] and [entries], in nepers.
    """
    conditioner, envelope, output = model.conditioner, model.envelope, model.wavenet.output
    assert isinstance(conditioner, TextureConditioner)
    assert isinstance(output, SpectralOutput)
    if envelope is None:
        return torch.zeros(len(entries), 1), torch.zeros(len(entries))
    if not isinstance(envelope, KeptEnvelopes):  # a texture begins with the mean spectrum
        spectra = conditioner.codebook[entries, : len(envelope.mean)]
        return envelope.moved_levels(envelope.frames(spectra)), torch.zeros(len(entries))
    past, heard = (round(seconds * envelope.knots_per_s) for seconds in (_PAST_S, _HEARD_S))
    sampler = kept_sampler(model, DrawSettings(), vectors=vectors, seeds=entries.tolist())
    followed = sampler.draw(past + heard)[:, past:]
    cells = output.scale.new_zeros(output.cells).index_add_(0, output.group, output.scale.square())

    def power(usual: Tensor, frames: Tensor) -> Tensor:
        return (cells * torch.exp(2 * (usual + envelope.moved_levels(frames)))).sum(-1).mean()

    usual = vectors[:, conditioner.channels :]
    more = [
        0.5 * torch.log(power(own, path) / power(own, envelope.stretch(entry)))
        for own, path, entry in zip(usual, followed, entries.tolist(), strict=True)
    ]
    return envelope.moved_levels(followed).mean(1), torch.stack(more)
