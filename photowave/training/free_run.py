"""What free runs of the coarser stack miss beside the recordings, measured when a model is saved."""

import torch

from photowave.generation.packing import pack
from photowave.generation.sampler import CachedSampler
from photowave.model import PhotowaveModel, TextureConditioner
from photowave.pairs.datamodule import SplitData

MOST_WINDOWS = 1024
"""Texture windows that are drawn for; of more, some of each recording are taken."""
_SHORTEST = 2  # knots of a window that has a spread


@torch.no_grad()
def correct_free_runs(model: PhotowaveModel, train: SplitData) -> None:
    """Draw envelopes for the textures of the training, and correct their mean and spread.

    Teacher-forced scores do not see how a stack does on its own past; here it is let run as long as a
    window and then measured over another. Only `EnvelopeStack.correction` changes,
    which no score hangs on. Where the conditioning is no texture, nothing is done.

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
