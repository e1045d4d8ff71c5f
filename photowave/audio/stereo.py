"""How wide a stereo recording is: its side beside its middle, from low to high frequencies."""

import math

import torch
from torch import Tensor

WIDTH_BANDS = 12
"""Bands, each as wide on a logarithmic scale, from 60 Hz to half the sample rate."""
_LOWEST_HZ = 60.0
_WINDOW_S = 0.023
_WIDEST = 1.5


def measure_width(channels: Tensor, *, sample_rate: int) -> Tensor:
    """Measure how strong the side is beside the middle.

    The middle is half the sum of both channels, the side half their difference: left = middle + side. Two
    channels without anything in common have a ratio of 1, two equal ones 0.

    Args:
        channels: Float, [2, time].
        sample_rate: In Hz.

    Returns:
        Ratio of the root mean squares, at most 1.5, [WIDTH_BANDS].
    """
    left, right = channels
    parts = torch.stack([left + right, left - right])
    length = 2 * round(_WINDOW_S * sample_rate / 2)
    window = torch.hann_window(length, dtype=parts.dtype)
    spectrum = torch.stft(parts, length, length // 2, window=window, return_complex=True, pad_mode="constant")
    power = torch.view_as_real(spectrum).square().sum(-1).mean(-1)
    band = width_band(torch.linspace(0, sample_rate / 2, power.shape[1]), sample_rate=sample_rate)
    middle, side = power.new_zeros(2, WIDTH_BANDS).index_add_(1, band, power) + 1e-12
    ratio: Tensor = (side / middle).sqrt()
    return ratio.clamp_max(_WIDEST)


def width_band(hz: Tensor, *, sample_rate: int) -> Tensor:
    """Band in which frequencies [...] lie, int64 [...]; what is lower than all counts to the lowest."""
    octaves = math.log2(sample_rate / 2 / _LOWEST_HZ)
    place = torch.log2(hz.clamp_min(1e-3) / _LOWEST_HZ) / octaves * WIDTH_BANDS
    return place.floor().long().clamp(0, WIDTH_BANDS - 1)
