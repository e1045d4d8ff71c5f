"""Which published sets can be read, and what is known of each."""

from collections.abc import Mapping
from dataclasses import dataclass

from photowave.errors import PairError
from photowave.pairs.published import (
    advance,
    ave,
    esc50,
    fsd50k,
    landscape,
    places365,
    soundingearth,
    tau_urban,
    vggsound,
)
from photowave.pairs.published.entries import Reader


@dataclass(frozen=True, kw_only=True)
class PublishedSet:
    """A set and its reader. What nobody could confirm in a copy of the source is marked so."""

    title: str
    """As its authors call it."""
    read: Reader
    """Lists its entries."""
    holds: str
    """What it is made of, for a list of sets."""
    origin: str
    """Where it comes from."""
    licence: str
    """Under which terms it may be used."""
    size: str
    """How much it is."""
    labelled: bool = True
    """Whether its entries have labels, which a map turns into places."""


SETS: Mapping[str, PublishedSet] = {
    "vggsound": PublishedSet(
        title="VGGSound",
        read=vggsound.read,
        holds="videos of sounding things and places",
        origin="https://www.robots.ox.ac.uk/~vgg/data/vggsound/",
        licence="the list CC BY 4.0; the videos belong to those who made them",
        size="199,467 clips of 10 s, 309 labels",
    ),
    "tau_urban": PublishedSet(
        title="TAU Urban Audio-Visual Scenes 2021, development set",
        read=tau_urban.read,
        holds="videos of ten kinds of places in European cities, with binaural sound",
        origin="https://zenodo.org/record/4477542",
        licence="not confirmed; an earlier set of its authors is non-commercial",
        size="34 hours in clips of 10 s, 10 labels, 108 GB packed",
    ),
    "landscape": PublishedSet(
        title="Landscape",
        read=landscape.read,
        holds="videos of landscapes and weather",
        origin="https://github.com/researchmm/MM-Diffusion",
        licence="none stated",
        size="928 videos, 9 labels (not confirmed)",
    ),
    "advance": PublishedSet(
        title="ADVANCE",
        read=advance.read,
        holds="aerial photos with sounds recorded there",
        origin="https://zenodo.org/record/3828124",
        licence="not confirmed; sounds from Freesound, photos from Google Earth",
        size="5,075 pairs, sounds of 10 s, 13 labels",
    ),
    "soundingearth": PublishedSet(
        title="SoundingEarth",
        read=soundingearth.read,
        holds="aerial photos with sounds of radio aporee",
        origin="https://zenodo.org/record/5600379",
        licence="CC BY 4.0 (not confirmed); photos from Google Earth, each sound as its maker said",
        size="50,545 pairs, no labels",
        labelled=False,
    ),
    "ave": PublishedSet(
        title="AVE",
        read=ave.read,
        holds="videos of audio-visual events, some of places",
        origin="https://github.com/YapengTian/AVE-ECCV18",
        licence="none stated",
        size="4,143 events in videos of 10 s, 28 labels",
    ),
    "esc50": PublishedSet(
        title="ESC-50",
        read=esc50.read,
        holds="sounds; give photos by place",
        origin="https://github.com/karolpiczak/ESC-50",
        licence="CC BY-NC 3.0, the clips of ESC-10 CC BY",
        size="2,000 sounds of 5 s, 50 labels, about 600 MB",
    ),
    "fsd50k": PublishedSet(
        title="FSD50K",
        read=fsd50k.read,
        holds="sounds; give photos by place",
        origin="https://zenodo.org/record/4060432",
        licence="CC BY as a whole; each clip CC0, CC BY, CC BY-NC or CC Sampling+",
        size="51,197 sounds of 0.3 to 30 s, 108.3 hours, 200 labels",
    ),
    "places365": PublishedSet(
        title="Places365-Standard",
        read=places365.read,
        holds="photos; use them beside a set of sounds",
        origin="http://places2.csail.mit.edu",
        licence="the photos belong to those who made them",
        size="about 1.8 million photos for training and 36,500 for validation, 365 labels",
    ),
}
"""Name on the command line: the set."""


def published_set(name: str) -> PublishedSet:
    """Find a set.

    Raises:
        PairError: There is none of that name.
    """
    if name not in SETS:
        raise PairError(f"there is no reader for a set '{name}'. Choose from: {', '.join(SETS)}.")
    return SETS[name]
