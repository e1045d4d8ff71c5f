"""Regions of a frame's bands, and how a frame is brought to the power that each of them shall have."""

import math

import torch
from torch import Tensor, nn

LEAST_REGION_POWER = 1e-20
"""Power of a region that counts as nothing."""


class PowerRegions(nn.Module):
    """Neighbouring bands of a frame, together about as wide everywhere for the ear.

    Widths are equal in numbers of equivalent rectangular bandwidths (Glasberg and Moore 1990, "Derivation of
    auditory filter shapes from notched-noise data", Hearing Research 47). Low down, where these are narrower
    than a band, a band is a region by itself; so there may be fewer regions than were asked for.

    Args:
        count: Regions that are asked for.
        bands: Bands of a frame, evenly spaced from 0 to half the sample rate.
        sample_rate: In Hz.

    Attributes:
        count: Regions that there are.
        index: The region of each band, int64 [bands].
    """

    index: Tensor

    def __init__(self, count: int, *, bands: int, sample_rate: int):
        super().__init__()
        hz = (torch.arange(bands, dtype=torch.float64) + 0.5) * sample_rate / (2 * bands)
        place = torch.log10(1 + 0.00437 * hz)
        place = (place - place[0]) / (place[-1] - place[0]).clamp_min(math.ulp(1.0))
        wanted = (place * count).long().clamp_max(count - 1)
        self.register_buffer("index", torch.unique(wanted, return_inverse=True)[1], persistent=False)
        self.count = int(self.index[-1]) + 1

    def power(self, frames: Tensor) -> Tensor:
        """Sum of the squares in each region of frames [..., bands], [..., regions]."""
        power = frames.new_zeros(*frames.shape[:-1], self.count)
        return power.index_add_(-1, self.index, frames.square())

    def hold(self, frames: Tensor, spreads: Tensor, log_power: Tensor) -> tuple[Tensor, Tensor]:
        """Bring each region to a power, whatever chance has given it.

        ::

            drawn  . | : . |          power 3  8          held  . | : . |
                   region 1  2   -->  shall be 6  8  -->        twice  as it was

        A frame of noise that has the right power only on average adds its own flicker to what flickers
        already: recordings that are taken apart and put together so are told from themselves. Held, the sum
        is right in every frame, and chance has only the bands inside a region.

        Args:
            frames: That were drawn, [..., bands].
            spreads: With which, [..., bands].
            log_power: Logarithm of the power of each region, [..., regions].

        Returns:
            Both, multiplied region by region: the frames so that they have this power, the spreads so that
            they have it on average.
        """
        wanted = log_power.to(frames).exp()

        def factor(numbers: Tensor) -> Tensor:
            return (wanted / self.power(numbers).clamp_min(LEAST_REGION_POWER)).sqrt()[..., self.index]

        return frames * factor(frames), spreads * factor(spreads)
