"""How light and colours lie in a photo: a few plain numbers beside what a network sees.

A network that was trained to name things cares little whether the sky is dark or the ground white.
"""

import torch
from torch import Tensor, nn

COUNT = 72
"""Length of what `measure_colours` gives."""
_GRID, _SIDE, _HUES = 4, 64, 12
_OF_LIGHT = (0.05, 0.25, 0.5, 0.75, 0.95)
_OF_SATURATION = (0.25, 0.5, 0.75)


def measure_colours(pixels: Tensor) -> Tensor:
    """Measure photos.

    Args:
        pixels: Red, green and blue in 0 to 1, [batch, 3, height, width].

    Returns:
        [batch, COUNT]: means of red, green and blue on a grid of 4 by 4; quantiles of light and of
        saturation; how much of twelve hues there is, counted by how strong they are; and how far light, red,
        green and blue spread.
    """
    grid = nn.functional.adaptive_avg_pool2d(pixels, _GRID).flatten(1)
    small = nn.functional.adaptive_avg_pool2d(pixels, _SIDE).flatten(2)
    light = small.mean(1)
    value, least = small.amax(1), small.amin(1)
    strength = value - least  # saturation times value
    saturation = strength / value.clamp_min(1e-6)
    quantiles = [
        torch.quantile(values, torch.tensor(shares, device=pixels.device), dim=1).t()
        for values, shares in ((light, _OF_LIGHT), (saturation, _OF_SATURATION))
    ]
    place = (_hue(small, value, strength) * _HUES).long().clamp_max(_HUES - 1)
    hues = strength.new_zeros(len(small), _HUES).scatter_add_(1, place, strength) / strength.shape[1]
    spread = torch.cat([light.std(1)[:, None], small.std(2)], 1)
    return torch.cat([grid, *quantiles, hues, spread], 1)


def _hue(small: Tensor, value: Tensor, strength: Tensor) -> Tensor:
    """Hue of pixels [batch, 3, pixels] in turns from red by green to blue, 0 to 1, [batch, pixels]."""
    red, green, blue = small.unbind(1)
    step = strength.clamp_min(1e-6)
    of_blue = 4 + (red - green) / step
    of_green = 2 + (blue - red) / step
    of_red = ((green - blue) / step) % 6
    sixths = torch.where(value == red, of_red, torch.where(value == green, of_green, of_blue))
    return sixths / 6
