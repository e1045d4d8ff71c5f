"""What a model hears in a photo: places with probabilities, and the texture that it takes."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from photowave.model import Origin, PhotowaveModel, TextureConditioner


@dataclass(frozen=True)
class Hearing:
    """What was heard in a photo; empty where the model knows no places by name."""

    places: dict[str, float]
    """Probability of each place, the likeliest first; together 1."""
    texture: int | None
    """The texture of the codebook that is drawn."""
    origin: Origin | None
    """The recording which that texture was heard in."""

    def info(self) -> dict[str, Any]:
        """Plain values for `Soundscape.info`."""
        if self.origin is None:
            return {}
        return {
            "places": {name: round(probability, 4) for name, probability in self.places.items()},
            "texture": self.texture,
            "recording": self.origin.name,
            "attribution": self.origin.attribution,
        }


@torch.no_grad()
def hear(model: PhotowaveModel, features: Tensor, uniform: Tensor) -> Hearing:
    """Tell what a model hears in a photo.

    Args:
        model: Its catalogue names the places.
        features: Photo features, [1, features].
        uniform: The number that chooses the texture, [1]; see `TextureConditioner.choose`.
    """
    conditioner, catalogue = model.conditioner, model.catalogue
    if catalogue is None or not isinstance(conditioner, TextureConditioner):
        return Hearing({}, None, None)
    texture = int(conditioner.choose(features, uniform))
    groups, probabilities = conditioner.group_probabilities(features)
    members = conditioner.groups.tolist()
    found: dict[str, float] = {}
    for group, probability in zip(groups.tolist(), probabilities[0].tolist(), strict=True):
        name = catalogue.place(index for index, other in enumerate(members) if other == group)
        found[name] = found.get(name, 0.0) + probability
    ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return Hearing(dict(ordered), texture, catalogue.recordings[catalogue.owners[texture]])
