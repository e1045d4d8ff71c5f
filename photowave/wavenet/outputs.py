"""Distributions of the next frame: how it enters the network, is scored and is drawn.

All scores are log2 of the probability of one 16-bit PCM step, so that outputs of every kind compare. Drawing
is inverse-transform sampling from given uniform numbers: same numbers, same frame, on every path.
"""

import math
from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor, nn

from photowave.audio.mulaw import level_log2_widths

PCM_STEP = 2.0**-15
"""Width of one 16-bit step for samples in -1 to 1."""
FRAME_BOUND = 4.0
"""Most that a drawn band sample may be: far above any sound, low enough to keep a free run finite."""


class OutputDistribution(nn.Module, ABC):
    """What a WaveNet needs to know about a frame; see CONTRIBUTING for how to add one."""

    channels: int
    """Parameters per frame."""
    raw_channels: int
    """Numbers per frame that the network gives for them."""
    uniforms: int
    """Uniform random numbers that drawing one frame uses up."""
    usual_size: int = 0
    """Numbers at the end of the conditioning vector that are told the distribution itself, `usual` below."""

    @abstractmethod
    def embedding(self, channels: int) -> nn.Module:
        """Make the layer that turns `network_input` into [..., channels]."""

    @abstractmethod
    def network_input(self, frames: Tensor, usual: Tensor | None = None) -> Tensor:
        """Bring frames into the form that the embedding takes; for `usual` see `recall`."""

    @abstractmethod
    def log2_prob(self, parameters: Tensor, frames: Tensor) -> Tensor:
        """Score frames.

        Args:
            parameters: [..., channels].
            frames: Levels [...] or band frames [..., bands].

        Returns:
            Log2 probability of each frame, summed over its samples, [...].
        """

    def recall(
        self, frames: Tensor, usual: Tensor | None = None, *, memory: Any = None
    ) -> tuple[Tensor | None, Any]:
        """Tell what the distribution itself keeps of the frames before each one.

        Args:
            frames: Levels [time, batch] or band frames [time, batch, bands].
            usual: What the conditioning tells, [time or 1, batch, usual_size]; None where that is nothing.
            memory: What was left by the frames before these; None: there were none.

        Returns:
            What `complete` takes, [time, batch, ...], or None; and what the next frames need.
        """
        return None, None

    def complete(self, raw: Tensor, recalled: Tensor | None, usual: Tensor | None = None) -> Tensor:
        """Make parameters [..., channels] of what the network gives [..., raw_channels]; see `recall`."""
        return raw

    def sharpened(self, parameters: Tensor, usual: Tensor | None) -> Tensor:
        """Make of parameters [..., channels] those that sounds are drawn with; `usual` as in `complete`."""
        return parameters

    def chance(self, uniforms: Tensor) -> Tensor:
        """Bring uniform numbers in (0, 1) into the form that `sample` takes, [..., uniforms]."""
        return uniforms

    @abstractmethod
    def sample(self, parameters: Tensor, chance: Tensor, *, temperature: float) -> Tensor:
        """Draw frames.

        Args:
            parameters: [..., channels].
            chance: What `chance` made of uniform numbers, [..., uniforms].
            temperature: Below 1 draws nearer to the most likely, above 1 farther.

        Returns:
            Levels [...] or band frames [..., bands].
        """


class SoftmaxOutput(OutputDistribution):
    """Categorical over mu-law levels, van den Oord et al. 2016, sec. 2.2.

    Args:
        levels: Number of mu-law levels.
    """

    log2_widths: Tensor

    def __init__(self, *, levels: int):
        super().__init__()
        self.channels = self.raw_channels = levels
        self.uniforms = 1
        self.register_buffer("log2_widths", level_log2_widths(levels=levels), persistent=False)

    def embedding(self, channels: int) -> nn.Module:
        """One row per level: the product with a one-hot vector, without the zeros."""
        table = nn.Embedding(self.channels, channels)
        nn.init.normal_(table.weight, std=0.5)
        return table

    def network_input(self, frames: Tensor, usual: Tensor | None = None) -> Tensor:
        """Levels enter as they are."""
        return frames

    def log2_prob(self, parameters: Tensor, frames: Tensor) -> Tensor:
        """Probability of the level, spread evenly over the 16-bit steps inside it; see the base class."""
        nats = nn.functional.cross_entropy(
            parameters.reshape(-1, self.channels), frames.reshape(-1), reduction="none"
        )
        return (nats / -math.log(2)).view(frames.shape) - self.log2_widths[frames]

    def sample(self, parameters: Tensor, chance: Tensor, *, temperature: float) -> Tensor:
        """First level at which the cumulated probability exceeds the uniform number."""
        return draw_component(parameters, chance, temperature=temperature)


