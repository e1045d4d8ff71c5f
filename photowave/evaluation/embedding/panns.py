"""Cnn14 of PANNs, Kong et al. 2020, arXiv:1912.10211, in the layout of its published checkpoints.

Each sound gives one vector: the layer below the classes. Short-time transform and mel filters are tensors of
the checkpoint itself; from their size follows whether it is the network for 32, 16 or 8 kHz.
"""

from torch import Tensor
from torch.nn.functional import avg_pool2d, batch_norm, conv1d, conv2d, linear, pad, relu

from photowave.evaluation.embedding.network import Embedding

_RATES = {1024: 32_000, 512: 16_000, 256: 8_000}  # by samples of the transform
_BLOCKS = 6
_FAINTEST = 1e-10  # power


def cnn14(weights: dict[str, Tensor]) -> Embedding:
    """Make the embedding; KeyError where a tensor is missing, or the transform has another size."""
    size = weights["spectrogram_extractor.stft.conv_real.weight"].shape[-1]
    rate = _RATES[size]

    def embed(samples: Tensor) -> Tensor:
        return _pooled(log_mel(samples, weights), weights)[:, None]

    embed(weights["logmel_extractor.melW"].new_zeros(1, rate))  # all is there
    return Embedding("PANNs Cnn14, a vector per sound", rate, embed)


def log_mel(samples: Tensor, weights: dict[str, Tensor]) -> Tensor:
    """Power in mel bands, in dB, [sounds, frames, bands]."""
    real, imaginary = (weights[f"spectrogram_extractor.stft.conv_{part}.weight"] for part in ("real", "imag"))
    size = real.shape[-1]
    padded = pad(samples[:, None], (size // 2, size // 2), mode="reflect")
    waves = [conv1d(padded, kernel, stride=size * 5 // 16) for kernel in (real, imaginary)]
    mel = (waves[0].square() + waves[1].square()).transpose(1, 2) @ weights["logmel_extractor.melW"]
    return 10 * mel.clamp_min(_FAINTEST).log10()


def _pooled(x: Tensor, weights: dict[str, Tensor]) -> Tensor:
    """Embedding of log-mel frames [sounds, frames, bands], [sounds, channels]."""
    x = _normalised(x.transpose(1, 2)[..., None], "bn0", weights)[..., 0].transpose(1, 2)[:, None]
    for block in range(1, _BLOCKS + 1):
        for layer in (1, 2):
            name = f"conv_block{block}."
            x = conv2d(x, weights[f"{name}conv{layer}.weight"], padding=1)
            x = relu(_normalised(x, f"{name}bn{layer}", weights))
        x = x if block == _BLOCKS else avg_pool2d(x, 2)
    x = x.mean(3)
    return relu(linear(x.amax(2) + x.mean(2), weights["fc1.weight"], weights["fc1.bias"]))


def _normalised(x: Tensor, name: str, weights: dict[str, Tensor]) -> Tensor:
    mean, variance, scale, shift = (
        weights[f"{name}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")
    )
    return batch_norm(x, mean, variance, scale, shift)
