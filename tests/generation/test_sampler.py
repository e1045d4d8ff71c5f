"""The compiled sampler equals the plain forward pass, and no sound depends on its company."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_sampler import PlainSampler
from tiny_models import CONDITIONING, KINDS, random_frames, random_vectors, randomise, tiny_wavenet
from torch import Tensor

from photowave.generation.packing import lane_biases, pack
from photowave.generation.sampler import CachedSampler
from photowave.generation.samplers import compiled_sampler
from photowave.generation.spectral_sampler import SpectralSampler
from photowave.model import build_wavenet
from photowave.settings import ModelConfig
from photowave.wavenet import WaveNet

NULL = torch.linspace(-1, 1, CONDITIONING, dtype=torch.float64)
STEPS = 40


def cached(
    wavenet: WaveNet,
    vectors: Tensor,
    *,
    seeds: Sequence[int] | None = None,
    guidance: float = 1.0,
    threads: int = 1,
    temperature: float = 1.0,
    frames_per_knot: float = 1.0,
) -> CachedSampler | SpectralSampler:
    kind = np.float64 if vectors.dtype == torch.float64 else np.float32
    return compiled_sampler(
        wavenet,
        pack(wavenet, dtype=kind),
        vectors=vectors,
        seeds=list(range(len(vectors))) if seeds is None else seeds,
        frames_per_knot=frames_per_knot,
        temperature=temperature,
        guidance=guidance,
        null=NULL.to(vectors),
        threads=threads,
    )


def reference(wavenet: WaveNet, frames: Tensor, vectors: Tensor, guidance: float) -> Tensor:
    """The plain forward pass, and guidance by its definition."""
    with torch.no_grad():
        right, _ = wavenet(frames, vectors)
        without, _ = wavenet(frames, NULL.to(vectors).expand_as(vectors))
    return right if guidance == 1.0 else without + guidance * (right - without)


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("guidance", [1.0, 2.5, 0.0])
@pytest.mark.parametrize(("batch", "threads"), [(1, 1), (2, 1), (3, 2), (5, 8)])
def test_following_gives_what_the_forward_pass_gives(
    kind: tuple[str, int], guidance: float, batch: int, threads: int
) -> None:
    wavenet = tiny_wavenet(*kind)
    frames, vectors = random_frames(wavenet, batch, STEPS), random_vectors(batch)
    followed = cached(wavenet, vectors, guidance=guidance, threads=threads).follow(frames)
    expected = reference(wavenet, frames, vectors, guidance)
    torch.testing.assert_close(followed, expected, rtol=0, atol=1e-10)


@settings(deadline=None, max_examples=40)
@given(
    kind=st.sampled_from(KINDS),
    sizes=st.lists(st.integers(1, 12), min_size=1, max_size=5),
    dilations=st.sampled_from([(1,), (2, 1, 5), (1, 2, 4, 8), (64,)]),
    widths=st.tuples(st.integers(1, 20), st.integers(1, 20), st.integers(1, 20)),
    batch=st.integers(1, 4),
    threads=st.integers(1, 3),
    guidance=st.sampled_from([1.0, 1.7]),
)
def test_following_in_chunks_for_any_shape_of_network(
    kind: tuple[str, int],
    sizes: list[int],
    dilations: tuple[int, ...],
    widths: tuple[int, int, int],
    batch: int,
    threads: int,
    guidance: float,
) -> None:
    residual, gate, skip = widths
    wavenet = tiny_wavenet(*kind, residual=residual, gate=gate, skip=skip, dilations=dilations)
    frames, vectors = random_frames(wavenet, batch, sum(sizes)), random_vectors(batch)
    sampler = cached(wavenet, vectors, guidance=guidance, threads=threads)
    followed = torch.cat([sampler.follow(chunk) for chunk in frames.split(sizes, 1)], 1)
    expected = reference(wavenet, frames, vectors, guidance)
    torch.testing.assert_close(followed, expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("guidance", [1.0, 2.5])
@pytest.mark.parametrize("temperature", [1.0, 0.6])
def test_drawing_equals_the_plain_sampler(kind: tuple[str, int], guidance: float, temperature: float) -> None:
    wavenet, vectors, seeds = tiny_wavenet(*kind), random_vectors(3), [5, 6, 5]
    plain = PlainSampler(
        wavenet, vectors=vectors, seeds=seeds, temperature=temperature, guidance=guidance, null=NULL
    )
    quick = cached(wavenet, vectors, seeds=seeds, temperature=temperature, guidance=guidance, threads=2)
    for steps in (1, 30, 9):
        mine, expected = quick.draw(steps), plain.draw(steps)
        if kind[0] == "softmax":
            assert torch.equal(mine, expected)
        else:
            torch.testing.assert_close(mine, expected, rtol=0, atol=1e-9)


def tracks(sounds: int, knots: int) -> Tensor:
    return random_vectors(sounds * knots).view(sounds, knots, -1)


@pytest.mark.parametrize("kind", [("softmax", 1), ("mixture", 4)], ids=str)
@pytest.mark.parametrize("guidance", [1.0, 2.5])
@pytest.mark.parametrize(("knots", "frames_per_knot"), [(1, 3.0), (2, 7.5), (6, 8.0), (9, 3.3)])
def test_a_track_is_read_along_straight_lines(
    kind: tuple[str, int], guidance: float, knots: int, frames_per_knot: float
) -> None:
    """Compiled, plain, and one forward pass over all frames agree; the last knots are passed and held."""
    wavenet, vectors = tiny_wavenet(*kind), tracks(2, knots)
    plain = PlainSampler(
        wavenet, vectors=vectors, seeds=[0, 1], frames_per_knot=frames_per_knot, guidance=guidance, null=NULL
    )
    quick = cached(wavenet, vectors, guidance=guidance, threads=2, frames_per_knot=frames_per_knot)
    drawn = torch.cat([quick.draw(steps) for steps in (11, 1, STEPS - 12)], 1)
    torch.testing.assert_close(drawn, plain.draw(STEPS), rtol=0, atol=1e-9)
    places = torch.arange(STEPS, dtype=torch.float64) / frames_per_knot
    series = np.stack(
        [[np.interp(places, np.arange(knots), channel) for channel in track.T] for track in vectors.numpy()]
    )
    expected = reference(wavenet, drawn, torch.from_numpy(series).transpose(1, 2), guidance)
    again = cached(wavenet, vectors, guidance=guidance, frames_per_knot=frames_per_knot)
    torch.testing.assert_close(again.follow(drawn), expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("guidance", [1.0, 2.5])
def test_the_plain_sampler_follows_as_the_forward_pass_does(kind: tuple[str, int], guidance: float) -> None:
    wavenet, vectors = tiny_wavenet(*kind), random_vectors(2)
    frames = random_frames(wavenet, 2, STEPS)
    plain = PlainSampler(wavenet, vectors=vectors, seeds=[0, 1], guidance=guidance, null=NULL)
    followed = torch.cat([plain.follow(chunk) for chunk in frames.split([7, 1, STEPS - 8], 1)], 1)
    expected = reference(wavenet, frames, vectors, guidance)
    torch.testing.assert_close(followed, expected, rtol=0, atol=1e-11)


@pytest.mark.parametrize("kind", [("softmax", 1), ("mixture", 4)], ids=str)
def test_what_was_drawn_is_what_is_gone_on_with(kind: tuple[str, int]) -> None:
    """Following the frames that were drawn and then drawing gives the same as drawing on."""
    wavenet, vectors = tiny_wavenet(*kind), random_vectors(2)
    sampler = cached(wavenet, vectors)
    drawn = sampler.draw(25)
    expected = reference(wavenet, torch.cat([drawn, drawn[:, :1]], 1), vectors, 1.0)[:, -1:]
    # One more frame, whose distribution shows the whole past.
    torch.testing.assert_close(sampler.follow(drawn[:, :1]), expected, rtol=0, atol=1e-10)


def test_float32_stays_near_the_reference_at_the_default_size() -> None:
    wavenet = build_wavenet(ModelConfig()).double()
    randomise(wavenet, seed=3)
    for name, weight in wavenet.named_parameters():
        # Roughly the spread of trained weights, embeddings aside.
        if "embedding" not in name:
            weight.data.mul_(0.1 / weight.data.std())
    frames = random_frames(wavenet, 2, 300)
    generator = torch.Generator().manual_seed(0)
    vectors = torch.randn(2, wavenet.condition_skip.in_features, generator=generator, dtype=torch.float64)
    with torch.no_grad():
        expected, _ = wavenet(frames, vectors)
    assert float(expected.std()) > 0.5  # large enough for an error to show
    sampler = compiled_sampler(wavenet, pack(wavenet), vectors=vectors, seeds=[0, 1], threads=1)
    followed = sampler.follow(frames)
    assert followed.dtype == torch.float32
    assert float((followed.double() - expected).abs().max()) < 1e-4


@settings(deadline=None, max_examples=60)
@given(
    kind=st.sampled_from([("softmax", 1), ("mixture", 1), ("mixture", 4), ("spectral", 16)]),
    widths=st.sampled_from([(6, 5, 7), (8, 8, 16), (11, 17, 9), (16, 12, 33)]),
    seeds=st.lists(st.integers(0, 3), min_size=1, max_size=6),
    sizes=st.lists(st.integers(1, 20), min_size=1, max_size=5),
    threads=st.integers(1, 4),
    guidance=st.sampled_from([1.0, 2.5]),
)
def test_a_sound_is_the_same_to_the_last_bit_in_any_company(
    kind: tuple[str, int],
    widths: tuple[int, int, int],
    seeds: list[int],
    sizes: list[int],
    threads: int,
    guidance: float,
) -> None:
    residual, gate, skip = widths
    wavenet = tiny_wavenet(*kind, residual=residual, gate=gate, skip=skip, dtype=torch.float32)
    vectors = random_vectors(len(seeds), dtype=torch.float32)
    together = cached(wavenet, vectors, seeds=seeds, guidance=guidance, threads=threads)
    drawn = torch.cat([together.draw(size) for size in sizes], 1)
    for index, seed in enumerate(seeds):
        alone = cached(wavenet, vectors[index : index + 1], seeds=[seed], guidance=guidance)
        assert np.array_equal(alone.draw(sum(sizes))[0].numpy(), drawn[index].numpy())


@pytest.mark.parametrize("shape", [(9,), (5, 34), (3, 685), (4, 1)], ids=str)
def test_biases_do_not_depend_on_where_a_lane_lies_in_memory(shape: tuple[int, ...]) -> None:
    """Products may round differently when a row does not begin at a multiple of 64 bytes."""
    wavenet = tiny_wavenet("mixture", 4, gate=37, skip=7, dtype=torch.float32)
    vectors = random_vectors(math.prod(shape), dtype=torch.float32).view(*shape, -1)
    together = lane_biases(wavenet, vectors, dtype=np.float32)
    for index in range(len(vectors)):
        alone = lane_biases(wavenet, vectors[index : index + 1].clone(), dtype=np.float32)
        assert all(np.array_equal(a[0], b[index]) for a, b in zip(alone, together, strict=True))


def test_seed_and_vector_make_the_sound() -> None:
    wavenet = tiny_wavenet(dtype=torch.float32)
    vectors = random_vectors(2, dtype=torch.float32)[[0, 0, 1]]
    drawn = cached(wavenet, vectors, seeds=[1, 2, 1]).draw(200)
    assert not torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])


@pytest.mark.parametrize("kind", [("softmax", 1), ("mixture", 2)], ids=str)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_saturated_units_stay_finite(kind: tuple[str, int], dtype: torch.dtype) -> None:
    wavenet = tiny_wavenet(*kind, dtype=dtype)
    for layer in wavenet.gated_layers:
        layer.taps.bias.data.mul_(3000)
    frames, vectors = random_frames(wavenet, 1, STEPS), random_vectors(1, dtype=dtype)
    followed = cached(wavenet, vectors).follow(frames)
    expected = reference(wavenet, frames, vectors, 1.0)
    torch.testing.assert_close(followed, expected, rtol=1e-4, atol=1e-4)


def test_packed_weights_are_a_copy() -> None:
    wavenet = tiny_wavenet()
    packed = pack(wavenet, dtype=np.float64)
    before = [array.copy() for array in packed.weights]
    randomise(wavenet, seed=99)
    assert all(np.array_equal(a, b) for a, b in zip(before, packed.weights, strict=True))
