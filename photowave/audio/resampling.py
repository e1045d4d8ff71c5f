"""Changing the sample rate of a sound."""

from fractions import Fraction

import torchaudio.functional
from torch import Tensor


def resample(samples: Tensor, *, old_rate: int, new_rate: int) -> Tensor:
    """Change the sample rate by a Kaiser-windowed sinc filter.

    The ratio of the rates is taken to the nearest fraction with a denominator of at most 1000, because the
    filter takes memory in proportion to both its terms; common rates are exact, others off by less than a
    millionth.

    Args:
        samples: Float, [..., time].
        old_rate: In Hz.
        new_rate: In Hz.

    Returns:
        The sound at the new rate, [..., ceil(time * new_rate / old_rate)], with that fraction.
    """
    ratio = Fraction(new_rate, old_rate).limit_denominator(1_000)
    # The settings torchaudio documents as the equal of "kaiser_best".
    resampled: Tensor = torchaudio.functional.resample(
        samples,
        ratio.denominator,
        ratio.numerator,
        lowpass_filter_width=64,
        rolloff=0.9475937167399596,
        resampling_method="sinc_interp_kaiser",
        beta=14.769656459379492,
    )
    return resampled
