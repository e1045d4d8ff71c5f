"""Conditioning that changes with time: a few vectors, called knots, and straight lines between them."""

import torch
from torch import Tensor


def interpolate(knots: Tensor, positions: Tensor) -> Tensor:
    """Read a track at any places; before the first knot and after the last it is held.

    Local conditioning by linear upsampling, van den Oord et al. 2016, arXiv:1609.03499, sec. 2.5. From knots
    [batch, knots, channels] and positions [batch, time], counted in knots, to [batch, time, channels].
    """
    last = knots.shape[1] - 1
    positions = positions.clamp(0, last)
    lower = positions.floor().clamp_max(max(last - 1, 0)).long()
    share = (positions - lower).to(knots.dtype)[..., None]
    rows = torch.arange(len(knots), device=knots.device)[:, None]
    return torch.lerp(knots[rows, lower], knots[rows, (lower + 1).clamp_max(last)], share)
