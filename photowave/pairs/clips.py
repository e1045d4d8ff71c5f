"""Which clip comes when: a function of seed and clip number, so that a resumed run sees the same ones."""

from collections.abc import Callable, Iterator
from typing import TypedDict

import numpy as np
import torch
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
        self._bank, self._pairing, self._features = bank, pairing, features
        self._length, self._count, self._seed = length, count, seed
        groups: dict[str | None, list[int]] = {}
        for index, scene in enumerate(pairing.sound_scenes):
            groups.setdefault(scene, []).append(index)
        self._groups = list(groups.values())
        roots = np.sqrt([len(r.textures) for r in bank.recordings])
        self._weights = [roots[group] / roots[group].sum() for group in self._groups]

    def __len__(self) -> int:
        """Clips per epoch."""
        return self._count

    def __getitem__(self, index: int) -> Clip:
        """Cut clip number `index`; numbers beyond one epoch are the next epochs' clips."""
        random = np.random.default_rng((self._seed, index))
        group = int(random.integers(len(self._groups)))
        sound = int(random.choice(self._groups[group], p=self._weights[group]))
        room = len(self._bank.recordings[sound].samples) - self._length
        # At any sample, not only where frames begin: a recording then gives other frames each time it is cut,
        # which keeps a decoder over bands from learning them by heart.
        # Drawn beyond both ends and held there, so that beginning and end are met as often as the rest.
        drawn = int(random.integers(-(self._length // 2), room + self._length // 2 + 1))
        start = min(max(drawn, 0), room)
        samples, texture, envelope = self._bank.clip(sound, start, self._length)
        partners = self._pairing.photos_of[sound]
        features = swapped = torch.zeros(self._features.shape[-1])
        strangers = np.setdiff1d(np.arange(len(self._features)), partners)
        paired = len(partners) > 0 and len(strangers) > 0
        if len(partners):
            features = self._features[int(random.choice(partners))]
        if paired:
            swapped = self._features[int(random.choice(strangers))]
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
