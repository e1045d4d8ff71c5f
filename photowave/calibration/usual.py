"""How loud each cell of a spectral frame usually is, told from texture and envelope by ridge regression."""

from typing import NamedTuple

import torch
from sklearn.linear_model import Ridge
from torch import Tensor

from photowave.model import Envelope, PhotowaveModel, TextureConditioner
from photowave.pairs.bank import SoundBank
from photowave.wavenet import SpectralOutput
from photowave.wavenet.track import interpolate

_PENALTY = 1e-3  # beside a mean square of one for each number of the texture


class _Moves(NamedTuple):
    """What a recording does frame by frame."""

    loudness: Tensor
    """Of each cell, [frames, cells]."""
    components: Tensor
    """Of its envelope, [frames, components]; none where there is no envelope."""


@torch.no_grad()
def fit_usual(model: PhotowaveModel, bank: SoundBank) -> None:
    """Set the map from texture to what is usual, see `SpectralOutput`; training leaves it alone.

    ::

        envelope, frame by frame ------ ridge ---> how it moves the loudness of each cell
                                                      |
        texture, normalised --- ridge ---> mean loudness of each cell in its window, less that

    Without it the past tells the level of each band so well that the decoder never learns to hear the
    vector. Trained on, it would wander: its inputs hang together, and the network makes good what it does
    wrong. Without a texture, the same loudness is usual everywhere.

    Args:
        model: Changed in place; its textures, its scales and the components of its envelope are measured
            before.
        bank: The training recordings.
    """
    conditioner, envelope = model.conditioner, model.envelope
    if envelope is not None:
        envelope.levels.copy_(_fit_levels(model, envelope, bank))
    still = torch.cat([_still(model, bank, index) for index in range(len(bank.recordings))])
    conditioner.null[conditioner.channels :] = still.mean(0)
    if isinstance(conditioner, TextureConditioner) and conditioner.usual is not None:
        textures = torch.cat([recording.textures for recording in bank.recordings])
        normal = (textures - conditioner.texture_mean) / conditioner.texture_std
        fitted = Ridge(_PENALTY * len(normal)).fit(normal.double().numpy(), still.double().numpy())
        conditioner.usual.weight.copy_(torch.from_numpy(fitted.coef_))
        conditioner.usual.bias.copy_(torch.from_numpy(fitted.intercept_))


def _fit_levels(model: PhotowaveModel, envelope: Envelope, bank: SoundBank) -> Tensor:
    """What each component adds to the loudness of each cell, [cells, components].

    Told from what moves inside recordings, each counting alike: where a recording lies is told by its
    texture.
    """
    size = envelope.basis.shape[1]
    gram = (_PENALTY * envelope.SPREAD**2 * len(bank.recordings)) * torch.eye(size, dtype=torch.float64)
    product = torch.zeros(size, len(envelope.levels), dtype=torch.float64)
    for index in range(len(bank.recordings)):
        loudness, components = (part.double() for part in _moves(model, bank, index))
        moved = components - components.mean(0)
        gram += moved.t() @ moved / len(moved)
        product += moved.t() @ (loudness - loudness.mean(0)) / len(moved)
    levels: Tensor = torch.linalg.solve(gram, product).t()
    return levels


def _still(model: PhotowaveModel, bank: SoundBank, index: int) -> Tensor:
    """Mean loudness of each cell in a recording's texture windows, less what the envelope adds there.

    [windows, cells].
    """
    audio, recording = model.config.audio, bank.recordings[index]
    loudness, components = _moves(model, bank, index)
    if model.envelope is not None:
        loudness = loudness - model.envelope.moved_levels(components)
    hop = bank.HOP_S * audio.frame_rate
    count = max(1, round(bank.window_s * audio.frame_rate))
    starts = [min(round(window * hop), len(loudness) - 1) for window in range(len(recording.textures))]
    return torch.stack([loudness[start : start + count].mean(0) for start in starts])


def _moves(model: PhotowaveModel, bank: SoundBank, index: int) -> _Moves:
    output, audio, recording = model.wavenet.output, model.config.audio, bank.recordings[index]
    assert isinstance(output, SpectralOutput)
    length = len(recording.samples) - len(recording.samples) % audio.bands
    loudness = output.loudness(model.codec.encode(recording.samples[None, :length])[0])
    if (envelope := model.envelope) is None:
        return _Moves(loudness, loudness.new_zeros(len(loudness), 0))
    knots = torch.arange(len(loudness))[None] * (envelope.knots_per_s / audio.frame_rate)
    return _Moves(loudness, interpolate(envelope.frames(recording.spectra)[None], knots)[0])
