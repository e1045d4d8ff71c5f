"""Keeps a sound from getting louder than its place usually is, while it is drawn."""

import numpy as np
import torch
from torch import Tensor

from photowave.generation.turning_down import turn_down

HELD_DB = 1.5
"""Level beside the usual one above which a sound is turned down: with what is heard before that, and where it
swells by up to 2 dB a second, the whole stays within 3 dB."""
_HEARD_S = 0.5  # over which a level is told, and what is usual counts as this long heard before:
_KNOWN_S = 0.02


class LevelHolder:
    """Turns sounds down where they have been louder than `HELD_DB` above the usual level for a while.

    The level is the mean power of the last half second or so, of all channels together; the gain follows it
    sample by sample. So cracks and calls stay as they are, what goes on too loud does not, and it makes no
    difference in which pieces a sound comes.

    Args:
        sounds: How many are drawn together.
        usual_dbfs: The usual level.
        sample_rate: In Hz.
    """

    def __init__(self, sounds: int, *, usual_dbfs: float, sample_rate: int):
        usual = 10 ** (usual_dbfs / 10)
        self._most = usual * 10 ** (HELD_DB / 10)
        self._longest = float(round(_HEARD_S * sample_rate))
        known = float(round(_KNOWN_S * sample_rate))
        self._state = np.tile(np.array([usual, known]), (sounds, 1))

    def hold(self, samples: Tensor) -> Tensor:
        """Turn down the next samples, float32 [sounds, time] or [sounds, channels, time], alike in shape."""
        held = samples.numpy().copy()
        turn_down(held.reshape(len(held), -1, held.shape[-1]), self._state, self._most, self._longest)
        return torch.from_numpy(held)
