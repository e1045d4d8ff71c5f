"""The one line: does every photo sound the same, and does it sound like the place?"""

import math

from photowave.evaluation.result import Figure
from photowave.evaluation.spread import Spread


def verdict(recognised: Figure, spread: Spread, *, texture: Figure) -> str:
    """Say with figures whether the photo decides the sound, and whether towards its scene.

    Args:
        recognised: The figure `scene_recognised` of the model.
        spread: Spread of the model's sounds.
        texture: Its figure `texture_distance`.

    Returns:
        One line.
    """
    fits = recognised.low > recognised.floor
    if math.isnan(spread.ratio):
        answer = (
            "Sounds fit their photos better than chance" if fits else "No sign that sounds fit their photos"
        )
        ratio = "one sound per photo tells nothing about the spread between seeds"
    else:
        if spread.ratio <= spread.at_random_high:
            answer = "Every photo sounds the same"
        elif fits:
            answer = "Photos decide the sound, and towards their own scene"
        else:
            answer = "Photos change the sound, but not towards their own scene"
        ratio = (
            f"spread between photos is {spread.ratio:.2f} times that between seeds "
            f"(dealt at random {spread.at_random:.2f}, 95 % of the deals below {spread.at_random_high:.2f})"
        )
    interval = "" if math.isnan(recognised.low) else f" ({recognised.low:.0%} to {recognised.high:.0%})"
    return (
        f"{answer}: {ratio}; {recognised.value:.0%}{interval} are recognised as the photo's scene, "
        f"by chance {recognised.floor:.0%}, real recordings {recognised.ceiling:.0%}{_texture(texture)}."
    )


def _texture(texture: Figure) -> str:
    """What the figure says, in its place between real recordings and those of other scenes."""
    if math.isnan(texture.value):
        return ""
    told = f"; their texture is {texture.value:z.2f} from that of the scene's recordings"
    if math.isnan(texture.floor) or math.isnan(texture.ceiling):
        return told
    return f"{told} (further recordings {texture.ceiling:z.2f}, those of other scenes {texture.floor:z.2f})"
