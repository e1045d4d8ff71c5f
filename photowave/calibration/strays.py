"""Textures whose free runs stay off what they should be are given to no photo."""

from torch import Tensor

from photowave.model import TextureConditioner

_FEWEST = 4  # one texture of a group in so many is kept, however far off


def leave_out(conditioner: TextureConditioner, off: Tensor, *, most: float) -> None:
    """Mark textures that are off by more than `most`.

    Of each group those that come nearest are kept, a quarter at least. Only `TextureConditioner.left_out`
    changes, which no score of a sound on its own texture hangs on.

    Args:
        conditioner: Changed in place.
        off: By how much each texture is off, [codebook].
        most: In the same unit.
    """
    for group in sorted(set(conditioner.groups.tolist())):
        members = (conditioner.groups == group).nonzero().flatten()
        nearest = off[members].sort().values[: -(-len(members) // _FEWEST)]
        conditioner.left_out[members] = off[members] > max(most, float(nearest[-1]))
