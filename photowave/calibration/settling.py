"""Corrects what is usual in each texture, so that free runs of a spectral decoder come out right.

One frame after the other is learned from recordings; what a sound comes to that follows its own past for
seconds is not. But louder or softer as a whole changes nothing for the network, which counts from what is
usual. So what free runs are off by, cell by cell, can be taken off what is usual, and little is left. Then
all cells are raised or lowered together to the level of the recordings. Where an envelope leads the decoder,
free runs are those of both.
"""

import math

import torch
from torch import Tensor

from photowave.calibration.strays import leave_out
from photowave.generation.samplers import build_sampler, pack_model
from photowave.model import KeptEnvelopes, PhotowaveModel, TextureConditioner
from photowave.settings import DrawSettings
from photowave.wavenet import SpectralOutput

MOST_OFF_DB = 3.0
"""A texture is left out if its cells lie farther off at the end, as a root mean square."""
_ROUNDS = 2
_PAST_S, _HEARD_S = 1.0, 5.0  # of each texture and round: what is dropped, and what is measured
_TOGETHER = 32
_DB_PER_NEPER = 8.685889638


@torch.no_grad()
def settle(model: PhotowaveModel) -> None:
    """Draw every texture of the codebook, correct what is usual in it, and leave out what stays off.

    Textures are those of windows about as loud as their recording, and recordings have one level.

    Args:
        model: Changed in place (`TextureConditioner.correction` and `left_out`); on the CPU. It has textures
            and a spectral output.
    """
    conditioner = model.conditioner
    assert isinstance(conditioner, TextureConditioner)
    assert conditioner.usual is not None
    entries = conditioner.drawn.nonzero().flatten()
    conditioner.correction.zero_()
    wanted = conditioner.entry_vector(entries)[:, conditioner.channels :] + _moved(model, entries)
    best, least = conditioner.correction[entries], torch.full((len(entries),), math.inf)
    level = model.config.audio.rms_dbfs / _DB_PER_NEPER
    for _ in range(1 + _ROUNDS):
        loudness, drawn = _measured(model, entries)
        missed = loudness - wanted
        rms = missed.square().mean(1).sqrt()
        better = rms < least
        # Of two sounds that are as loud on average in dB, the one that is steadier has less power.
        levelled = conditioner.correction[entries] + (level - drawn)[:, None]
        best = torch.where(better[:, None], levelled, best)
        least = torch.where(better, rms, least)
        conditioner.correction[entries] -= missed
    conditioner.correction[entries] = best
    off = torch.zeros(len(conditioner.codebook))
    off[entries] = _DB_PER_NEPER * least
    leave_out(conditioner, off, most=MOST_OFF_DB)


def _moved(model: PhotowaveModel, entries: Tensor) -> Tensor:
    """What the envelopes of the recordings add to the loudness of each cell on average, [entries, cells]."""
    conditioner, envelope = model.conditioner, model.envelope
    assert isinstance(conditioner, TextureConditioner)
    if envelope is None:
        return torch.zeros(())
    if isinstance(envelope, KeptEnvelopes):
        frames = torch.stack([envelope.stretch(entry).mean(0) for entry in entries.tolist()])
    else:  # a texture begins with the mean spectrum
        frames = envelope.frames(conditioner.codebook[entries, : len(envelope.mean)])
    return envelope.moved_levels(frames)


def _measured(model: PhotowaveModel, entries: Tensor) -> tuple[Tensor, Tensor]:
    """Mean loudness of each cell in free runs of some textures, [entries, cells], and their level, [entries].

    Both in nepers, the level beside full scale.
    """
    output, conditioner = model.wavenet.output, model.conditioner
    assert isinstance(conditioner, TextureConditioner)
    assert isinstance(output, SpectralOutput)
    packed, rate = pack_model(model), model.config.audio.frame_rate
    past, heard = round(_PAST_S * rate), max(1, round(_HEARD_S * rate))
    loudness, level = [], []
    for part in torch.split(entries, _TOGETHER):
        vectors = conditioner.entry_vector(part)
        sampler = build_sampler(model, packed, DrawSettings(), vectors=vectors, seeds=part.tolist())
        drawn = sampler.draw(past + heard)[:, past:]
        loudness.append(output.loudness(drawn).mean(1))
        level.append(0.5 * drawn.square().mean((1, 2)).clamp_min(1e-12).log())
    return torch.cat(loudness), torch.cat(level)
