"""Texture statistics: what a listener keeps of a sound that goes on and on, such as rain.

After McDermott and Simoncelli, "Sound Texture Perception via Statistics of the Auditory Periphery", Neuron
71, 926-940, 2011: sounds made to share these statistics with a recording are often heard as the same texture.
"""

import math

import torch
from torch import Tensor, nn

from photowave.evaluation.features.cochlea import ENVELOPE_RATE, Cochlea

FAMILIES = ("marginals", "correlations", "modulation")
"""The kinds of statistics."""

_BANDS = 30
_MODULATION_BANDS = 20
_LOWEST_MODULATION_HZ = 0.5
# An envelope whose spread is less than this share of its mean counts as steady.
_STEADY = 1e-3
_SHORTEST_TRANSFORM = 4096
# How much field recordings differ in each statistic, as `vectors` writes it: standard deviation over 50 of
# them from ten scenes, 5 s at 16 kHz and -20 dBFS, rounded. Constants, so that figures of different data
# can be compared.
_MARGINAL_SCALES = (0.08, 0.06, 0.5, 0.4)
_CORRELATION_SCALE = 0.18
_MODULATION_SCALE = 0.07


class TextureModelStatistics(nn.Module):
    """Statistics of the compressed envelopes of 30 ERB-spaced bands.

    Of the families in the paper, three are taken: the moments of each envelope, the correlations between the
    envelopes, and the power of their modulations. Every sound has finite statistics, silence too: an envelope
    that does not move has no variance, no skewness, a kurtosis of 1 (the least there is) and no modulation;
    it correlates with others that do not move (1), and not with those that do (0).

    Sounds of different rates have different bands and cannot be compared. `centres_hz` [bands] and
    `modulation_hz` [mods] are the centres of the bands, those of the modulations from 0.5 to 200 Hz.
    """

    def __init__(self, *, sample_rate: int) -> None:
        super().__init__()
        self._cochlea = Cochlea(sample_rate=sample_rate, bands=_BANDS)
        self.centres_hz = self._cochlea.centres_hz
        self.modulation_hz = torch.logspace(
            math.log10(_LOWEST_MODULATION_HZ),
            math.log10(ENVELOPE_RATE / 2),
            _MODULATION_BANDS,
            dtype=torch.float64,
        )

    def forward(self, samples: Tensor) -> dict[str, Tensor]:
        """Measure sounds [batch, time] that `measure_health` lets pass, each by itself, in float64.

        Gives `marginals` [batch, bands, 4]: mean, variance over squared mean, skewness and kurtosis (a normal
        distribution has 3) of each envelope over time. `correlations` [batch, bands, bands]: between the
        envelopes of two bands. `modulation` [batch, bands, mods]: power of the envelope in octave-wide bands
        as a share of its variance; the bands overlap, so that the shares add up to more than 1.
        """
        envelopes = self._cochlea.envelopes(samples)
        mean = envelopes.mean(dim=-1, keepdim=True)
        least = (_STEADY * mean[..., 0]).square()
        moving = envelopes - mean
        variance = moving.square().mean(dim=-1)
        marginals = [
            mean[..., 0],
            variance / mean[..., 0].square(),
            moving.pow(3).mean(dim=-1) / (variance + least).pow(1.5),
            (moving.pow(4).mean(dim=-1) + least.square()) / (variance.square() + least.square()),
        ]
        # As if a wobble too small to count were common to all: it decides only where nothing else moves.
        wobble = least.sqrt()
        covariance = (
            moving @ moving.transpose(1, 2) / envelopes.shape[-1] + wobble[:, :, None] * wobble[:, None]
        )
        spread = (variance + least).sqrt()
        correlations = covariance / (spread[:, :, None] * spread[:, None])
        return {
            "marginals": torch.stack(marginals, dim=-1),
            "correlations": correlations,
            "modulation": self._modulation(envelopes, least),
        }

    def _modulation(self, envelopes: Tensor, least: Tensor) -> Tensor:
        """Shares of the variance under a Hann window: without it a slow drift leaks into every band."""
        frames = envelopes.shape[-1]
        window = torch.hann_window(frames + 1, dtype=torch.float64, device=envelopes.device)[1:]
        window = window / window.square().sum().sqrt()
        mean = (envelopes * window).sum(dim=-1, keepdim=True) / window.sum()
        # Longer than the sound, so that the lowest band holds bins however short that is.
        length = max(_SHORTEST_TRANSFORM, 1 << (frames - 1).bit_length())
        spectrum = torch.fft.rfft((envelopes - mean) * window, n=length)
        # Twice for both signs of frequency: by Parseval's theorem the sum over bins is then the variance.
        power = 2 * torch.view_as_real(spectrum).square().sum(dim=-1)[..., 1:] / length
        frequency = torch.arange(1, length // 2 + 1, dtype=torch.float64, device=envelopes.device)
        frequency = frequency * ENVELOPE_RATE / length
        octaves = torch.log2(frequency[:, None] / self.modulation_hz.to(envelopes.device))
        # Half a cycle of a cosine, two octaves from zero to zero, one between the points of half power.
        filters = torch.cos(math.pi / 2 * octaves.clamp(-1.0, 1.0)).square()
        return power @ filters / (power.sum(dim=-1) + least)[..., None]


def vectors(stats: dict[str, Tensor]) -> dict[str, Tensor]:
    """Write each family as one vector per sound; the length of a difference is its root mean square.

    Values with long tails are drawn in first: square root of variance / mean^2, inverse hyperbolic sine of
    the skewness, logarithm of the kurtosis, square root of the modulation power. Then each is divided by the
    standard deviation it has among field recordings (a constant per kind of statistic), and each family by
    the square root of its number of values. Of the correlations, each pair of bands counts once. Two field
    recordings that have nothing to do with each other are 1.2 to 1.5 apart in each family on average.
    """
    mean, variance, skewness, kurtosis = stats["marginals"].unbind(dim=-1)
    marginals = (mean, variance.sqrt(), skewness.asinh(), kurtosis.log())
    bands = stats["correlations"].shape[-1]
    first, second = torch.triu_indices(bands, bands, offset=1, device=mean.device)
    scaled = {
        "marginals": torch.cat([v / scale for v, scale in zip(marginals, _MARGINAL_SCALES, strict=True)], 1),
        "correlations": stats["correlations"][:, first, second] / _CORRELATION_SCALE,
        "modulation": stats["modulation"].sqrt().flatten(1) / _MODULATION_SCALE,
    }
    return {family: part / math.sqrt(part.shape[1]) for family, part in scaled.items()}
