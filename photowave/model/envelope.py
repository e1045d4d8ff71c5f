"""Slow shape: a second, coarser WaveNet over the spectral envelope, and how the decoder is told of it."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from photowave.config import ModelConfig
from photowave.wavenet import MixtureOutput, WaveNet
from photowave.wavenet.track import interpolate

_STILL = 1e-3  # nepers


class EnvelopeClip(NamedTuple):
    """The envelope around a clip of sound; with a leading batch axis, those of several."""

    spectra: Tensor
    """Log-mel spectra at the knots around the clip, [knots, mels]; no knots where there is no envelope."""
    place: Tensor
    """Where the clip starts, counted in knots from the first of these, float []."""
    stretch: Tensor
    """Log-mel spectra of a longer stretch around the clip, [steps, mels]."""
    known: Tensor
    """Which steps of the stretch are there; the others do not count, bool [steps]."""


class EnvelopeStack(nn.Module):
    """How the spectrum moves, some steps a second: waves that roll in, birds that call, cars that pass.

    The decoder sees back a fraction of a second and is told one vector for the whole sound. What takes longer
    is drawn here, by a WaveNet of its own whose frames are the principal components of the log-mel spectrum.
    It is conditioned on the same vector. Each of its frames is a knot: added to the vector, it conditions the
    decoder at its place (coarse to fine, as in the hierarchies of Mehri et al. 2017, "SampleRNN",
    arXiv:1612.07837; the mel spectrum as local conditioning after Shen et al. 2018, arXiv:1712.05884).

    Args:
        wavenet: The coarser WaveNet; its output is a mixture over frames of the components.
        mels: Bands of the log-mel spectrum.
        components: Principal components that are kept.
        channels: Length of the conditioning vector.
        knots_per_s: Steps per second.

    Attributes:
        knots_per_s: Steps per second.
    """

    SPREAD = 0.25
    """Standard deviation of each component over the training recordings: far inside what can be drawn."""

    mean: Tensor
    basis: Tensor

    def __init__(self, wavenet: WaveNet, *, mels: int, components: int, channels: int, knots_per_s: float):
        super().__init__()
        assert isinstance(wavenet.output, MixtureOutput)
        self.wavenet = wavenet
        wavenet.output.scale.fill_(self.SPREAD)
        self.knots_per_s = knots_per_s
        self.network = nn.Sequential(
            nn.Linear(components, 2 * channels), nn.ReLU(), nn.Linear(2 * channels, channels)
        )
        self.register_buffer("mean", torch.zeros(mels))
        self.register_buffer("basis", torch.zeros(mels, components))

    @torch.no_grad()
    def fit(self, spectra: Tensor) -> None:
        """Find the principal components.

        Args:
            spectra: Log-mel spectra of the training recordings, [knots, mels].
        """
        self.mean.copy_(spectra.mean(0))
        centred = (spectra - self.mean).double()
        _, values, axes = torch.linalg.svd(centred, full_matrices=False)
        count = min(self.basis.shape[1], len(values))
        spreads = values[:count] / len(spectra) ** 0.5
        # A direction in which nothing moves stays still instead of growing out of rounding noise.
        moving = spreads > _STILL
        self.basis.zero_()
        self.basis[:, :count] = axes[:count].t() * torch.where(moving, self.SPREAD / spreads, 0.0)

    def frames(self, spectra: Tensor) -> Tensor:
        """Bring log-mel spectra [..., mels] into components [..., components]."""
        return (spectra - self.mean) @ self.basis

    def knots(self, vector: Tensor, frames: Tensor) -> Tensor:
        """Make the track that the decoder follows.

        Args:
            vector: Conditioning vectors, [batch, channels].
            frames: Components at each knot, [batch, knots, components].

        Returns:
            [batch, knots, channels].
        """
        moved: Tensor = self.network(frames / self.SPREAD)
        return vector[:, None] + moved

    def track(self, vector: Tensor, frames: Tensor, places: Tensor) -> Tensor:
        """Read the track between its knots.

        Args:
            vector: Conditioning vectors, [batch, channels].
            frames: Components at each knot, [batch, knots, components].
            places: Where to read, counted in knots, [batch, time].

        Returns:
            [batch, time, channels].
        """
        return interpolate(self.knots(vector, frames), places)

    def bits(self, vector: Tensor, clip: EnvelopeClip, *, history: Tensor | None = None) -> Tensor:
        """Score the stretches of clips.

        Args:
            vector: Conditioning vectors, [batch, channels].
            clip: A batch of envelopes.
            history: Components that the network sees instead of those before, such as noisy ones,
                [batch, steps, components].

        Returns:
            Bits per step that a stretch costs, counted as if components were 16-bit samples: only differences
            mean something, [batch].
        """
        log2_prob = self.wavenet.score(self.frames(clip.stretch), vector, history=history)
        return -(log2_prob * clip.known).sum(1) / clip.known.sum(1).clamp_min(1)


def build_envelope(config: ModelConfig, *, knots_per_s: float) -> EnvelopeStack:
    """Make the coarser stack that the settings describe."""
    envelope, channels = config.envelope, config.conditioning.channels
    stack = envelope.wavenet
    wavenet = WaveNet(
        output=MixtureOutput(bands=envelope.components, mixtures=stack.mixtures),
        residual_channels=stack.residual_channels,
        gate_channels=stack.gate_channels,
        skip_channels=stack.skip_channels,
        dilations=stack.dilations,
        conditioning_channels=channels,
    )
    return EnvelopeStack(
        wavenet,
        mels=config.audio.texture_mels,
        components=envelope.components,
        channels=channels,
        knots_per_s=knots_per_s,
    )
