"""How loud each cell of a spectral frame is, as a rule, told from the texture by ridge regression."""

import torch
from sklearn.linear_model import Ridge
from torch import Tensor

from photowave.model import PhotowaveModel, TextureConditioner
from photowave.pairs.bank import SoundBank
from photowave.wavenet import SpectralOutput

_PENALTY = 1e-3  # beside a mean square of one for each number of the texture


@torch.no_grad()
def fit_usual(model: PhotowaveModel, bank: SoundBank) -> None:
    """Set the map from texture to what is usual, see `SpectralOutput`; training leaves it alone.

    ::

        texture, normalised --- ridge ---> mean loudness of each cell in its window

    Without it the past tells the level of each band so well that the decoder never learns to hear the
    vector. Trained on, it would wander: its inputs hang together, and the network makes good what it does
    wrong. Without a texture, the same loudness is usual everywhere.

    Args:
        model: Changed in place; its textures and scales are measured before.
        bank: The training recordings.
    """
    output, conditioner = model.wavenet.output, model.conditioner
    assert isinstance(output, SpectralOutput)
    loudness = torch.cat([_loudness(model, output, bank, index) for index in range(len(bank.recordings))])
    conditioner.null[conditioner.channels :] = loudness.mean(0)
    if isinstance(conditioner, TextureConditioner) and conditioner.usual is not None:
        textures = torch.cat([recording.textures for recording in bank.recordings])
        normal = (textures - conditioner.texture_mean) / conditioner.texture_std
        fitted = Ridge(_PENALTY * len(normal)).fit(normal.double().numpy(), loudness.double().numpy())
        conditioner.usual.weight.copy_(torch.from_numpy(fitted.coef_))
        conditioner.usual.bias.copy_(torch.from_numpy(fitted.intercept_))


def _loudness(model: PhotowaveModel, output: SpectralOutput, bank: SoundBank, index: int) -> Tensor:
    """Mean loudness of each cell in the texture windows of a recording, [windows, cells]."""
    audio, recording = model.config.audio, bank.recordings[index]
    length = len(recording.samples) - len(recording.samples) % audio.bands
    loudness = output.loudness(model.codec.encode(recording.samples[None, :length])[0])
    hop = bank.HOP_S * audio.frame_rate
    count = max(1, round(bank.window_s * audio.frame_rate))
    starts = [min(round(window * hop), len(loudness) - 1) for window in range(len(recording.textures))]
    return torch.stack([loudness[start : start + count].mean(0) for start in starts])
