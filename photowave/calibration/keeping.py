"""Keeps a stretch of envelope for each texture of the codebook: of the recording that it was heard in."""

import torch
from torch import Tensor

from photowave.model import FrameCodec, KeptEnvelopes
from photowave.pairs.bank import SoundBank


@torch.no_grad()
def keep_envelopes(envelope: KeptEnvelopes, codec: FrameCodec, bank: SoundBank, windows: Tensor) -> None:
    """Keep what the recordings do around each texture.

    Args:
        envelope: Changed in place; its components are fitted.
        codec: Turns samples into the frames whose powers are kept.
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
        if envelope.regions is not None:
            samples = bank.recordings[owner].samples
            start = round(first / envelope.knots_per_s * bank.audio.frame_rate)
            frames = _frames(codec, samples, start, envelope.powers.shape[1])
            envelope.keep_powers(entry, frames)


def _frames(codec: FrameCodec, samples: Tensor, start: int, count: int) -> Tensor:
    """Some frames of a recording, [frames, bands]; fewer where it ends before."""
    whole = len(samples) // codec.bands
    start = min(start, max(whole - 1, 0))
    before = min(start, codec.delay // codec.bands)  # what its first frame sees
    part = samples[(start - before) * codec.bands : min(start + count, whole) * codec.bands]
    return codec.encode(part[None])[0, before:]
