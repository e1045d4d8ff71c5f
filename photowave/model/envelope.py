"""Slow shape: the spectral envelope, drawn by a coarser WaveNet or kept of recordings."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from photowave.settings import ModelConfig
from photowave.wavenet import MixtureOutput, PowerRegions, WaveNet
from photowave.wavenet.outputs import PCM_STEP
from photowave.wavenet.track import interpolate

_STILL = 1e-3  # nepers
_MOST = 2.0  # nepers by which the spread of a movement differs from the usual one
_RIDGE = 1e-3
_HALF_LOG_TAU = 0.5 * math.log(2 * math.pi)


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


class Envelope(nn.Module):
    """How the spectrum moves, some steps a second, and how the decoder is told of it.

    ::

        log-mel spectrum at each knot --> principal components --> network --> added to the vector
                                                       `---------> levels ---> added to what is usual

    The decoder sees back a fraction of a second and is told one vector for the whole sound. What takes longer
    is told knot by knot (coarse to fine, as in the hierarchies of Mehri et al. 2017, "SampleRNN",
    arXiv:1612.07837; the mel spectrum as local conditioning after Shen et al. 2018, arXiv:1712.05884).

    Args:
        mels: Bands of the log-mel spectrum.
        components: Principal components that are kept.
        channels: Length of the conditioning vector.
        knots_per_s: Steps per second.
        usual_size: Numbers at the end of that vector that are measured; see `Conditioner`. How the
            components move them is measured, too, and not learned.

    Attributes:
        knots_per_s: Steps per second.
        levels: What a component adds to each of the measured numbers, [usual_size, components].
    """

    SPREAD = 0.25
    """Standard deviation of each component over the training recordings: far inside what can be drawn."""

    mean: Tensor
    basis: Tensor
    levels: Tensor

    def __init__(self, *, mels: int, components: int, channels: int, knots_per_s: float, usual_size: int = 0):
        super().__init__()
        self.knots_per_s = knots_per_s
        learned = channels - usual_size
        self.network = nn.Sequential(
            nn.Linear(components, 2 * learned), nn.ReLU(), nn.Linear(2 * learned, learned)
        )
        self.register_buffer("mean", torch.zeros(mels))
        self.register_buffer("basis", torch.zeros(mels, components))
        self.register_buffer("levels", torch.zeros(usual_size, components))

    @torch.no_grad()
    def fit(self, spectra: Sequence[Tensor]) -> None:
        """Find the principal components; each recording counts alike.

        Args:
            spectra: Log-mel spectra of each training recording, [knots, mels].
        """
        mean = torch.stack([s.double().mean(0) for s in spectra]).mean(0)
        self.mean.copy_(mean)
        covariance = torch.stack([(s - mean).t() @ (s - mean) / len(s) for s in spectra]).mean(0)
        variances, axes = torch.linalg.eigh(covariance)
        count = min(self.basis.shape[1], len(variances))
        spreads = variances.flip(0)[:count].clamp_min(0).sqrt()
        # A direction in which nothing moves stays still instead of growing out of rounding noise.
        moving = spreads > _STILL
        self.basis.zero_()
        self.basis[:, :count] = axes.flip(1)[:, :count] * torch.where(moving, self.SPREAD / spreads, 0.0)

    def frames(self, spectra: Tensor) -> Tensor:
        """Bring log-mel spectra [..., mels] into components [..., components]."""
        return (spectra - self.mean) @ self.basis

    def spectra(self, frames: Tensor) -> Tensor:
        """Bring components [..., components] back into log-mel spectra [..., mels], as near as they tell."""
        inverse: Tensor = torch.linalg.pinv(self.basis)
        return frames @ inverse + self.mean

    def knots(self, vector: Tensor, frames: Tensor) -> Tensor:
        """Make the track that the decoder follows.

        Args:
            vector: Conditioning vectors, [batch, channels].
            frames: Components at each knot, [batch, knots, components].

        Returns:
            [batch, knots, channels].
        """
        moved = torch.cat([self.network(frames / self.SPREAD), self.moved_levels(frames)], -1)
        return vector[:, None] + moved

    def moved_levels(self, frames: Tensor) -> Tensor:
        """What components [..., components] add to the measured numbers, [..., usual_size]."""
        return F.linear(frames, self.levels)

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
        """What stretches of clips cost a coder that knows no more than the spread of each component.

        Args:
            vector: Conditioning vectors, [batch, channels].
            clip: A batch of envelopes.
            history: Not looked at.

        Returns:
            Bits per step, counted as if components were 16-bit samples, [batch].
        """
        unit = self.frames(clip.stretch) / self.SPREAD
        nats = 0.5 * unit.square() + math.log(self.SPREAD / PCM_STEP) + _HALF_LOG_TAU
        return (nats.sum(-1) / math.log(2) * clip.known).sum(1) / clip.known.sum(1).clamp_min(1)


class EnvelopeStack(Envelope):
    """An envelope that is drawn: waves that roll in, birds that call, cars that pass.

    It is drawn by a WaveNet of its own whose frames are the components. This one is conditioned on the same
    vector, which also tells mean and spread of each component; the WaveNet draws how they move about that
    mean. So its past does not tell where they are, and cannot replace the
    conditioning.

    Args:
        wavenet: The coarser WaveNet; its output is a mixture over frames of the components.
        **sizes: See `Envelope`.

    Attributes:
        correction: See `correct`, [2 * components, channels + 1]; zeros correct nothing.
    """

    correction: Tensor

    def __init__(self, wavenet: WaveNet, **sizes: Any):
        super().__init__(**sizes)
        assert isinstance(wavenet.output, MixtureOutput)
        self.wavenet = wavenet
        wavenet.output.scale.fill_(self.SPREAD)
        channels, components = sizes["channels"], sizes["components"]
        self.moments = nn.Linear(channels, 2 * components)
        nn.init.zeros_(self.moments.weight)
        nn.init.zeros_(self.moments.bias)
        self.register_buffer("correction", torch.zeros(2 * components, channels + 1))

    def expected(self, vector: Tensor) -> tuple[Tensor, Tensor]:
        """Tell mean and spread of the components from the conditioning.

        Args:
            vector: Conditioning vectors, [batch, channels].

        Returns:
            The mean [batch, 1, components] and what movements about it are multiplied by, of the same shape,
            between exp(-2) and exp(2).
        """
        return self._read(self.moments(vector))

    def drawn(self, vector: Tensor) -> tuple[Tensor, Tensor]:
        """The same for free runs, corrected by what they were found to miss after training.

        Left to itself, the WaveNet moves less than it was taught to: a past with noise in it is trusted less.

        Args:
            vector: Conditioning vectors, [batch, channels].

        Returns:
            As `expected`.
        """
        return self._read(
            self.moments(vector) + F.linear(vector, self.correction[:, :-1], self.correction[:, -1])
        )

    @staticmethod
    def _read(moments: Tensor) -> tuple[Tensor, Tensor]:
        mean, spread = moments[:, None].chunk(2, -1)
        return mean, (_MOST * torch.tanh(spread / _MOST)).exp()

    @torch.no_grad()
    def correct(
        self, vectors: Tensor, movements: Tensor, *, mean: Tensor, spread: Tensor, weights: Tensor
    ) -> None:
        """Find the correction by ridge regression on the conditioning vectors.

        Args:
            vectors: Conditioning vectors of stretches of recordings, [stretches, channels].
            movements: What free runs for these vectors drew, [stretches, steps, components].
            mean: Mean of each component in these stretches, [stretches, components].
            spread: Standard deviation of each component in them, [stretches, components].
            weights: How much each stretch counts, [stretches].
        """
        mean, spread = mean.double(), spread.clamp_min(_STILL).double()
        drawn_spread = movements.std(1, correction=0).clamp_min(_STILL).double()
        inputs = torch.cat([vectors, torch.ones_like(vectors[:, :1])], 1).double()
        share = (weights / weights.sum()).double()[:, None]
        ridge = _RIDGE * torch.eye(inputs.shape[1], dtype=inputs.dtype, device=inputs.device)
        ridge[-1, -1] = 0.0
        gram = inputs.t() @ (share * inputs) + ridge
        moments = self.moments(vectors).double()
        count = mean.shape[1]
        nearly = 0.95 * _MOST
        wanted = _MOST * torch.atanh((spread / drawn_spread).log().clamp(-nearly, nearly) / _MOST)
        of_spread = torch.linalg.solve(gram, inputs.t() @ (share * (wanted - moments[:, count:])))
        told = (_MOST * torch.tanh((moments[:, count:] + inputs @ of_spread) / _MOST)).exp()
        missing = mean - told * movements.double().mean(1) - moments[:, :count]
        of_mean = torch.linalg.solve(gram, inputs.t() @ (share * missing))
        self.correction.copy_(torch.cat([of_mean, of_spread], 1).t())

    @staticmethod
    def bounded(spread: Tensor) -> Tensor:
        """Keep what movements are multiplied by within what `expected` can tell."""
        return spread.clamp(math.exp(-_MOST), math.exp(_MOST))

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
        mean, spread = self.expected(vector)
        frames = (self.frames(clip.stretch) - mean) / spread
        past = None if history is None else (history - mean) / spread
        log2_prob = self.wavenet.score(frames, vector, history=past) - spread.log2().sum(-1)
        return -(log2_prob * clip.known).sum(1) / clip.known.sum(1).clamp_min(1)


class KeptEnvelopes(Envelope):
    """Envelopes of recordings that are kept, a stretch for each texture of the codebook.

    A sound follows pieces of one stretch, one after the other in an order left to chance; see
    `generation.kept_sampler`. Only some numbers are kept, so many times a second, of how loud the sound is
    where in its spectrum: no sample of a recording.

    Args:
        entries: Textures in the codebook.
        knots: Steps of each stretch.
        frames: Frames of the decoder in a stretch.
        regions: Of each frame, whose power is kept, too; None keeps none.
        **sizes: See `Envelope`.
    """

    NEPERS_PER_STEP = math.log(10) * 0.075
    """Powers are kept in steps of 0.75 dB: from -95 to 95 dB beside a single sample at full scale."""
    STEPS_PER_SPREAD = 32
    """In so many steps a standard deviation is kept: four of them fit into a byte, either side of none."""

    stretches: Tensor
    known: Tensor
    powers: Tensor

    def __init__(
        self,
        *,
        entries: int,
        knots: int,
        frames: int = 0,
        regions: PowerRegions | None = None,
        **sizes: Any,
    ):
        super().__init__(**sizes)
        components = self.basis.shape[1]
        self.regions = regions
        if regions is not None:
            self.register_buffer("powers", torch.zeros(entries, frames, regions.count, dtype=torch.int8))
        self.register_buffer("stretches", torch.zeros(entries, knots, components, dtype=torch.int8))
        self.register_buffer("known", torch.ones(entries, dtype=torch.int64))

    @torch.no_grad()
    def keep(self, entry: int, spectra: Tensor) -> None:
        """Keep a stretch for a texture.

        Args:
            entry: Which.
            spectra: Its log-mel spectra, [steps, mels]; those beyond the length of a stretch are left out.
        """
        steps = self.frames(spectra)[: self.stretches.shape[1]] * (self.STEPS_PER_SPREAD / self.SPREAD)
        self.known[entry] = len(steps)
        self.stretches[entry, : len(steps)] = steps.round().clamp(-127, 127).to(torch.int8)

    def stretch(self, entry: int) -> Tensor:
        """The components that were kept for a texture, [steps, components]."""
        kept = self.stretches[entry, : int(self.known[entry])].to(self.mean.dtype)
        return kept * (self.SPREAD / self.STEPS_PER_SPREAD)

    @torch.no_grad()
    def keep_powers(self, entry: int, frames: Tensor) -> None:
        """Keep the power of each region, frame by frame, beside a stretch that was kept.

        Args:
            entry: The texture.
            frames: Of its recording, from the beginning of the stretch on, [frames, bands].
        """
        assert self.regions is not None
        steps = self.regions.power(frames[: self.powers.shape[1]]).clamp_min(1e-20).log()
        steps = (steps / self.NEPERS_PER_STEP).round().clamp(-127, 127).to(torch.int8)
        # A stretch of a short recording may end within the frame after its last.
        self.powers[entry] = steps[torch.arange(self.powers.shape[1]).clamp_max(len(steps) - 1)]

    def log_powers(self, entry: int) -> Tensor | None:
        """Logarithms of the powers that were kept for a texture, [frames, regions]; None where none are."""
        if self.regions is None:
            return None
        frames, knots = self.powers.shape[1], self.stretches.shape[1]
        known = max(1, round(int(self.known[entry]) * frames / knots))
        return self.powers[entry, :known].to(self.mean.dtype) * self.NEPERS_PER_STEP

    @torch.no_grad()
    def level_powers(self, entry: int, level: float) -> None:
        """Raise or lower what was kept for a texture, to within half a step, so that it has a level.

        Args:
            entry: Which.
            level: Root mean square of the whole, in nepers beside full scale.
        """
        powers = self.log_powers(entry)
        assert powers is not None
        assert self.regions is not None
        now = powers.double().exp().sum(-1).mean() / len(self.regions.index)
        steps = round((2 * level - math.log(float(now))) / self.NEPERS_PER_STEP)
        self.powers[entry] = (self.powers[entry].to(torch.int16) + steps).clamp(-127, 127).to(torch.int8)


def build_envelope(config: ModelConfig, *, knots_per_s: float, usual_size: int = 0) -> Envelope:
    """Make the envelope that the settings describe, for a decoder whose output is told `usual_size`."""
    envelope = config.envelope
    sizes: dict[str, Any] = {
        "mels": config.audio.texture_mels,
        "components": envelope.components,
        "channels": config.conditioning.channels + usual_size,
        "knots_per_s": knots_per_s,
        "usual_size": usual_size,
    }
    if envelope.kind == "kept":
        kept_s, audio = envelope.kept_s, config.audio
        regions = (
            PowerRegions(envelope.regions, bands=audio.bands, sample_rate=audio.sample_rate)
            if envelope.regions
            else None
        )
        return KeptEnvelopes(
            entries=config.conditioning.codebook_size,
            knots=max(1, round(kept_s * knots_per_s)),
            frames=max(1, round(kept_s * audio.frame_rate)),
            regions=regions,
            **sizes,
        )
    stack = envelope.wavenet
    wavenet = WaveNet(
        output=MixtureOutput(bands=envelope.components, mixtures=stack.mixtures),
        residual_channels=stack.residual_channels,
        gate_channels=stack.gate_channels,
        skip_channels=stack.skip_channels,
        dilations=stack.dilations,
        conditioning_channels=sizes["channels"],
    )
    return EnvelopeStack(wavenet, **sizes)
