"""Which texture is drawn: chance among those that fit a photo, or that a user allows."""

from collections.abc import Callable, Collection
from difflib import get_close_matches
from typing import NamedTuple

import torch
from torch import Tensor

from photowave.errors import ConfigError
from photowave.model import PhotowaveModel, TextureConditioner

_FITS = 1e-4  # beside the likeliest: what is less probable does not fit


class Choice(NamedTuple):
    """A texture that was chosen."""

    texture: int
    """Its number in the codebook."""
    of: int
    """How many there were to choose from; the variation beyond them begins again."""


class TextureChooser:
    """Chooses textures of a model.

    Args:
        model: Its conditioner is a `TextureConditioner`; its catalogue, if it has one, names the places.
    """

    def __init__(self, model: PhotowaveModel):
        assert isinstance(model.conditioner, TextureConditioner)
        self._conditioner, self._catalogue = model.conditioner, model.catalogue

    @property
    def places(self) -> list[str]:
        """Names of the places that can be drawn, sorted."""
        if self._catalogue is None:
            return []
        drawn = self._conditioner.drawn.nonzero().flatten().tolist()
        return sorted({self._catalogue.origin(entry).place for entry in drawn})

    def allow(self, places: Collection[str]) -> Tensor:
        """Textures of some places, bool [codebook]."""
        assert self._catalogue is not None
        named = [
            self._catalogue.origin(entry).place in places for entry in range(len(self._catalogue.owners))
        ]
        return torch.tensor(named, device=self._conditioner.groups.device) & self._conditioner.drawn

    def check_places(self, names: Collection[str]) -> None:
        """See that the model knows places.

        Raises:
            ConfigError: It does not, or names none.
        """
        known = self.places
        if names and not known:
            raise ConfigError("this model tells no places by name. Train it on scenes, or use 'default'.")
        for name in names:
            if name not in known:
                near = get_close_matches(name, known, n=1)
                meant = f"Did you mean '{near[0]}'? " if near else ""
                raise ConfigError(
                    f"place {name!r}: the model does not know it. {meant}It knows {', '.join(known)}."
                )

    def choose(
        self,
        features: Tensor,
        uniforms: Callable[[int], Tensor],
        *,
        variation: int,
        allowed: Tensor | None = None,
    ) -> Choice:
        """Choose a texture for a photo: variations take one after the other, each once, then all again.

        Args:
            features: Photo features, [1, features].
            uniforms: Gives so many numbers in [0, 1), one for each turn; the first are always the same.
            variation: Number of the turn, from 0.
            allowed: Textures that may be taken, bool [codebook]; None: all.
        """
        probabilities = self._conditioner.texture_probabilities(features, allowed)[0].clone()
        probabilities[probabilities <= _FITS * probabilities.max()] = 0.0
        count = int((probabilities > 0).sum())
        texture = -1
        for uniform in uniforms(variation % count + 1):
            texture = int(self._conditioner.draw(probabilities[None], uniform[None]))
            probabilities[texture] = 0.0
        return Choice(texture, count)