class BandOutput(OutputDistribution):
    """A distribution of frames of numbers, one for each band.

    Attributes:
        bands: Samples per frame.
        scale: How large each band usually is, [bands]; measured before training.
    """

    bands: int
    scale: Tensor


class MixtureOutput(BandOutput):
    """Mixture of logistics over a whole frame: one component is drawn for all bands together.

    After Salimans et al. 2017, "PixelCNN++", arXiv:1701.05517, with the density in place of the difference of
    cumulative probabilities, and scales no smaller than a quarter of a 16-bit step, at which both agree.

    Args:
        bands: Samples per frame.
        mixtures: Components.
    """

    def __init__(self, *, bands: int, mixtures: int):
        super().__init__()
        self.bands = bands
        self.mixtures = mixtures
        self.channels = self.raw_channels = mixtures * (1 + 2 * bands)
        self.uniforms = 1 + bands
        self.register_buffer("scale", torch.full((bands,), 0.1))

    def embedding(self, channels: int) -> nn.Module:
        """A linear map of the frame."""
        return nn.Linear(self.bands, channels, bias=False)

    def network_input(self, frames: Tensor, usual: Tensor | None = None) -> Tensor:
        """Bring each band to unit level."""
        return frames / self.scale

    def split(self, parameters: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Take the parameters apart.

        Args:
            parameters: [..., channels].

        Returns:
            Logits [..., mixtures], means and log scales in signal units, [..., mixtures, bands] each.
        """
        size = self.mixtures * self.bands
        logits, means, log_scales = torch.split(parameters, [self.mixtures, size, size], -1)
        shape = (self.mixtures, self.bands)
        floor = math.log(PCM_STEP / 4)
        log_scales = (torch.unflatten(log_scales, -1, shape) + self.scale.log()).clamp_min(floor)
        return logits, torch.unflatten(means, -1, shape) * self.scale, log_scales

    def log2_prob(self, parameters: Tensor, frames: Tensor) -> Tensor:
        """Density of the frame times the volume of one 16-bit step in every band; see the base class."""
        logits, means, log_scales = self.split(parameters)
        distance = (frames.unsqueeze(-2) - means) * torch.exp(-log_scales)
        density = -distance - log_scales - 2 * nn.functional.softplus(-distance)
        joint = torch.log_softmax(logits, -1) + density.sum(-1)
        return (torch.logsumexp(joint, -1) + self.bands * math.log(PCM_STEP)) / math.log(2)

    def chance(self, uniforms: Tensor) -> Tensor:
        """Standard logistic numbers for the bands, by inverting their distribution; see the base class."""
        u = uniforms[..., 1:]
        return torch.cat([uniforms[..., :1], torch.log(u) - torch.log1p(-u)], -1)

    def sample(self, parameters: Tensor, chance: Tensor, *, temperature: float) -> Tensor:
        """Draw a component, then each band from its logistic; temperature sharpens both."""
        logits, means, log_scales = self.split(parameters)
        chosen = draw_component(logits, chance[..., :1], temperature=temperature)
        index = chosen[..., None, None].expand(*chosen.shape, 1, self.bands)
        mean = means.gather(-2, index).squeeze(-2)
        spread = log_scales.gather(-2, index).squeeze(-2).exp() * temperature
        return (mean + spread * chance[..., 1:]).clamp(-FRAME_BOUND, FRAME_BOUND)


def draw_component(logits: Tensor, uniform: Tensor, *, temperature: float) -> Tensor:
    """Index drawn with probability proportional to exp(logits / temperature), int64 [...].

    Args:
        logits: [..., components].
        uniform: In (0, 1), [..., 1].
        temperature: See `OutputDistribution.sample`.
    """
    weights = torch.exp((logits - logits.amax(-1, keepdim=True)) / temperature)
    cumulated = weights.cumsum(-1)
    return (cumulated <= uniform * cumulated[..., -1:]).sum(-1).clamp_max(logits.shape[-1] - 1)
