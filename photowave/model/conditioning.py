"""From photo features to the conditioning vector: end to end, by way of a sound texture, or of position."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from photowave.wavenet.track import interpolate


class Conditioner(nn.Module, ABC):
    """Makes the vector that every layer of the decoder sees.

    Args:
        channels: Length of the vector.

    Attributes:
        knots_per_s: Knots per second of the track that `photo_vector` gives; None: it gives single vectors.
    """

    knots_per_s: float | None = None

    def __init__(self, *, channels: int):
        super().__init__()
        self.null = nn.Parameter(torch.zeros(channels))

    @abstractmethod
    def training_vector(
        self, features: Tensor, textures: Tensor, *, seconds: Tensor | None = None
    ) -> Tensor:
        """Make the vector the decoder is trained with.

        Args:
            features: Photo features, [batch, features].
            textures: Texture of the sound around each clip, [batch, texture].
            seconds: Where in its recording each frame lies, in seconds, [batch, time]; `PositionConditioner`
                needs it.

        Returns:
            [batch, channels], or [batch, time, channels].
        """

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
        return torch.where(drop.view(-1, *[1] * (vector.dim() - 1)), self.null, vector)


class PhotoConditioner(Conditioner):
    """Trained end to end: two linear maps over normalised photo features.

    Args:
        features: Length of the photo features.
        channels: Length of the vector.
    """

    def __init__(self, *, features: int, channels: int):
        super().__init__(channels=channels)
        self.network = nn.Sequential(
            nn.LayerNorm(features),
            nn.Linear(features, 2 * channels),
            nn.ReLU(),
            nn.Linear(2 * channels, channels),
        )

    def training_vector(
        self, features: Tensor, textures: Tensor, *, seconds: Tensor | None = None
    ) -> Tensor:
        """See the base class; the texture is not looked at."""
        vector: Tensor = self.network(features)
        return vector

    def photo_vector(self, features: Tensor, uniforms: Tensor) -> Tensor:
        """See the base class; nothing is left to chance."""
        return self.training_vector(features, features)


class TextureConditioner(Conditioner):
    """The decoder sees the texture of its own clip; the photo chooses a texture from a codebook.

    A photo does not fix one sound: the same beach has calm and heavy seas. So the photo predicts
    probabilities over typical textures, and one of them is drawn. Averaging them instead would blur crickets
    into wind.

    Args:
        features: Length of the photo features.
        texture: Length of the texture vector.
        channels: Length of the conditioning vector.
        codebook_size: Number of typical textures.
        sharpness: Exponent on the probabilities before one is drawn.
    """

    texture_mean: Tensor
    texture_std: Tensor
    feature_mean: Tensor
    feature_std: Tensor
    codebook: Tensor

    def __init__(self, *, features: int, texture: int, channels: int, codebook_size: int, sharpness: float):
        super().__init__(channels=channels)
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

    def texture_vector(self, textures: Tensor) -> Tensor:
        """Map textures [batch, texture] to conditioning vectors [batch, channels]."""
        vector: Tensor = self.network((textures - self.texture_mean) / self.texture_std)
        return vector

    def training_vector(
        self, features: Tensor, textures: Tensor, *, seconds: Tensor | None = None
    ) -> Tensor:
        """See the base class; the photo is not looked at."""
        return self.texture_vector(textures)

    def prior_logits(self, features: Tensor) -> Tensor:
        """Unnormalised log probabilities over the codebook, [batch, codebook]."""
        logits: Tensor = self.prior((features - self.feature_mean) / self.feature_std)
        return logits

    def photo_vector(self, features: Tensor, uniforms: Tensor) -> Tensor:
        """See the base class; chance chooses among the textures that fit the photo."""
        probabilities = torch.softmax(self.sharpness * self.prior_logits(features), -1)
        cumulated = probabilities.cumsum(-1)
        threshold = uniforms[:, None].to(cumulated) * cumulated[:, -1:]
        chosen = (cumulated <= threshold).sum(-1).clamp_max(len(self.codebook) - 1)
        return self.texture_vector(self.codebook[chosen])


class PositionConditioner(Conditioner):
    """No photo: a learned track tells the decoder where in its one clip it is.

    A clip has a beginning and an end. The samples so far do not say which of its many similar moments comes
    next; a slow signal does.

    Args:
        channels: Length of the vector.
        knots: Vectors of the track.
        knots_per_s: How many of them cover a second.
    """

    def __init__(self, *, channels: int, knots: int, knots_per_s: float):
        super().__init__(channels=channels)
        self.knots_per_s = knots_per_s
        self.track = nn.Parameter(torch.randn(knots, channels))

    def training_vector(
        self, features: Tensor, textures: Tensor, *, seconds: Tensor | None = None
    ) -> Tensor:
        """See the base class; neither photo nor texture is looked at."""
        assert seconds is not None
        assert self.knots_per_s is not None
        return interpolate(self.track.expand(len(seconds), -1, -1), seconds * self.knots_per_s)

    def photo_vector(self, features: Tensor, uniforms: Tensor) -> Tensor:
        """See the base class; every photo gets the whole track."""
        return self.track.expand(len(features), -1, -1)
