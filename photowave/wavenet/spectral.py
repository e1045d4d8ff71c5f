"""Distribution of a frame of many narrow bands: noise, whose power the network draws cell by cell."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from photowave.wavenet.outputs import FRAME_BOUND, PCM_STEP, BandOutput, draw_component

LEAST_POWER = 1e-5
"""Added to powers, in units of the scales, before their logarithm."""
BOUNDS = (-9.0, 4.0)
"""Softest and loudest that a cell can be: nepers from its scale."""
FIRST_BURST = (-2.0, 1.0)
"""Logit of a burst, and how loud it is before `softplus`, as training begins."""
DECAYS = (0.8, 0.97)
"""What a running mean of the power keeps from one frame to the next."""
FEATURES = 4 + len(DECAYS)
"""Numbers that tell how loud a cell was: see `SpectralOutput.recall`."""
MOST_GAIN = 0.95
"""Most that the gains of a cell add up to, signs aside: below 1, what is loud cannot feed itself."""
_FIRST_GAINS = (0.0, 0.3, 0.0, 0.0, 0.3, 0.2)
FAR = 0.7
"""Nepers by which a band may stand out and still be sharpened in full."""
AROUND = 17
"""Low bands, 0.7 kHz of 512 bands at 44.1 kHz, from which one stands out."""
_HEARD = 32  # groups of the low bands whose power enters beside them
_HALF_LOG_TAU = 0.5 * math.log(2 * math.pi)


@dataclass(frozen=True)
class SpectralMemory:
    """What is kept of the frames so far.

    Attributes:
        features: Of the last frame, [1, batch, cells, FEATURES].
        means: Running sums of the power, [DECAYS, batch, cells].
        frames: How many there were, []; or of each sound, [batch].
    """

    features: Tensor
    means: Tensor
    frames: Tensor


class SpectralOutput(BandOutput):
    """Mixture of Gaussians around zero over a frame of a lapped transform, with a component for all bands.

    ::

        band   0 ............. own - 1 | own ..................... bands - 1
        cell   each band by itself     | each of `groups` groups of bands

    Bands are so narrow, and frames so far apart, that the sign of a sample is chance: what matters is how
    loud each cell is. In narrow bands noise of the right power makes lines and calls (as in "NoiseBandNet" by
    Barahona-Rios and Collins 2023, arXiv:2307.08007); high up, a group of bands shares one power (after
    "perceptual noise substitution": Herre and Schulz, AES convention 104, 1998).

    The logarithm of the spread of each cell is told by three paths:

    ::

        vector -------------------------> usual: how loud each cell is, as a rule
             |
        past frames --> WaveNet -----> bias of each component and cell
             |             `---------> gains of each cell
             `--> how much louder than usual the cell and its neighbours were, just now and for longer
        log spread = usual + bias + sum of gains x loudness / 2, and in a burst more

    By the first the vector is heard from the start: else the past tells the level of each band so well that
    nothing is asked of the vector. By the last a call goes on, or glides into the next band, without a
    network that must learn it for each band anew. So it is an autoregression of each band's power, led by a
    WaveNet.

    Args:
        bands: Samples per frame.
        own: Low bands that are cells of their own; at least 2, at most `bands`.
        groups: Groups of the bands above, each as wide as a step of a geometric series.
        mixtures: Components.
        contrast: See `sharpened`.

    Attributes:
        cells: `own` and the groups.
    """

    group: Tensor
    size: Tensor
    heard: Tensor
    heard_size: Tensor
    first_gains: Tensor
    decays: Tensor
    smoothing: Tensor

    def __init__(self, *, bands: int, own: int, groups: int, mixtures: int, contrast: float = 1.0):
        super().__init__()
        assert 2 <= own <= bands
        self.bands, self.own, self.mixtures = bands, own, mixtures
        above = _group_index(bands - own, groups, widening=bands / own)
        group = torch.cat([torch.arange(own), own + above])
        self.cells = int(group[-1]) + 1
        self.raw_channels = mixtures + (mixtures + 2 + FEATURES) * self.cells
        self.channels = mixtures + (mixtures + 2) * self.cells
        self.uniforms = 1 + self.cells + bands
        heard = _group_index(own, _HEARD, widening=20.0)
        self.inputs = own + self.cells + int(heard[-1]) + 1
        self.usual_size = self.cells
        self.register_buffer("scale", torch.full((bands,), 0.1))
        self.register_buffer("group", group, persistent=False)
        self.register_buffer("size", torch.bincount(group).float(), persistent=False)
        self.register_buffer("heard", heard, persistent=False)
        self.register_buffer("heard_size", torch.bincount(heard).float(), persistent=False)
        self.register_buffer("first_gains", torch.tensor(_FIRST_GAINS), persistent=False)
        self.register_buffer("decays", torch.tensor(DECAYS), persistent=False)
        smoothing = nn.functional.avg_pool1d(torch.eye(own), AROUND, 1, AROUND // 2, count_include_pad=False)
        self.register_buffer("smoothing", smoothing, persistent=False)
        self.contrast = contrast

    def embedding(self, channels: int) -> nn.Module:
        """A linear map of what `network_input` gives."""
        return nn.Linear(self.inputs, channels, bias=False)

    def network_input(self, frames: Tensor, usual: Tensor | None = None) -> Tensor:
        """Log powers of bands, cells and groups of low bands, beside what is usual, [..., inputs].

        Args:
            frames: [..., bands].
            usual: Log spreads of cells, as `complete` takes them; None is 0.
        """
        power, near = self._powers(frames)
        told = torch.log(self._with_groups(power, near) + LEAST_POWER)
        return (told if usual is None else told - 2 * self._with_groups(usual, usual)) / 3

    def _with_groups(self, cells: Tensor, near: Tensor) -> Tensor:
        """Numbers of low bands, of all cells, and means over groups of low bands, [..., inputs]."""
        grouped = cells.new_zeros(*cells.shape[:-1], len(self.heard_size))
        grouped = grouped.index_add_(-1, self.heard, cells[..., : self.own]) / self.heard_size
        return torch.cat([cells[..., : self.own], near, grouped], -1)

    def loudness(self, frames: Tensor) -> Tensor:
        """Half the logarithm of each cell's power, of low ones as a mean with their neighbours, [..., cells].

        Its mean over frames [..., bands] of a sound is what is usual there.
        """
        return 0.5 * torch.log(self._powers(frames)[1] + LEAST_POWER)

    def _powers(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Power of each cell in units of the scales; and low ones as the mean with their neighbours."""
        unit = (frames / self.scale).square()
        sums = unit.new_zeros(*unit.shape[:-1], self.cells).index_add_(-1, self.group, unit)
        power = sums / self.size
        low = power[..., : self.own].reshape(-1, 1, self.own)
        near = nn.functional.avg_pool1d(low, 3, 1, 1, count_include_pad=False)
        return power, torch.cat([near.view(*power.shape[:-1], self.own), power[..., self.own :]], -1)

    def recall(
        self, frames: Tensor, usual: Tensor | None = None, *, memory: SpectralMemory | None = None
    ) -> tuple[Tensor, SpectralMemory]:
        """How much louder than usual each cell was before each frame.

        Args:
            frames: [time, batch, bands].
            usual: Log spreads of cells, [time or 1, batch, cells]; None is 0.
            memory: What was left by the frames before these; None: there were none.

        Returns:
            Logarithms of powers, [time, batch, cells, FEATURES]: of the cell in the last frame; as a mean
            with its neighbours; the same of the cell above and below; and running means of it. All are
            counted from what is usual in the cell. And what the next frames need.
        """
        power, near = self._powers(frames)
        if memory is None:
            memory = self.empty_memory(frames)
        time = len(frames)
        lag = torch.arange(time, device=frames.device)
        age = lag.to(near)[:, None, None] + 1
        lag = lag[:, None] - lag
        decays = self.decays[:, None, None]
        weights = torch.where(lag >= 0, (1 - decays) * decays ** lag.clamp_min(0).to(near), 0.0)
        decays = decays[..., None]
        means = torch.tensordot(weights, near, 1) + decays**age * memory.means[:, None]
        # One by one: a power of several numbers may round differently.
        parts = [1 - decays ** (age + frames) for frames in memory.frames.reshape(-1)]
        running = means / (parts[0] if len(parts) == 1 else torch.cat(parts, 2))
        loud = torch.log(torch.cat([torch.stack([power, near]), running]) + LEAST_POWER).movedim(0, -1)
        above = torch.cat([loud[..., 1:, 1], loud[..., -1:, 1]], -1)
        below = torch.cat([loud[..., :1, 1], loud[..., :-1, 1]], -1)
        features = torch.cat([loud[..., :2], torch.stack([above, below], -1), loud[..., 2:]], -1)
        if usual is not None:
            features = features - 2 * usual[..., None]
        after = SpectralMemory(features[-1:], means[:, -1], memory.frames + time)
        return torch.cat([memory.features, features[:-1]]), after

    def empty_memory(self, frames: Tensor) -> SpectralMemory:
        """What is kept before the first of frames [time, batch, bands]: all was as usual."""
        batch = frames.shape[1]
        return SpectralMemory(
            frames.new_zeros(1, batch, self.cells, FEATURES),
            frames.new_zeros(len(DECAYS), batch, self.cells),
            frames.new_zeros(()),
        )

    def complete(self, raw: Tensor, recalled: Tensor | None, usual: Tensor | None = None) -> Tensor:
        """Add what is recalled and what is usual to what the network says: see `split`, [..., channels]."""
        assert recalled is not None
        split = [self.mixtures, self.mixtures * self.cells, self.cells, self.cells, FEATURES * self.cells]
        logits, bias, often, burst, gains = torch.split(raw, split, -1)
        gains = torch.tanh(torch.unflatten(gains, -1, (self.cells, FEATURES)) + self.first_gains)
        gains = gains / (gains.abs().sum(-1, keepdim=True) / MOST_GAIN).clamp_min(1.0)
        going_on = 0.5 * (gains * recalled).sum(-1)
        if usual is not None:
            going_on = going_on + usual
        spreads = torch.unflatten(bias, -1, (self.mixtures, self.cells)) + going_on[..., None, :]
        burst = nn.functional.softplus(burst + FIRST_BURST[1])
        return torch.cat([logits, spreads.clamp(*BOUNDS).flatten(-2), often + FIRST_BURST[0], burst], -1)

    def sharpened(self, parameters: Tensor, usual: Tensor | None) -> Tensor:
        """Let low bands stand out from those around them `contrast` times as far as the network says.

        ::

            log spread - usual = mean of 17 bands around + rest
            drawn with:          mean of 17 bands around + rest + (contrast - 1) x 0.7 tanh(rest / 0.7)

        Who predicts what noise hides predicts the middle of what may be there, and a call that the network
        expects in one of three bands is drawn as a soft one in all of them. (Speech that is drawn from
        statistics is blurred for the same reason, and mended in a like way: Toda and Tokuda 2007, "A speech
        parameter generation algorithm considering global variance for HMM-based speech synthesis".)
        What is usual stays as it is, and so does the spectrum of the whole. Bands that stand out far are
        not pushed farther and farther: what is drawn is what the next frame follows.

        Args:
            parameters: [..., channels].
            usual: Log spreads of cells that `complete` was told; None is 0.

        Returns:
            [..., channels].
        """
        if self.contrast == 1.0:
            return parameters
        logits, spreads, often, burst = self.split(parameters)
        told = 0.0 if usual is None else usual[..., None, : self.own]
        low = spreads[..., : self.own] - told
        rest = low - low @ self.smoothing
        low = told + low + (self.contrast - 1) * FAR * torch.tanh(rest / FAR)
        spreads = torch.cat([low.clamp(*BOUNDS), spreads[..., self.own :]], -1)
        return torch.cat([logits, spreads.flatten(-2), often, burst], -1)

    def split(self, parameters: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Take the parameters apart.

        Args:
            parameters: [..., channels].

        Returns:
            Logits [..., mixtures]; log spreads in units of the scales [..., mixtures, cells]; and of each
            cell the logit of a burst and how many nepers louder it is then, [..., cells] both.
        """
        sizes = [self.mixtures, self.mixtures * self.cells, self.cells, self.cells]
        logits, spreads, often, burst = torch.split(parameters, sizes, -1)
        return logits, torch.unflatten(spreads, -1, (self.mixtures, self.cells)), often, burst

    def log2_prob(self, parameters: Tensor, frames: Tensor) -> Tensor:
        """Density of the frame times the volume of one 16-bit step in every band; see the base class."""
        logits, spreads, often, burst = self.split(parameters)
        often, burst = often[..., None, :], burst[..., None, :]
        unit = (frames / self.scale).square()
        sums = unit.new_zeros(*unit.shape[:-1], self.cells).index_add_(-1, self.group, unit)
        energy = -0.5 * sums[..., None, :] * torch.exp(-2 * spreads)
        usual = energy - self.size * spreads + nn.functional.logsigmoid(-often)
        loud = energy * torch.exp(-2 * burst) - self.size * (spreads + burst)
        cells = torch.logaddexp(usual, loud + nn.functional.logsigmoid(often))
        joint = torch.log_softmax(logits, -1) + cells.sum(-1)
        constant = self.bands * (math.log(PCM_STEP) - _HALF_LOG_TAU) - self.scale.log().sum()
        return (torch.logsumexp(joint, -1) + constant) / math.log(2)

    def chance(self, uniforms: Tensor) -> Tensor:
        """Standard normal numbers for the bands, by inverting their distribution; see the base class."""
        first = 1 + self.cells
        return torch.cat([uniforms[..., :first], torch.special.ndtri(uniforms[..., first:])], -1)

    def sample(self, parameters: Tensor, chance: Tensor, *, temperature: float) -> Tensor:
        """Draw a component, which cells burst, and each band from its Gaussian; temperature sharpens it."""
        return self.around(self.drawn_spread(parameters, chance, temperature=temperature), chance)

    def around(self, spread: Tensor, chance: Tensor) -> Tensor:
        """Draw each band from the Gaussian of a spread that was drawn, [..., bands]."""
        return (spread * chance[..., 1 + self.cells :]).clamp(-FRAME_BOUND, FRAME_BOUND)

    def drawn_spread(self, parameters: Tensor, chance: Tensor, *, temperature: float) -> Tensor:
        """Spread that `sample` draws every band with, [..., bands]."""
        logits, spreads, often, burst = self.split(parameters)
        chosen = draw_component(logits, chance[..., :1], temperature=temperature)[..., None, None]
        spread = spreads.gather(-2, chosen.expand(*chosen.shape[:-1], self.cells)).squeeze(-2)
        bursts = chance[..., 1 : 1 + self.cells] < torch.sigmoid(often)
        return (spread + burst * bursts)[..., self.group].exp() * self.scale * temperature


def _group_index(bands: int, groups: int, *, widening: float) -> Tensor:
    """Group of each band, int64 [bands]: the last group is `widening` times as wide as the first.

    Where groups would be narrower than a band, there are fewer of them.
    """
    steps = torch.logspace(0, math.log10(max(widening, 1.0 + 1e-6)), groups + 1, dtype=torch.float64)
    edges = torch.unique((bands * (steps - 1) / (steps[-1] - 1)).round().long())
    return torch.bucketize(torch.arange(bands), edges[1:], right=True)
