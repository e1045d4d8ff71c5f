"""Keeps a stretch of envelope for each texture of the codebook: of the recording that it was heard in."""

import torch
from torch import Tensor

from photowave.model import KeptEnvelopes
from photowave.pairs.bank import SoundBank


@torch.no_grad()
def keep_envelopes(envelope: KeptEnvelopes, bank: SoundBank, windows: Tensor) -> None:
    """Keep what the recordings do around each texture.

    Args:
        envelope: Changed in place; its components are fitted.
        bank: The recordings.
        windows: The window of each texture, counted over all recordings, [codebook].
    """
    starts = torch.tensor([0, *(len(recording.textures) for recording in bank.recordings)]).cumsum(0)
    knots = envelope.stretches.shape[1]
    for entry, window in enumerate(windows.tolist()):
        owner = int(torch.searchsorted(starts, window, right=True)) - 1
        spectra = bank.recordings[owner].spectra
        middle = ((window - int(starts[owner])) * bank.HOP_S + bank.window_s / 2) * envelope.knots_per_s
        first = min(max(round(middle - knots / 2), 0), max(len(spectra) - knots, 0))
        envelope.keep(entry, spectra[first : first + knots])
