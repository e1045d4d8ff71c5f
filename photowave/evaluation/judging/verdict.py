"""The one line: does every photo sound the same, and does it sound like the place?"""

import math

from photowave.evaluation.metrics.metric import Metric
from photowave.evaluation.metrics.spread import Spread

FEWEST_DEALS = 20
"""With fewer distinct deals of the sounds, even those that differ by photo as much as can be do not stand out
from 95 % of the deals."""


def verdict(
    recognised: Metric,
    spread: Spread,
    *,
    texture: Metric,
    swap_gain: Metric | None = None,
    nearest: Metric | None = None,
    nearest_of_real: Metric | None = None,
) -> str:
    """Say in one line, with numbers, whether the photo decides the sound, and whether towards its scene.

    The metrics are `scene_recognised`, `texture_distance`, `photo_swap_gain` and `nearest_excerpt` of the
    model, and the last one of real recordings; None where they were not measured.
    """
    answer, ratio = _answer(spread, fits=recognised.low > recognised.floor)
    interval = "" if math.isnan(recognised.low) else f" ({recognised.low:.0%} to {recognised.high:.0%})"
    ceiling = "" if math.isnan(recognised.ceiling) else f", real recordings {recognised.ceiling:.0%}"
    return (
        f"{answer}: {ratio}; {recognised.value:.0%}{interval} are recognised as the photo's scene, "
        f"by chance {recognised.floor:.0%}{ceiling}{_texture(texture)}{_swap(swap_gain)}"
        f"{_repeated(nearest, nearest_of_real)}."
    )


def _answer(spread: Spread, *, fits: bool) -> tuple[str, str]:
    """The answer, and what the spread has to do with it."""
    if math.isnan(spread.ratio):
        answer = (
            "Sounds fit their photos better than chance" if fits else "No sign that sounds fit their photos"
        )
        return answer, "one sound per photo, or one scene, tells nothing about the spread"
    ratio = f"spread between photos is {spread.ratio:.2f} times that between seeds"
    if spread.distinct_deals < FEWEST_DEALS:
        deals = f"the sounds can be dealt in {spread.distinct_deals} ways only, of {FEWEST_DEALS} needed"
        return "Too few photos to tell whether every photo sounds the same", f"{ratio} ({deals})"
    if spread.ratio <= spread.at_random_high:
        answer = "No sign that the photo matters, every photo may sound the same"
    elif fits:
        answer = "Photos decide the sound, and towards their own scene"
    else:
        answer = "Photos change the sound, but no sign that it is towards their own scene"
    return answer, (
        f"{ratio} (dealt at random {spread.at_random:.2f}, "
        f"95 % of the deals below {spread.at_random_high:.2f})"
    )


def _texture(texture: Metric) -> str:
    """What the metric says, in its place between real recordings and those of other scenes."""
    if math.isnan(texture.value):
        return ""
    told = f"; their texture is {texture.value:z.2f} from that of the scene's recordings"
    if math.isnan(texture.floor) or math.isnan(texture.ceiling):
        return told
    return f"{told} (further recordings {texture.ceiling:z.2f}, those of other scenes {texture.floor:z.2f})"


def _swap(gain: Metric | None) -> str:
    """What a photo of another scene costs when recordings are scored."""
    if gain is None or math.isnan(gain.value):
        return ""
    interval = "" if math.isnan(gain.low) else f" ({gain.low:z.2f} to {gain.high:z.2f})"
    return f"; a photo of another scene costs {gain.value:z.2f}{interval} bits per sample of a recording"


def _repeated(nearest: Metric | None, of_real: Metric | None) -> str:
    """A warning where sounds are nearer to the training excerpts than recordings are to each other."""
    if nearest is None or of_real is None or not nearest.high < of_real.low:
        return ""
    return "; its sounds lie nearer to single training excerpts than recordings do: partly repeated"
