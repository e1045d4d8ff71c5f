"""Which clip comes when: a function of seed and clip number, so that a resumed run sees the same ones."""

from collections.abc import Callable, Iterator
from typing import TypedDict

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset
from torch.utils.data.distributed import DistributedSampler

from photowave.model import EnvelopeClip
from photowave.pairs.bank import SoundBank
from photowave.pairs.pairing import Pairing


class Clip(TypedDict):
    """One training example, or with a leading batch axis several."""

    samples: Tensor
    """Sound, float32 [time]."""
    start_s: Tensor
    """Where in its recording the clip starts, in seconds, float32 []."""
    texture: Tensor
    """Texture of the sound around the clip, [texture]."""
    envelope: EnvelopeClip
    """How the spectrum moves there."""
    features: Tensor
    """Features of a photo that goes with the sound (zeros if none does), [features]."""
    swapped: Tensor
    """Features of a photo that does not go with it (zeros if there is none), [features]."""
    paired: Tensor
    """True where both photos are there, bool []."""
    uniform: Tensor
    """A number in [0, 1) for what the conditioning leaves to chance, float32 []."""
    seed: Tensor
    """Seed for what a training step leaves to chance, int64 []."""


class ClipDataset(Dataset[Clip]):
    """Clips cut at random; the same number is always the same clip.

    Scenes come equally often whatever the length of their recordings; inside a scene a recording comes in
    proportion to the square root of its texture windows: by its length alone, one of a few seconds would
    hardly be heard, and alike, it would be learned by heart. A clip has `length` samples, an epoch `count`
    clips.
    """

    def __init__(
        self, *, bank: SoundBank, pairing: Pairing, features: Tensor, length: int, count: int, seed: int
    ):
        self._bank, self._features = bank, features
        self._length, self._count, self._seed = length, count, seed
        groups: dict[str | None, list[int]] = {}
        for index, scene in enumerate(pairing.sound_scenes):
            groups.setdefault(scene, []).append(index)
        self._groups = [np.array(group) for group in groups.values()]
        roots = np.sqrt(bank.windows)
        # Summed up once, as numpy's own `choice` would do it for each clip.
        self._shares = [_summed(roots[group] / roots[group].sum()) for group in self._groups]
        # Sounds of a scene share one tuple of photos: it becomes an array once.
        numbers: dict[int, int] = {}
        self._partners: list[NDArray[np.int64]] = []
        self._partners_of = np.empty(len(pairing.photos_of), dtype=np.int64)
        for index, partners in enumerate(pairing.photos_of):
            number = self._partners_of[index] = numbers.setdefault(id(partners), len(numbers))
            if number == len(self._partners):
                self._partners.append(np.array(partners, dtype=np.int64))

    def __len__(self) -> int:
        """Clips per epoch."""
        return self._count

    def __getitem__(self, index: int) -> Clip:
        """Cut clip number `index`; numbers beyond one epoch are the next epochs' clips."""
        random = np.random.default_rng((self._seed, index))
        group = int(random.integers(len(self._groups)))
        sound = int(self._groups[group][self._shares[group].searchsorted(random.random(), side="right")])
        room = int(self._bank.lengths[sound]) - self._length
        start = draw_start(random, room, self._length)
        samples, texture, envelope = self._bank.clip(sound, start, self._length)
        partners = self._partners[self._partners_of[sound]]
        features = swapped = torch.zeros(self._features.shape[-1])
        strangers = len(self._features) - len(partners)
        paired = len(partners) > 0 and strangers > 0
        if len(partners):
            features = self._features[int(partners[random.integers(len(partners))])]
        if paired:
            swapped = self._features[_other_than(partners, int(random.integers(strangers)))]
        return Clip(
            samples=samples,
            start_s=torch.tensor(start / self._bank.audio.sample_rate, dtype=torch.float32),
            texture=texture,
            envelope=envelope,
            features=features,
            swapped=swapped,
            paired=torch.tensor(paired),
            uniform=torch.tensor(random.random(), dtype=torch.float32),
            seed=torch.tensor(random.integers(2**63), dtype=torch.int64),
        )


def draw_start(random: np.random.Generator, room: int, length: int) -> int:
    """Draw where a clip of `length` samples begins, 0 to `room`."""
    # At any sample, not only where frames begin: a recording then gives other frames each time it is cut,
    # which keeps a decoder over bands from learning them by heart.
    # Drawn beyond both ends and held there, so that beginning and end are met as often as the rest.
    drawn = int(random.integers(-(length // 2), room + length // 2 + 1))
    return min(max(drawn, 0), room)


def _summed(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums of the shares so far; the last is 1."""
    summed: NDArray[np.float64] = shares.cumsum()
    summed /= summed[-1]
    return summed


def _other_than(some: NDArray[np.int64], number: int) -> int:
    """The number that stands at a place among those that are not in `some`, which ascends."""
    # So many of those left out lie before the ones that are counted.
    return number + int((some - np.arange(len(some))).searchsorted(number, side="right"))


class EpochSampler(DistributedSampler[int]):
    """Clip numbers in order, dealt out to the devices in turn; every epoch goes on where training is.

    ::

        position       0           4           8
        device 0 of 2  0  2        4  6        8
        device 1 of 2  1  3        5  7        9

    Where training is comes from the trainer's own count, which its checkpoints hold: a run that is resumed
    anywhere sees the clips it would have seen. It is a `DistributedSampler` because Lightning leaves those
    alone, while it would put one of its own around any other sampler. `count` clips per epoch and `position`,
    how many training has used up, are those of all devices together; `device` counts from 0.
    """

    def __init__(
        self, count: int, *, position: Callable[[], int] = lambda: 0, devices: int = 1, device: int = 0
    ):
        assert count % devices == 0
        super().__init__(range(count), num_replicas=devices, rank=device, shuffle=False)  # type: ignore[arg-type]
        self._count = count
        self._position = position

    def __iter__(self) -> Iterator[int]:
        """Give this device's clip numbers of one epoch."""
        first = self._position()
        return iter(range(first + self.rank, first + self._count, self.num_replicas))
