"""Landscape (of MM-Diffusion): ten-second videos, in folders by class or with the class in their names.

Such as `train/fire_crackling_141_2_1.mp4` or `fire_crackling/<name>.mp4`. A folder `train`, `val` or `test`
above a video says its split.
"""

import re
from pathlib import Path

from photowave.errors import PairError
from photowave.pairs.published.entries import Entry, Found
from photowave.pairs.published.listing import files_below
from photowave.pairs.splits import SPLITS
from photowave.pairs.videos import VIDEO_SUFFIXES

_NO_CLASS = {*SPLITS, "landscape", "mp4", "video", "videos"}
_CLASS_IN_NAME = re.compile(r"[^\W\d]+?(?=_\d)")
_PARTS = re.compile(r"(?:_\d+){1,2}$")


def read(folder: Path) -> Found:
    """List the videos of the set."""
    videos = files_below(folder, VIDEO_SUFFIXES)
    if not videos:
        raise PairError(
            f"{folder} holds no videos ({', '.join(sorted(VIDEO_SUFFIXES))}). Give the set's folder."
        )
    for video in videos:
        inside = video.relative_to(folder)
        above = [part.lower() for part in inside.parts[:-1]]
        in_name = _CLASS_IN_NAME.match(video.stem)
        in_folder = next((part for part in reversed(above) if part not in _NO_CLASS), None)
        yield Entry(
            name=inside.as_posix(),
            labels=(in_folder or (in_name[0] if in_name else video.stem),),
            video=video,
            split=next((split for split in SPLITS if split in above), None),
            # Parts of one longer video, as their numbers suggest.
            take=_PARTS.sub("", video.stem),
        )
