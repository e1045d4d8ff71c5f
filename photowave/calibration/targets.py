"""How much of each texture a photo asks for, by what goes with it."""

import torch
from torch import Tensor

from photowave.calibration.codebook import Codebook
from photowave.pairs.pairing import Pairing
from photowave.pairs.split_data import SplitData

OWN_SHARE = 0.7
"""Share of a photo's own sounds where others would suit it as well (the column `also`)."""


def photo_targets(train: SplitData, book: Codebook, size: int) -> Tensor:
    """Share of each codebook entry in a photo's recordings, [photos, size]; zeros where it has none."""
    asked = _asked(train, book, size)
    pairing, targets = train.pairing, torch.zeros(len(train.features), size)
    # Photos of a scene share one tuple of recordings: what they ask for is summed up once.
    known: dict[tuple[int, tuple[str, ...]], Tensor] = {}
    for photo, (heard, also) in enumerate(zip(pairing.sounds_of, pairing.photo_also, strict=True)):
        row = known.get((id(heard), also))
        if row is None:
            row = known[id(heard), also] = torch.zeros(size)
            for share, recordings in _parts(pairing, heard, also):
                total = asked[recordings].sum(0)
                row += share * total / total.sum().clamp_min(1e-12)
        targets[photo] = row
    return targets / targets.sum(1, keepdim=True).clamp_min(1e-12)


def sound_shares(train: SplitData, book: Codebook, size: int) -> Tensor:
    """How often each codebook entry is asked for beside others of its group, whatever the photo, [size]."""
    return _asked(train, book, size).sum(0)


def _asked(train: SplitData, book: Codebook, size: int) -> Tensor:
    """How often each codebook entry is asked for by way of each recording, [recordings, size].

    A recording of n windows counts as the fourth root of n: nearly alike, as a listener would count them. But
    training hears them by the square root, and what was heard for a few seconds is drawn with less truth.
    """
    # Windows far off the level of their recording have no code, nor may those that go with no photo.
    coded = book.codes >= 0
    count = len(train.bank.recordings)
    cells = torch.bincount(book.owners[coded] * size + book.codes[coded], minlength=count * size)
    asked = cells.view(count, size).float()
    asked /= asked.sum(1, keepdim=True).clamp_min(1)
    windows = torch.tensor([len(recording.textures) for recording in train.bank.recordings])
    return asked * windows[:, None] ** 0.25


def _parts(pairing: Pairing, heard: tuple[int, ...], also: tuple[str, ...]) -> list[tuple[float, list[int]]]:
    """A photo's own recordings, and those of each further scene that suits it, with their shares."""
    further = [[sound for sound in heard if pairing.sound_scenes[sound] == scene] for scene in also]
    own = [sound for sound in heard if pairing.sound_scenes[sound] not in also]
    there = [part for part in further if part]
    if not there or not own:
        return [(1.0, list(heard))] if heard else []
    return [(OWN_SHARE, own), *(((1 - OWN_SHARE) / len(there), part) for part in there)]
