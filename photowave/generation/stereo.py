"""From one decoder to two channels: what they share is drawn by it, what differs is noise just as strong."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from photowave.audio import width_band
from photowave.generation.randomness import Purpose, UniformStream
from photowave.generation.side_signs import choose_signs
from photowave.settings import AudioConfig

WIDEST = 0.75
"""Most that the side is beside the middle: the channels still have a correlation of 0.28, by chance less
in one narrow line. Recordings of two microphones in opposite phase have more, and would be lost where the two
are mixed down."""


_LATELY = 10  # frames, about
_MADE_GOOD = 10  # times what a number did lately, so much of what was before is made good at the most


class SideNoise:
    """Frames of the side: left = middle + side, right = middle - side.

    ::

        decoder --> spread of each band --- x width x noise --> side
            `-----> middle (what the model learned of recordings: the mean of their channels)

    So both channels have the same slow shape, call for call, and differ in their fine structure, as far as
    recordings of the place do. What the decoder is sure of, such as a steady tone, stays in the middle. Where
    a number of the side would make one channel louder that has been louder until now, in its band and in
    those around, it changes its sign: over seconds, both are about equally loud in every band. What a clap
    left on one side is not made good by the quiet after it.

    Args:
        widths: Ratio of side to middle for each sound, [sounds, WIDTH_BANDS]; see `measure_width`.
        seeds: A seed for each sound.
        audio: Bands and sample rate.
    """

    def __init__(self, widths: Tensor, *, seeds: Sequence[int], audio: AudioConfig):
        assert len(widths) == len(seeds)
        hz = (torch.arange(audio.bands) + 0.5) * audio.sample_rate / 2 / audio.bands
        band = width_band(hz, sample_rate=audio.sample_rate)
        self._ratio = widths.cpu()[:, band].clamp_max(WIDEST)
        self._groups = band.numpy()
        self._streams = [UniformStream(seed, purpose=Purpose.SIDE) for seed in seeds]
        self._louder = np.zeros((len(seeds), audio.bands))  # by how much left was, as sums of products
        self._usual = np.zeros_like(self._louder)  # size of these products lately

    def draw(self, middle: Tensor, spreads: Tensor) -> Tensor:
        """Draw the next frames of the side for frames of the middle and their spreads, all shaped alike.

        Args:
            middle: [sounds, steps, bands].
            spreads: With which it was drawn.
        """
        steps, bands = spreads.shape[1:]
        uniforms = np.stack([stream.take(steps * bands).reshape(steps, bands) for stream in self._streams])
        noise = torch.special.ndtri(torch.from_numpy(uniforms)).to(spreads)
        side: Tensor = spreads * self._ratio[:, None].to(spreads) * noise
        turned = np.ascontiguousarray(side.numpy())
        choose_signs(
            np.ascontiguousarray(middle.numpy()), turned, self._groups, self._louder, self._usual,
            _LATELY, _MADE_GOOD,
        )  # fmt: skip
        return torch.from_numpy(turned)
