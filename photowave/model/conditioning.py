"""From photo features to the conditioning vector: end to end, by way of a sound texture, or of position."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from photowave.audio import WIDTH_BANDS
from photowave.wavenet.track import interpolate

NEVER = -1e3
"""Bias of the map from photo to texture below which a texture is never drawn."""
_NOTHING = -1e30  # a logit that adds nothing, and is finite where there is no other


class Conditioner(nn.Module, ABC):
    """Makes the vector that every layer of the decoder sees.

    Where shapes below say channels, `usual_size` numbers that are measured stand behind those.

    Args:
        channels: Numbers of the vector that are learned.
        usual_size: Numbers behind them that are measured, and told the output of the decoder; see
            `SpectralOutput`.

    Attributes:
        knots_per_s: Knots per second of the track that `photo_vector` gives; None: it gives single vectors.
        longest_s: Length of that track in seconds; None: there is no end.
    """

    knots_per_s: float | None = None
    longest_s: float | None = None

    def __init__(self, *, channels: int, usual_size: int = 0):
        super().__init__()
        self.channels = channels
        self.null = nn.Parameter(torch.zeros(channels + usual_size))

    @abstractmethod
    def training_vector(self, features: Tensor, textures: Tensor, *, seconds: Tensor | None = None) -> Tensor:
        """Make the vector the decoder is trained with.

        Args:
            features: Photo features, [batch, features].
            textures: Texture of the sound around each clip, [batch, texture].
            seconds: Where in its recording each frame lies, in seconds, [batch, time]; `PositionConditioner`
                needs it.

        Returns:
            [batch, channels], or [batch, time, channels].
        """

    def photo_width(self, features: Tensor, uniforms: Tensor) -> Tensor:
        """How wide the sound for a photo is in stereo, [batch, WIDTH_BANDS]; see `measure_width`.

        Args:
            features: Photo features, [batch, features].
            uniforms: As for `photo_vector`.
        """
        return features.new_zeros(len(features), WIDTH_BANDS)

    @abstractmethod
    def photo_vector(self, features: Tensor, uniforms: Tensor) -> Tensor:
        """Make the vector for a photo alone.

        Args:
            features: Photo features, [batch, features].
            uniforms: One number in [0, 1) per photo, for what is left to chance, [batch].

        Returns:
            [batch, channels], or with `knots_per_s` the knots of a track, [batch, knots, channels].
        """

    def with_dropout(self, vector: Tensor, drop: Tensor) -> Tensor:
        """Replace some vectors by the learned null vector.

        Args:
            vector: [batch, channels] or [batch, time, channels].
            drop: True where the null vector goes in, [batch].

        Returns:
            The same shape.
        """
        return torch.where(drop.view(-1, *[1] * (vector.dim() - 1)), self._with_usual(self.null), vector)

    def _with_usual(self, vector: Tensor, usual: Tensor | None = None) -> Tensor:
        """Put what is measured behind what is learned: what is usual, or else what is so everywhere."""
        usual = self.null[self.channels :].detach() if usual is None else usual
        return torch.cat([vector[..., : self.channels], usual.expand(*vector.shape[:-1], -1)], -1)


class PhotoConditioner(Conditioner):
    """Trained end to end: two linear maps over normalised photo features.

    Args:
        features: Length of the photo features.
        channels: Length of the vector.
    """

    def __init__(self, *, features: int, channels: int, usual_size: int = 0):
        super().__init__(channels=channels, usual_size=usual_size)
        self.network = nn.Sequential(
            nn.LayerNorm(features),
            nn.Linear(features, 2 * channels),
            nn.ReLU(),
            nn.Linear(2 * channels, channels),
        )

    def training_vector(self, features: Tensor, textures: Tensor, *, seconds: Tensor | None = None) -> Tensor:
        """See the base class; the texture is not looked at."""
        return self._with_usual(self.network(features))

    def photo_vector(self, features: Tensor, uniforms: Tensor) -> Tensor:
        """See the base class; nothing is left to chance."""
        return self.training_vector(features, features)


class TextureConditioner(Conditioner):
    """The decoder sees the texture of its own clip; the photo chooses a texture from a codebook.

    A photo does not fix one sound: the same beach has calm and heavy seas. So the photo predicts
    probabilities over typical textures, and one of them is drawn. Averaging them instead would blur crickets
    into wind. Textures that go with the same photos form a group, such as those of a scene: the photo tells
    groups apart, chance the textures inside one.

    Args:
        features: Length of the photo features.
        texture: Length of the texture vector.
        channels: Length of the conditioning vector.
        codebook_size: Number of typical textures.
        sharpness: Exponent on the probabilities of the groups before one is drawn.
        usual_size: See `Conditioner`.

    Attributes:
        left_out: Textures that no photo is given; others of their group take their share, bool [codebook].
            Some of each group are not in it.
        width: How wide the recording of each texture is in stereo, see `measure_width`,
            [codebook, WIDTH_BANDS].
        correction: What is added to what is usual in each texture, so that free runs come out as loud as they
            should, [codebook, usual_size].
    """

    texture_mean: Tensor
    texture_std: Tensor
    feature_mean: Tensor
    feature_std: Tensor
    codebook: Tensor
    groups: Tensor
    left_out: Tensor
    width: Tensor
    correction: Tensor

    def __init__(
        self,
        *,
        features: int,
        texture: int,
        channels: int,
        codebook_size: int,
        sharpness: float,
        usual_size: int = 0,
    ):
        super().__init__(channels=channels, usual_size=usual_size)
        self.sharpness = sharpness
        self.network = nn.Sequential(
            nn.Linear(texture, 2 * channels), nn.ReLU(), nn.Linear(2 * channels, channels)
        )
        self.prior = nn.Linear(features, codebook_size)
        self.prior.requires_grad_(False)
        nn.init.zeros_(self.prior.weight)
        nn.init.zeros_(self.prior.bias)
        self.register_buffer("texture_mean", torch.zeros(texture))
        self.register_buffer("texture_std", torch.ones(texture))
        self.register_buffer("feature_mean", torch.zeros(features))
        self.register_buffer("feature_std", torch.ones(features))
        self.register_buffer("codebook", torch.zeros(codebook_size, texture))
        self.register_buffer("groups", torch.arange(codebook_size))
        self.register_buffer("left_out", torch.zeros(codebook_size, dtype=torch.bool))
        self.register_buffer("width", torch.zeros(codebook_size, WIDTH_BANDS))
        self.usual: nn.Linear | None = None
        if usual_size:
            self.usual = nn.Linear(texture, usual_size)
            self.usual.requires_grad_(False)
            self.register_buffer("correction", torch.zeros(codebook_size, usual_size))

    def texture_vector(self, textures: Tensor) -> Tensor:
        """Map textures [batch, texture] to conditioning vectors [batch, channels]."""
        normal = (textures - self.texture_mean) / self.texture_std
        vector: Tensor = self.network(normal)
        return vector if self.usual is None else self._with_usual(vector, self.usual(normal))

    def entry_vector(self, entries: Tensor) -> Tensor:
        """Conditioning vectors of entries of the codebook, int64 [batch], [batch, channels]."""
        return self.corrected(self.texture_vector(self.codebook[entries]), entries)

    def corrected(self, vector: Tensor, entries: Tensor) -> Tensor:
        """Correct vectors [batch, channels] as those of entries of the codebook, int64 [batch], are."""
        if self.usual is None:
            return vector
        return self._with_usual(vector, vector[..., self.channels :] + self.correction[entries])

    def training_vector(self, features: Tensor, textures: Tensor, *, seconds: Tensor | None = None) -> Tensor:
        """See the base class; the photo is not looked at."""
        return self.texture_vector(textures)

    def prior_logits(self, features: Tensor) -> Tensor:
        """Unnormalised log probabilities over the codebook, [batch, codebook]."""
        logits: Tensor = self.prior((features - self.feature_mean) / self.feature_std)
        return logits

    @property
    def drawn(self) -> Tensor:
        """Textures that a photo can be given, bool [codebook]."""
        return (self.prior.bias > NEVER) & ~self.left_out

    def group_probabilities(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """How well each group of textures suits photos, as it was learned and not sharpened.

        Args:
            features: Photo features, [batch, features].

        Returns:
            The numbers of the groups that can be drawn, int64 [groups], and their probabilities,
            [batch, groups].
        """
        logits = self.prior_logits(features)
        names, group = torch.unique(self.groups, return_inverse=True)
        probabilities = torch.softmax(_log_sums(logits, group, len(names)), -1)
        drawn = torch.zeros(len(names), dtype=torch.bool, device=logits.device)
        drawn[group[self.drawn]] = True
        return names[drawn], probabilities[:, drawn]

    def texture_probabilities(self, features: Tensor, allowed: Tensor | None = None) -> Tensor:
        """Probabilities of the textures for photos, those of the groups sharpened, [batch, codebook].

        Args:
            features: Photo features, [batch, features].
            allowed: Textures that may be taken, bool [codebook], at least one of them drawn; None: all.
        """
        logits = self.prior_logits(features)
        names, group = torch.unique(self.groups, return_inverse=True)
        of_groups = self.sharpness * _log_sums(logits, group, len(names))
        # What is left out counts where groups are told apart, and not inside its own.
        kept = ~self.left_out if allowed is None else allowed & ~self.left_out
        if allowed is not None:
            there = torch.zeros(len(names), dtype=torch.bool, device=logits.device)
            there[group[kept]] = True
            of_groups = of_groups.masked_fill(~there, -math.inf)
        chosen = torch.softmax(of_groups, -1)
        inside = logits - _log_sums(logits.masked_fill(~kept, _NOTHING), group, len(names))[:, group]
        return torch.where(kept, inside.exp() * chosen[:, group], 0.0)

    @staticmethod
    def draw(probabilities: Tensor, uniforms: Tensor) -> Tensor:
        """Draw by probabilities [batch, codebook] that need not add up to 1, int64 [batch].

        Args:
            probabilities: At least one of each row is above 0.
            uniforms: One number in [0, 1) for each row, [batch].
        """
        cumulated = probabilities.cumsum(-1)
        threshold = uniforms[:, None].to(cumulated) * cumulated[:, -1:]
        return (cumulated <= threshold).sum(-1).clamp_max(probabilities.shape[-1] - 1)

    def choose(self, features: Tensor, uniforms: Tensor) -> Tensor:
        """Draw a texture of the codebook for each photo, int64 [batch]; see `photo_vector`."""
        return self.draw(self.texture_probabilities(features), uniforms)

    def photo_vector(self, features: Tensor, uniforms: Tensor) -> Tensor:
        """See the base class; chance chooses among the textures that fit the photo."""
        return self.entry_vector(self.choose(features, uniforms))

    def photo_width(self, features: Tensor, uniforms: Tensor) -> Tensor:
        """How wide the sound is in stereo for the texture that `photo_vector` takes, [batch, WIDTH_BANDS]."""
        return self.width[self.choose(features, uniforms)]


def _log_sums(logits: Tensor, group: Tensor, count: int) -> Tensor:
    """Logarithm of the summed exponentials of each group, [batch, count]; logits are [batch, entries]."""
    highest = logits.new_full((len(logits), count), -math.inf)
    highest.scatter_reduce_(-1, group.expand_as(logits), logits, "amax")
    weights = (logits - highest[:, group]).exp()
    return highest + torch.zeros_like(highest).index_add_(-1, group, weights).log()


class PositionConditioner(Conditioner):
    """No photo: a learned track tells the decoder where in its one clip it is.

    A clip has a beginning and an end. The samples so far do not say which of its many similar moments comes
    next; a signal that is learned beside the network does. It is read from tables of several rates side by
    side: the slow ones are learned soon and carry sections, the quick ones place attacks (after the grids of
    several resolutions of Mueller et al. 2022, "Instant neural graphics primitives", arXiv:2201.05989).

    Args:
        channels: Length of the vector; the tables share it equally.
        rates: Rows per second of each table, each a multiple of the one before.
        longest_s: Length of the track, in seconds.
    """

    STEP = 5.0
    """Factor on the tables: a row is met only now and then, and so must learn in longer steps."""

    def __init__(self, *, channels: int, rates: Sequence[int], longest_s: float, usual_size: int = 0):
        super().__init__(channels=channels, usual_size=usual_size)
        self.knots_per_s = float(rates[-1])
        self.longest_s: float = longest_s
        width = channels // len(rates)
        self.tables = nn.ParameterList(
            nn.Parameter(torch.randn(1 + math.ceil(rate * longest_s), width) * _spread(rate) / self.STEP)
            for rate in rates
        )
        self._rates = tuple(rates)

    def training_vector(self, features: Tensor, textures: Tensor, *, seconds: Tensor | None = None) -> Tensor:
        """See the base class; neither photo nor texture is looked at."""
        assert seconds is not None
        return self._read(seconds)

    def photo_vector(self, features: Tensor, uniforms: Tensor) -> Tensor:
        """See the base class; every photo gets the whole track, at the highest rate."""
        knots = torch.arange(len(self.tables[-1]), dtype=self.null.dtype, device=self.null.device)
        return self._read(knots[None] / self._rates[-1]).expand(len(features), -1, -1)

    def _read(self, seconds: Tensor) -> Tensor:
        """Rows of all tables at some places [batch, time], side by side: [batch, time, channels]."""
        tables = [table.expand(len(seconds), -1, -1) for table in self.tables]
        parts = [interpolate(table, seconds * rate) for table, rate in zip(tables, self._rates, strict=True)]
        return self._with_usual(self.STEP * torch.cat(parts, -1))


def _spread(rate: float) -> float:
    """Standard deviation of the rows at the start: quick tables begin near zero, lest they be noise."""
    return 1.0 if rate <= 8 else 0.3
