"""Networks that run as one give what each gives by itself, wherever it stands."""

import numpy as np
import pytest
import torch
from tiny_models import randomise, tiny_config

from photowave.generation.joining import JoinedLanes, JoinedNetworks
from photowave.generation.packing import pack
from photowave.generation.sampler import CachedSampler
from photowave.model import build_wavenet


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("frames_per_knot", [1.0, 2.7])
def test_each_lane_goes_on_from_where_it_stands(frames_per_knot: float, threads: int) -> None:
    wavenet = build_wavenet(tiny_config("spectral", 64))
    randomise(wavenet, seed=1)
    packed, chance = pack(wavenet), torch.Generator().manual_seed(0)
    lanes, before, after = (1, 3, 2), (0, 5, 12), 9
    tracks = [torch.randn(count, 9, wavenet.condition_skip.in_features, generator=chance) for count in lanes]
    frames = [
        torch.randn(count, first + after + 4, packed.bands, generator=chance)
        for count, first in zip(lanes, before, strict=True)
    ]

    def samplers() -> list[CachedSampler]:
        made = [
            CachedSampler(
                wavenet, packed, vectors=track, seeds=[0] * len(track), threads=threads,
                frames_per_knot=frames_per_knot,
            )
            for track in tracks
        ]  # fmt: skip
        for sampler, given, first in zip(made, frames, before, strict=True):
            sampler.follow(given[:, :first])
        return made

    alone = [
        sampler.follow(given[:, first:])
        for sampler, given, first in zip(samplers(), frames, before, strict=True)
    ]
    together = samplers()
    given = torch.cat([part[:, first : first + after] for part, first in zip(frames, before, strict=True)])
    followed = np.empty((sum(lanes), after, packed.channels), packed.dtype)

    def work(part: JoinedLanes) -> None:
        for step in range(after):
            followed[part.lanes, step] = part.follow()
            part.enter(given[part.lanes, step].numpy())

    JoinedNetworks(together, after).run(work)
    rest = zip(together, alone, torch.from_numpy(followed).split(lanes), frames, strict=True)
    for sampler, one, other, told in rest:
        assert np.array_equal(one[:, :after], other)
        assert np.array_equal(one[:, after:], sampler.follow(told[:, -4:]))
