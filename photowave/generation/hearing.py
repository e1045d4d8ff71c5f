"""What a model hears in a photo: places with probabilities, and whether it is any of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from photowave.model import PhotowaveModel, TextureConditioner

MOST_UNLIKE = 8.0
"""Mean square of the normalised features above which a photo is unlike those of the training."""
LEAST_SPOKEN = 0.5
"""Standard deviation of the log scores of the table of places below which hardly a class speaks for any."""


_NAMED = 2  # places that are named in one line


@dataclass(frozen=True)
class Hearing:
    """What was heard; empty where no place has a name."""

    places: dict[str, float] = field(default_factory=dict)
    """Probability of each place, the likeliest first; together 1."""
    is_known: bool = True
    """Whether the photo may show one of them at all."""

    @property
    def words(self) -> str:
        """One line that tells it, such as `sea_waves 83 %, lake_shore 9 %`; "" where no place has a name."""
        return ("" if self.is_known else "no place that the model knows; nearest: ") + likeliest(self.places)


def likeliest(places: Mapping[str, float]) -> str:
    """Name the first places with their probabilities, those that have half a percent at least."""
    first = list(places.items())[:_NAMED]
    return ", ".join(f"{name} {100 * share:.0f} %" for name, share in first if share >= 0.005)


@torch.no_grad()
def hear(model: PhotowaveModel, features: Tensor, *, scores: int = 0) -> Hearing:
    """Tell which places a model hears in a photo.

    Args:
        model: Its catalogue names the places.
        features: Photo features, [1, features].
        scores: How many of the last ones score places, see `PhotoEncoder.places`.
    """
    conditioner, catalogue = model.conditioner, model.catalogue
    if catalogue is None or not isinstance(conditioner, TextureConditioner):
        return Hearing()
    groups, probabilities = conditioner.group_probabilities(features)
    members = conditioner.groups.tolist()
    found: dict[str, float] = {}
    for group, probability in zip(groups.tolist(), probabilities[0].tolist(), strict=True):
        name = catalogue.place(index for index, other in enumerate(members) if other == group)
        found[name] = found.get(name, 0.0) + probability
    ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return Hearing(dict(ordered), is_known_place(conditioner, features, scores=scores))


def is_known_place(conditioner: TextureConditioner, features: Tensor, *, scores: int) -> bool:
    """Whether a photo is like those of the training, and shows anything that speaks for a place.

    Noise, drawings and documents are unlike any photo; an office is a good photo in which nothing speaks for
    a place. How often this is right stands in the model card.

    Args:
        conditioner: The normalisation of its features is set.
        features: Photo features, [1, features].
        scores: How many of the last ones score places; 0: there is no table.
    """
    first = features.shape[-1] - scores
    normal = (features - conditioner.feature_mean) / conditioner.feature_std
    unlike = float(normal[..., :first].square().mean())
    spoken = float(features[..., first:].std()) if scores > 1 else torch.inf
    return unlike <= MOST_UNLIKE and spoken >= LEAST_SPOKEN
