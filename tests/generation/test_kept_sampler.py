"""Pieces of what was kept, in an order left to chance: nothing else is drawn, and nothing jumps."""

from collections.abc import Sequence

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from photowave.generation.kept_sampler import LONGEST_S, SHORTEST_S, KeptSampler

RATE = 50.0


def stretch(steps: int = 400, *, seed: int = 0) -> Tensor:
    """A smooth course of three components."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(steps + 8, 3, generator=generator)
    return noise.unfold(0, 9, 1).mean(-1)


def sampler(*stretches: Tensor, seeds: Sequence[int] = (0,), temperature: float = 1.0) -> KeptSampler:
    return KeptSampler(list(stretches), seeds=seeds, knots_per_s=RATE, temperature=temperature)


def places(drawn: Tensor, kept: Tensor) -> Tensor:
    """Where in the stretch each step comes from; -1 where it is a mixture of two."""
    off = torch.cdist(drawn, kept, compute_mode="donot_use_mm_for_euclid_dist")
    nearest = off.min(1)
    return torch.where(nearest.values < 1e-6, nearest.indices, -1)


def test_it_is_made_of_pieces_of_the_stretch() -> None:
    kept = stretch()
    found = places(sampler(kept).draw(2_000)[0], kept)
    pure = found >= 0
    assert float(pure.float().mean()) > 0.9
    goes_on = (found[1:] == found[:-1] + 1)[pure[1:] & pure[:-1]]
    assert bool(goes_on.all())
    cuts = (~pure).float().diff().clamp_min(0).nonzero().flatten()
    lengths_s = cuts.diff() / RATE
    assert float(lengths_s.min()) >= SHORTEST_S * 0.9
    assert float(lengths_s.max()) <= LONGEST_S * 1.1
    assert len(torch.unique(found)) > 200  # and not of a few places only


def test_cuts_do_not_jump() -> None:
    kept = stretch()
    steps = sampler(kept).draw(2_000)[0].diff(dim=0).norm(dim=1)
    assert float(steps.max()) < 1.5 * float(kept.diff(dim=0).norm(dim=1).max())


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 2**31), parts=st.lists(st.integers(1, 90), min_size=1, max_size=8))
def test_it_does_not_depend_on_how_it_is_asked_for(seed: int, parts: list[int]) -> None:
    kept, other = stretch(150), stretch(90, seed=1)
    whole = sampler(kept, other, seeds=(seed, 1)).draw(sum(parts))
    alone = sampler(kept, seeds=(seed,))
    assert torch.equal(torch.cat([alone.draw(count) for count in parts], 1), whole[:1])


def test_another_seed_is_another_order() -> None:
    kept = stretch()
    one, same, other = sampler(kept, kept, kept, seeds=(1, 1, 2)).draw(300)
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


@pytest.mark.parametrize("steps", [1, 2, 7, 30])
def test_short_stretches_are_repeated(steps: int) -> None:
    kept = stretch(steps)
    drawn = sampler(kept).draw(100)[0]
    assert bool(torch.isfinite(drawn).all())
    assert bool((drawn.amin(0) >= kept.amin(0) - 1e-6).all())
    assert bool((drawn.amax(0) <= kept.amax(0) + 1e-6).all())


def test_lower_temperature_is_calmer_about_the_same_mean() -> None:
    kept = stretch()
    warm, calm = sampler(kept).draw(500)[0], sampler(kept, temperature=0.5).draw(500)[0]
    torch.testing.assert_close(calm - kept.mean(0), 0.5 * (warm - kept.mean(0)), rtol=0, atol=1e-6)
    assert torch.equal(sampler(kept, temperature=3.0).draw(500)[0], warm)
