"""The logistic distribution: the probability of an interval without loss of precision, and its fit."""

import math

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid


def logistic_log_mass(lower: Tensor, upper: Tensor, *, scale: Tensor) -> Tensor:
    """Natural logarithm of the probability that a logistic variable around 0 falls between two bounds.

    The difference of two sigmoids cancels where the interval is narrow or far out. Written as a product it
    does not: sigmoid(b) - sigmoid(a) = sigmoid(b) * sigmoid(-a) * (1 - exp(a - b)). Bounds may be infinite
    where no gradient is needed; the standard deviation is scale * pi / sqrt(3).
    """
    width = (upper - lower) / scale
    return logsigmoid(upper / scale) + logsigmoid(-lower / scale) + torch.log(-torch.expm1(-width))


def fit_logistic_scale(errors: Tensor, *, lowest: float) -> float:
    """Find the scale of greatest likelihood of a logistic distribution around 0.

    It is the s at which the mean of z tanh(z / 2), z = error / s, is 1: Newton's method on the logarithm of
    that mean over log(s), which is nearly a straight line. It does not go below `lowest`, however small the
    errors [count].
    """
    scale = max(lowest, float(errors.abs().mean()) / (2 * math.log(2)))
    for _ in range(50):
        z = errors / scale
        half = torch.tanh(z / 2)
        mean = float((z * half).mean())
        if mean == 0.0:
            return lowest
        slope = float((z * half + z.square() / 2 * (1 - half.square())).mean()) / mean
        factor = mean ** (1 / slope)
        scale = max(lowest, scale * factor)
        if scale == lowest or abs(factor - 1) < 1e-9:
            break
    return scale
