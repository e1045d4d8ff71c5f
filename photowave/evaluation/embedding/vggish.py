"""VGGish, Hershey et al. 2017, arXiv:1609.09430, in the layout of the package `torchvggish`.

Each window of 0.96 s gives a vector: the last linear layer, without the ReLU, PCA and rounding that some
releases add behind it. That is what toolkits for the Frechet audio distance take.
"""

import torch
from torch import Tensor
from torch.nn.functional import conv2d, linear, max_pool2d, relu

from photowave.evaluation.embedding.network import Embedding

_RATE, _WINDOW, _HOP, _TRANSFORM = 16_000, 400, 160, 512
_BANDS, _LOWEST_HZ, _HIGHEST_HZ = 64, 125.0, 7_500.0
_FRAMES = 96  # of a window
_CONVOLUTIONS = {0: True, 3: True, 6: False, 8: True, 11: False, 13: True}
"""Number of each layer, and whether its output is pooled."""


def vggish(weights: dict[str, Tensor]) -> Embedding:
    """Make the embedding; KeyError where a tensor is missing."""
    wanted = [f"features.{number}" for number in _CONVOLUTIONS] + [f"embeddings.{n}" for n in (0, 2, 4)]
    layers = {name: (weights[f"{name}.weight"], weights[f"{name}.bias"]) for name in wanted}

    def embed(samples: Tensor) -> Tensor:
        windows = log_mel(samples).unfold(1, _FRAMES, _FRAMES).transpose(2, 3)
        x = windows.flatten(0, 1)[:, None]
        for number, pooled in _CONVOLUTIONS.items():
            x = relu(conv2d(x, *layers[f"features.{number}"], padding=1))
            x = max_pool2d(x, 2) if pooled else x
        x = x.permute(0, 2, 3, 1).flatten(1)
        for number in (0, 2, 4):
            x = linear(x, *layers[f"embeddings.{number}"])
            x = x if number == 4 else relu(x)
        return x.reshape(*windows.shape[:2], -1)

    return Embedding("VGGish, a vector per 0.96 s before its last ReLU", _RATE, embed)


def log_mel(samples: Tensor) -> Tensor:
    """Log of the magnitudes in 64 mel bands, [sounds, frames, bands], at 16 kHz and 100 frames a second."""
    frames = samples.unfold(1, _WINDOW, _HOP) * torch.hann_window(_WINDOW)
    return torch.log(torch.fft.rfft(frames, n=_TRANSFORM).abs() @ _mel_filters() + 0.01)


def _mel_filters() -> Tensor:
    """Triangles with straight sides over mel, not over Hz, [bins, bands]; nothing at 0 Hz."""
    hertz = torch.linspace(0.0, _RATE / 2, _TRANSFORM // 2 + 1, dtype=torch.float64)
    bins = _mel(hertz)[:, None]
    low, high = _mel(torch.tensor([_LOWEST_HZ, _HIGHEST_HZ], dtype=torch.float64)).tolist()
    edges = torch.linspace(low, high, _BANDS + 2, dtype=torch.float64)
    lower, centre, upper = edges[:-2], edges[1:-1], edges[2:]
    rising, falling = (bins - lower) / (centre - lower), (upper - bins) / (upper - centre)
    filters = torch.minimum(rising, falling).clamp_min(0.0)
    filters[0] = 0.0
    return filters.float()


def _mel(hertz: Tensor) -> Tensor:
    return 1127.0 * torch.log1p(hertz / 700.0)
