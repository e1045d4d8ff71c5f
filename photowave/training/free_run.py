"""What free runs of the coarser stack miss beside the recordings, measured when a model is saved."""

import logging

import torch
from torch import Tensor

from photowave.audio import power_db
from photowave.generation.packing import pack
from photowave.generation.sampler import CachedSampler
from photowave.model import PhotowaveModel, TextureConditioner
from photowave.pairs.datamodule import SplitData

MOST_WINDOWS = 1024
"""Envelopes that are drawn at once; of more texture windows, some of each recording are taken."""
MOST_OFF_DB = 3.0
"""A texture is left out if envelopes drawn for it lie farther off the level of its recording."""
_SHORTEST = 2  # knots of a window that has a spread
_TAKES = 8  # of each texture of the codebook, or as many as there is room for
_FEWEST = 4  # one texture of a group in so many is kept, however far off
_log = logging.getLogger(__name__)


@torch.no_grad()
def correct_free_runs(model: PhotowaveModel, train: SplitData) -> None:
    """Draw envelopes for the textures of the training, and correct their mean and spread.

    Teacher-forced scores do not see how a stack does on its own past; here it is let run as long as a
    window and then measured over another. Only `EnvelopeStack.correction` changes, which no score hangs on.
    Where the conditioning is no texture, nothing is done.

    Args:
        model: Changed in place; on the CPU.
        train: The training split.
    """
    envelope, conditioner = model.envelope, model.conditioner
    if envelope is None or not isinstance(conditioner, TextureConditioner):
        return
    bank = train.bank
    steps = max(_SHORTEST, round(bank.window_s * envelope.knots_per_s))
    every = -(-sum(len(r.textures) for r in bank.recordings) // MOST_WINDOWS)
    textures, spectra, weights = [], [], []
    for recording in bank.recordings:
        chosen = range(0, len(recording.textures), every)
        for window in chosen:
            first = round(window * bank.HOP_S * envelope.knots_per_s)
            part = recording.spectra[first : first + steps]
            if len(part) >= _SHORTEST:
                textures.append(recording.textures[window])
                spectra.append(part)
                weights.append(1.0 / len(chosen))
    if not textures:
        return
    vectors = conditioner.texture_vector(torch.stack(textures))
    sampler = CachedSampler(
        envelope.wavenet, pack(envelope.wavenet), vectors=vectors, seeds=list(range(len(vectors)))
    )
    movements = sampler.draw(2 * steps)[:, steps:]
    envelope.correct(vectors, movements, spectra, torch.tensor(weights))


@torch.no_grad()
def leave_out_strays(model: PhotowaveModel, train: SplitData) -> None:
    """Leave out textures whose envelopes come out too loud or too soft on average.

    ::

        recording -> texture of a window -> envelopes drawn -> level --.
            `-----------------> envelope of all of it -------> level ---- off by how much?

    Levels are averaged over takes in dB, which reads sounds with few loud moments as softer than their mean
    power is. Only `TextureConditioner.left_out` changes, which no score of a sound on its own texture hangs
    on. Of each group those that come nearest are kept, a quarter at least. Where the conditioning is no
    texture, nothing is done.

    Args:
        model: Changed in place; on the CPU, and `correct_free_runs` was done.
        train: The training split.
    """
    envelope, conditioner = model.envelope, model.conditioner
    if envelope is None or not isinstance(conditioner, TextureConditioner):
        return
    off = _off_level(model, train)
    for group in sorted(set(conditioner.groups.tolist())):
        members = (conditioner.groups == group).nonzero().flatten()
        nearest = off[members].sort().values[: -(-len(members) // _FEWEST)]
        conditioner.left_out[members] = off[members] > max(MOST_OFF_DB, float(nearest[-1]))


def _off_level(model: PhotowaveModel, train: SplitData) -> Tensor:
    """How far envelopes drawn for each texture of the codebook lie off their recording, in dB, [codebook]."""
    envelope, conditioner = model.envelope, model.conditioner
    assert envelope is not None
    assert isinstance(conditioner, TextureConditioner)
    takes = max(1, min(_TAKES, MOST_WINDOWS // len(conditioner.codebook)))
    vectors = conditioner.texture_vector(conditioner.codebook).repeat_interleave(takes, 0)
    sampler = CachedSampler(
        envelope.wavenet, pack(envelope.wavenet), vectors=vectors, seeds=list(range(len(vectors)))
    )
    past = envelope.wavenet.receptive_field
    steps = max(_SHORTEST, round(train.bank.window_s * envelope.knots_per_s))
    movements = sampler.draw(past + steps)[:, past:]
    mean, spread = envelope.drawn(vectors)
    drawn = power_db(envelope.spectra(mean + spread * movements)).view(-1, takes).mean(1)
    off = torch.zeros(len(drawn))
    owners, difference = train.bank.nearest(conditioner.codebook)
    known = difference <= train.bank.SAME
    for index, recording in enumerate(train.bank.recordings):
        own = known & (owners == index)
        off[own] = (drawn[own] - power_db(recording.spectra)).abs()
    if not known.all():
        _log.warning(
            "%d of %d textures are windows of no recording of the training split: their level cannot be "
            "checked, and they stay. Go on with the recordings that the training began with.",
            int((~known).sum()),
            len(known),
        )
    return off
