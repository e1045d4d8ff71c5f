"""A decoder that follows an envelope: as with the whole track at once, in any pieces and any company."""

import copy
import dataclasses
import math
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_sampler import PlainSampler
from tiny_models import (
    CONDITIONING,
    random_frames,
    random_vectors,
    randomise,
    save_photo,
    tiny_config,
    tiny_model,
    tiny_wavenet,
    with_envelope,
)
from torch import Tensor, nn

from photowave.checkpoint import LoadedModel
from photowave.generation import SoundscapeGenerator, following, graph_sampler
from photowave.generation import sampler as cached_sampler
from photowave.generation.following import BLOCK, FollowingSampler, knots_per_block
from photowave.generation.graph_sampler import GraphSampler
from photowave.generation.packing import pack
from photowave.generation.randomness import Purpose, UniformStream
from photowave.generation.sampler import CachedSampler
from photowave.generation.samplers import frames_per_knot
from photowave.model import EnvelopeStack
from photowave.settings import DrawSettings
from photowave.wavenet import WaveNet
from photowave.wavenet.track import interpolate

COMPONENTS = 3
NULL = torch.linspace(-1, 1, CONDITIONING, dtype=torch.float64)
COARSE = Purpose.ENVELOPE
"""Purpose of the coarse sampler's random numbers."""


def tiny_envelope(*, dtype: torch.dtype = torch.float64) -> EnvelopeStack:
    """An envelope with random weights for `tiny_wavenet`."""
    wavenet = tiny_wavenet("mixture", COMPONENTS, residual=5, dilations=(1, 3), seed=7, dtype=dtype)
    envelope = EnvelopeStack(
        wavenet, mels=4, components=COMPONENTS, channels=CONDITIONING, knots_per_s=16.0
    ).to(dtype)
    randomise(envelope.network, seed=8)
    randomise(envelope.moments, seed=9)
    return envelope


def cached(wavenet: WaveNet, vectors: Tensor, **options: Any) -> CachedSampler:
    kind = np.float64 if vectors.dtype == torch.float64 else np.float32
    return CachedSampler(wavenet, pack(wavenet, dtype=kind), vectors=vectors, **options)


def led(
    wavenet: WaveNet,
    envelope: EnvelopeStack,
    vectors: Tensor,
    *,
    seeds: Sequence[int],
    frames_per_knot: float,
    guidance: float = 1.0,
    temperature: float = 1.0,
    threads: int | None = 1,
    recorded: bool = False,
) -> FollowingSampler:
    options: dict[str, Any] = {
        "seeds": seeds,
        "frames_per_knot": frames_per_knot,
        "guidance": guidance,
        "temperature": temperature,
        "null": NULL.to(vectors),
    }
    knots = vectors[:, None].expand(-1, knots_per_block(frames_per_knot), -1)
    if recorded:
        coarse: Any = GraphSampler(envelope.wavenet, vectors=vectors, purpose=COARSE, **options)
        fine: Any = GraphSampler(wavenet, vectors=knots, **options)
    else:
        coarse = cached(envelope.wavenet, vectors, purpose=COARSE, threads=threads, **options)
        fine = cached(wavenet, knots, threads=threads, **options)
    return FollowingSampler(
        envelope,
        coarse=coarse,
        fine=fine,
        vectors=vectors,
        null=NULL.to(vectors),
        frames_per_knot=frames_per_knot,
        guidance=guidance,
    )


def guided_moments(envelope: EnvelopeStack, vectors: Tensor, guidance: float) -> tuple[Tensor, Tensor]:
    """Mean and spread on the straight line from those without photo to each sound's own, in nepers."""
    mean, spread = envelope.drawn(vectors)
    mean_without, spread_without = envelope.drawn(NULL[None].to(vectors))
    nepers = ((1 - guidance) * spread_without.log() + guidance * spread.log()).clamp(-2, 2)
    return (1 - guidance) * mean_without + guidance * mean, nepers.exp()


def whole_track(
    envelope: EnvelopeStack, vectors: Tensor, knots: int, **options: Any
) -> tuple[Tensor, Tensor]:
    """The track of all knots, with photo and without, from coarse frames drawn at once."""
    movements = cached(envelope.wavenet, vectors, purpose=COARSE, null=NULL, **options).draw(knots)
    with torch.no_grad():
        mean, spread = guided_moments(envelope, vectors, options["guidance"])
        frames = mean + spread * movements
        return envelope.knots(vectors, frames), envelope.knots(NULL.expand_as(vectors), frames)


@pytest.mark.parametrize("kind", [("softmax", 1), ("mixture", 4)], ids=str)
@pytest.mark.parametrize("guidance", [1.0, 2.5])
@pytest.mark.parametrize("frames_per_knot", [32.0, 176.5, 1500.7, 0.75])
def test_following_is_drawing_with_the_whole_track_at_once(
    kind: tuple[str, int], guidance: float, frames_per_knot: float
) -> None:
    """Up to rounding: products over other numbers of knots may differ in the last place of a float64."""
    wavenet, envelope, vectors = tiny_wavenet(*kind), tiny_envelope(), random_vectors(2)
    steps = 2 * BLOCK + 100
    options: dict[str, Any] = {"seeds": [3, 4], "guidance": guidance, "temperature": 0.8}
    count = math.ceil(steps / frames_per_knot) + 1
    with_photo, without = whole_track(envelope, vectors, count, **options)
    options["frames_per_knot"] = frames_per_knot
    drawn = led(wavenet, envelope, vectors, **options).draw(steps)
    expected = cached(wavenet, with_photo, null=without, **options).draw(steps)
    torch.testing.assert_close(drawn, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("guidance", [1.0, 2.5])
def test_following_is_what_plain_pytorch_does(guidance: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "BLOCK", 64)
    wavenet, envelope, vectors = tiny_wavenet("mixture", 2), tiny_envelope(), random_vectors(2)
    options: dict[str, Any] = {"seeds": [3, 4], "guidance": guidance}
    with_photo, without = whole_track(envelope, vectors, 30, **options)
    options["frames_per_knot"] = 7.3
    plain = PlainSampler(wavenet, vectors=with_photo, null=without, **options)
    drawn = led(wavenet, envelope, vectors, **options).draw(150)
    torch.testing.assert_close(drawn, plain.draw(150), rtol=0, atol=1e-9)


def test_the_envelope_is_heard() -> None:
    """Without this, the tests above could hold for an envelope that leads nowhere."""
    wavenet, envelope, vectors = tiny_wavenet("mixture", 2), tiny_envelope(), random_vectors(1)
    options: dict[str, Any] = {"seeds": [3], "frames_per_knot": 32.0}
    drawn = led(wavenet, envelope, vectors, **options).draw(300)
    for parameter in envelope.wavenet.project.parameters():
        parameter.data.mul_(1.5)
    other = led(wavenet, envelope, vectors, **options).draw(300)
    assert float((drawn - other).abs().mean()) > 0.01


@pytest.mark.parametrize("part", ["mean", "spread"])
def test_mean_and_spread_of_the_envelope_are_heard(part: str) -> None:
    wavenet, envelope, vectors = tiny_wavenet("mixture", 2), tiny_envelope(), random_vectors(1)
    options: dict[str, Any] = {"seeds": [3], "frames_per_knot": 32.0}
    drawn = led(wavenet, envelope, vectors, **options).draw(300)
    rows = slice(0, COMPONENTS) if part == "mean" else slice(COMPONENTS, 2 * COMPONENTS)
    envelope.moments.bias.data[rows] += 0.5
    other = led(wavenet, envelope, vectors, **options).draw(300)
    assert float((drawn - other).abs().mean()) > 1e-3


class Still:
    """Stands for the coarse sampler: every movement of a sound is the same."""

    def __init__(self, movements: Tensor):
        self.movements = movements

    def draw(self, steps: int) -> Tensor:
        return self.movements[:, None].expand(-1, steps, -1)


class Led:
    """Stands for the decoder: keeps the tracks it is led along, with photo and without."""

    def __init__(self) -> None:
        self.tracks = torch.zeros(0), torch.zeros(0)

    def lead(self, vectors: Tensor, *, null: Tensor, origin: int) -> None:
        self.tracks = vectors, null

    def draw(self, steps: int) -> Tensor:
        return torch.zeros(len(self.tracks[0]), steps)


def tracks_of(
    envelope: EnvelopeStack, vectors: Tensor, movements: Tensor, guidance: float
) -> tuple[Tensor, Tensor]:
    """What the decoder is led along where the envelope moves so."""
    fine = Led()
    FollowingSampler(
        envelope,
        coarse=Still(movements),  # type: ignore[arg-type]
        fine=fine,  # type: ignore[arg-type]
        vectors=vectors,
        null=NULL.to(vectors),
        frames_per_knot=200.0,
        guidance=guidance,
    ).draw(1)
    return fine.tracks


def frames_of(
    envelope: EnvelopeStack, vectors: Tensor, movements: Tensor, guidance: float
) -> tuple[Tensor, Tensor]:
    """The envelope's frames as the decoder is told of them, with photo and without."""
    shown = copy.deepcopy(envelope)
    # In place of the network: each component goes into a channel of its own.
    shown.network = nn.ConstantPad1d((0, CONDITIONING - COMPONENTS), 0.0)  # type: ignore[assignment]
    with_photo, without = tracks_of(shown, vectors, movements, guidance)
    told = (with_photo - vectors[:, None])[..., :COMPONENTS], (without - NULL)[..., :COMPONENTS]
    return EnvelopeStack.SPREAD * told[0], EnvelopeStack.SPREAD * told[1]


@settings(deadline=None, max_examples=60)
@given(
    guidance=st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0.0, 6.0)),
    sounds=st.integers(1, 4),
    seed=st.integers(0, 99),
)
def test_guidance_leads_mean_and_spread_along_a_line(guidance: float, sounds: int, seed: int) -> None:
    """The mean moves away from that without photo by as much, the spread by as many nepers."""
    envelope, vectors = tiny_envelope(), random_vectors(sounds, seed=seed)
    movements = torch.randn(
        sounds, COMPONENTS, generator=torch.Generator().manual_seed(seed), dtype=torch.float64
    )
    with_photo, without = frames_of(envelope, vectors, movements, guidance)
    with torch.no_grad():
        mean, spread = guided_moments(envelope, vectors, guidance)
    expected = (mean + spread * movements[:, None]).expand_as(with_photo)
    torch.testing.assert_close(with_photo, expected, rtol=1e-9, atol=1e-9)
    # Without photo the decoder follows the same envelope.
    torch.testing.assert_close(without, with_photo, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("guidance", [0.0, 1.0])
def test_guidance_of_one_keeps_the_own_moments_and_of_zero_those_without_photo(guidance: float) -> None:
    envelope, vectors = tiny_envelope(), random_vectors(3)
    source = vectors if guidance == 1.0 else NULL.expand_as(vectors)
    with torch.no_grad():
        mean, spread = envelope.drawn(source)
    still = frames_of(envelope, vectors, torch.zeros(3, COMPONENTS).double(), guidance)[0]
    torch.testing.assert_close(still, mean.expand_as(still), rtol=0, atol=1e-12)
    moved = frames_of(envelope, vectors, torch.ones(3, COMPONENTS).double(), guidance)[0]
    torch.testing.assert_close(moved - still, spread.expand_as(still), rtol=0, atol=1e-12)
    # Nothing of this is 0 or 1, as it would be if the layer said nothing.
    assert float(mean.abs().min()) > 1e-3
    assert float(spread.log().abs().min()) > 1e-3


@settings(deadline=None, max_examples=60)
@given(
    sounds=st.integers(2, 40),
    seed=st.integers(0, 99),
    guidance=st.one_of(st.sampled_from([0.0, 0.7, 1.0, 2.5]), st.floats(0.0, 6.0)),
    dtype=st.sampled_from([torch.float32, torch.float64]),
)
def test_in_large_company_every_track_is_the_same_to_the_last_bit(
    sounds: int, seed: int, guidance: float, dtype: torch.dtype
) -> None:
    """More numbers than a processor takes at once, so that some fall to its other path."""
    envelope, vectors = tiny_envelope(dtype=dtype), random_vectors(sounds, seed=seed, dtype=dtype)
    movements = torch.randn(sounds, COMPONENTS, generator=torch.Generator().manual_seed(seed), dtype=dtype)
    together = tracks_of(envelope, vectors, movements, guidance)
    for index in range(sounds):
        one = slice(index, index + 1)
        alone = tracks_of(envelope, vectors[one], movements[one], guidance)
        assert all(torch.equal(a[0], t[index]) for a, t in zip(alone, together, strict=True))


@settings(deadline=None, max_examples=40)
@given(
    kind=st.sampled_from([("softmax", 1), ("mixture", 4)]),
    seeds=st.lists(st.integers(0, 3), min_size=1, max_size=5),
    sizes=st.lists(st.integers(1, 900), min_size=1, max_size=5),
    frames_per_knot=st.one_of(st.sampled_from([32.0, 128.0, 176.5]), st.floats(1.5, 3000.0)),
    threads=st.integers(1, 4),
    guidance=st.sampled_from([1.0, 2.5]),
)
def test_a_sound_is_the_same_to_the_last_bit_in_any_pieces_and_any_company(
    kind: tuple[str, int],
    seeds: list[int],
    sizes: list[int],
    frames_per_knot: float,
    threads: int,
    guidance: float,
) -> None:
    wavenet, envelope = tiny_wavenet(*kind, dtype=torch.float32), tiny_envelope(dtype=torch.float32)
    vectors = random_vectors(len(seeds), dtype=torch.float32)
    options: dict[str, Any] = {"frames_per_knot": frames_per_knot, "guidance": guidance}
    together = led(wavenet, envelope, vectors, seeds=seeds, threads=threads, **options)
    drawn = torch.cat([together.draw(size) for size in sizes], 1)
    assert drawn.shape[:2] == (len(seeds), sum(sizes))
    for index, seed in enumerate(seeds):
        alone = led(wavenet, envelope, vectors[index : index + 1], seeds=[seed], **options)
        assert np.array_equal(alone.draw(sum(sizes))[0].numpy(), drawn[index].numpy())


@settings(deadline=None, max_examples=10)
@given(sizes=st.lists(st.integers(1, 400), min_size=2, max_size=6))
def test_pieces_from_a_recording_are_the_whole(sizes: list[int]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(following, "BLOCK", 64)
        wavenet, envelope, vectors = tiny_wavenet(), tiny_envelope(), random_vectors(1)
        options: dict[str, Any] = {"seeds": [1], "frames_per_knot": 9.3, "recorded": True}
        scaled = [1 + size // 20 for size in sizes]
        pieces = led(wavenet, envelope, vectors, **options)
        drawn = torch.cat([pieces.draw(size) for size in scaled], 1)
        assert torch.equal(drawn, led(wavenet, envelope, vectors, **options).draw(sum(scaled)))


class Counting:
    """Stands for the coarse sampler: its n-th frame is n."""

    def __init__(self) -> None:
        self.drawn = 0

    def draw(self, steps: int) -> Tensor:
        assert steps >= 0
        self.drawn += steps
        return torch.arange(self.drawn - steps, self.drawn, dtype=torch.float64)[None, :, None]


class Reading:
    """Stands for the decoder: a frame is what its track says there, read as the kernel reads it."""

    def __init__(self, frames_per_knot: float):
        self.per_frame, self.time = 1.0 / frames_per_knot, 0
        self.knots, self.origin = np.zeros(0), 0

    def lead(self, vectors: Tensor, *, null: Tensor, origin: int) -> None:
        self.knots, self.origin = vectors[0, :, 0].numpy(), origin

    def draw(self, steps: int) -> Tensor:
        places = np.arange(self.time, self.time + steps) * self.per_frame - self.origin
        self.time += steps
        read = np.interp(places, np.arange(len(self.knots)), self.knots)
        return torch.from_numpy(read)[None]


def ruler(frames_per_knot: float) -> tuple[FollowingSampler, Counting]:
    """A sampler whose frames tell where on the track they lie, in knots."""
    envelope = EnvelopeStack(
        tiny_wavenet("mixture", 1), mels=1, components=1, channels=1, knots_per_s=1.0
    ).double()
    envelope.network = nn.Identity()  # type: ignore[assignment]
    coarse, fine = Counting(), Reading(frames_per_knot)
    nothing = torch.zeros(1, 1, dtype=torch.float64)
    sampler = FollowingSampler(
        envelope,
        coarse=coarse,  # type: ignore[arg-type]
        fine=fine,  # type: ignore[arg-type]
        vectors=nothing,
        null=nothing[0],
        frames_per_knot=frames_per_knot,
        guidance=1.0,
    )
    return sampler, coarse


FRAMES_PER_KNOT = st.one_of(
    st.floats(0.2, 70_000.0),
    # Step in samples over bands: what configurations give.
    st.builds(lambda step, bands: step / bands, st.integers(16, 70_000), st.sampled_from([1, 2, 8, 16, 32])),
    # Near or on the edge of a block.
    st.builds(lambda knots, off: BLOCK / knots * (1 + off), st.integers(1, 2048), st.floats(-1e-12, 1e-12)),
)  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(frames_per_knot=FRAMES_PER_KNOT, blocks=st.integers(1, 40))
def test_every_frame_finds_its_knots_whether_or_not_they_lie_on_frames(
    frames_per_knot: float, blocks: int
) -> None:
    """A knot that was missing would be replaced by the last one there, and the place would stand still."""
    sampler, coarse = ruler(frames_per_knot)
    steps = blocks * BLOCK
    read = sampler.draw(steps)[0] * EnvelopeStack.SPREAD
    expected = torch.arange(steps, dtype=torch.float64) / frames_per_knot
    torch.testing.assert_close(read, expected, rtol=1e-12, atol=1e-9)
    # And no more of the envelope is drawn than a block needs.
    assert coarse.drawn <= steps / frames_per_knot + 3


@pytest.mark.parametrize("frames_per_knot", [176.5, 128.0, 88.2, 16_384.0, 0.9])
def test_what_is_kept_does_not_grow(frames_per_knot: float) -> None:
    sampler, coarse = ruler(frames_per_knot)
    count = knots_per_block(frames_per_knot)
    for _ in range(500):
        sampler.draw(BLOCK)
        assert sampler._knots.shape[1] == count
        # A view keeps alive what it looks into.
        assert sampler._knots.untyped_storage().nbytes() <= 8 * 2 * count
    expected = 500 * BLOCK / frames_per_knot
    assert expected <= coarse.drawn <= expected + 3


@pytest.mark.parametrize("frames_per_knot", [176.5, 88.2, 1412 / 3])
def test_after_hours_every_frame_still_finds_its_knots(frames_per_knot: float) -> None:
    sampler, coarse = ruler(frames_per_knot)
    hours = 10_000_000
    sampler._block = hours
    sampler._first_knot = coarse.drawn = int(hours * BLOCK / frames_per_knot)
    sampler._fine.time = hours * BLOCK  # type: ignore[union-attr]
    read = sampler.draw(3 * BLOCK)[0] * EnvelopeStack.SPREAD
    expected = torch.arange(hours * BLOCK, (hours + 3) * BLOCK, dtype=torch.float64) / frames_per_knot
    torch.testing.assert_close(read, expected, rtol=1e-14, atol=0)


def cpu_and_cuda() -> list[Any]:
    missing = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
    return ["cpu", pytest.param("cuda", marks=missing)]


@pytest.mark.parametrize("device", cpu_and_cuda())
@pytest.mark.parametrize("kind", [("softmax", 1), ("mixture", 4)], ids=str)
@pytest.mark.parametrize("guidance", [1.0, 2.5])
def test_recorded_blocks_are_led_as_the_compiled_sampler_is(
    device: str, kind: tuple[str, int], guidance: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What runs on a GPU; on the CPU the same steps run one by one."""
    monkeypatch.setattr(following, "BLOCK", 2 * graph_sampler.BLOCK)
    options: dict[str, Any] = {"seeds": [5, 6, 5], "frames_per_knot": 7.3, "guidance": guidance}
    wavenet, envelope, vectors = tiny_wavenet(*kind), tiny_envelope(), random_vectors(3)
    expected = led(wavenet, envelope, vectors, **options).draw(200)
    there = led(wavenet.to(device), envelope.to(device), vectors.to(device), recorded=True, **options)
    drawn = torch.cat([there.draw(steps) for steps in (1, 70, 129)], 1)
    torch.testing.assert_close(drawn, expected, rtol=0, atol=1e-9)


def test_the_envelope_changes_only_between_recorded_blocks() -> None:
    """Frames that were drawn ahead would otherwise have followed the track before."""
    assert BLOCK % graph_sampler.BLOCK == 0


@pytest.mark.parametrize("kind", [("softmax", 1), ("mixture", 4)], ids=str)
@pytest.mark.parametrize("guidance", [0.0, 0.5, 2.5])
def test_guidance_combines_the_parameters_of_two_led_lanes(kind: tuple[str, int], guidance: float) -> None:
    wavenet, per_knot, piece = tiny_wavenet(*kind), 8.0, 32
    with_photo, without = (random_vectors(2 * 14, seed=seed).view(2, 14, -1) for seed in (3, 4))
    frames = random_frames(wavenet, 2, 3 * piece)
    sampler = cached(
        wavenet, with_photo[:, :6], seeds=[0, 1], frames_per_knot=per_knot, guidance=guidance, null=NULL
    )
    followed = []
    for number, part in enumerate(frames.split(piece, 1)):
        first = int(number * piece / per_knot)
        window = slice(first, first + 6)
        sampler.lead(with_photo[:, window], null=without[:, window], origin=first)
        followed.append(sampler.follow(part))
    places = (torch.arange(3 * piece, dtype=torch.float64) / per_knot).expand(2, -1)
    with torch.no_grad():
        a, b = (wavenet(frames, interpolate(track, places))[0] for track in (with_photo, without))
    torch.testing.assert_close(torch.cat(followed, 1), b + guidance * (a - b), rtol=0, atol=1e-9)


def test_guidance_of_zero_leaves_the_photo_out_of_envelope_and_sound() -> None:
    wavenet, envelope, vectors = tiny_wavenet("mixture", 4), tiny_envelope(), random_vectors(2)
    options: dict[str, Any] = {"seeds": [9, 9], "frames_per_knot": 20.0}
    one, other = led(wavenet, envelope, vectors, guidance=0.0, **options).draw(200)
    torch.testing.assert_close(one, other, rtol=0, atol=1e-12)
    one, other = led(wavenet, envelope, vectors, guidance=0.5, **options).draw(200)
    assert float((one - other).abs().mean()) > 0.01


def model_with_envelope(
    output: str = "mixture", bands: int = 4, *, sample_rate: int = 2_000
) -> SoundscapeGenerator:
    """A generator without photo encoder whose sound follows an envelope."""
    config = tiny_config(output, bands)
    audio = dataclasses.replace(config.audio, sample_rate=sample_rate)
    model = tiny_model(with_envelope(dataclasses.replace(config, audio=audio), components=COMPONENTS, hops=4))
    return SoundscapeGenerator(LoadedModel(model, Path("none"), "", "", ""))


@pytest.fixture(scope="module")
def drawer() -> SoundscapeGenerator:
    return model_with_envelope()


def vectors_of(drawer: SoundscapeGenerator, count: int = 1) -> Tensor:
    generator = torch.Generator().manual_seed(4)
    return torch.randn(count, len(drawer.model.conditioner.null), generator=generator)


@pytest.mark.parametrize(("output", "bands"), [("softmax", 1), ("mixture", 4), ("mixture", 8)])
@pytest.mark.parametrize("sample_rate", [2_000, 22_050])
def test_a_longer_sound_begins_as_the_shorter_one(output: str, bands: int, sample_rate: int) -> None:
    drawer = model_with_envelope(output, bands, sample_rate=sample_rate)
    vectors = vectors_of(drawer, 2)
    lengths = [1, *(frames * bands - 1 for frames in (BLOCK - 1, BLOCK + 1, 2 * BLOCK + 7))]
    *shorter, longest = (
        drawer.draw(vectors, DrawSettings(duration_s=length / sample_rate), seeds=[1, 2])
        for length in lengths
    )
    assert longest.shape == (2, lengths[-1])
    assert bool(longest.isfinite().all())
    for sound in shorter:
        assert torch.equal(sound, longest[:, : sound.shape[1]])


def test_steps_of_the_envelope_need_not_be_whole_numbers_of_frames() -> None:
    drawer = model_with_envelope("mixture", 8, sample_rate=22_050)
    # A hop of 16 ms is 353 samples, four of them 1,412.
    assert frames_per_knot(drawer.model) == pytest.approx(1412 / 8, rel=1e-12)
    assert frames_per_knot(drawer.model) % 1 == pytest.approx(0.5)


@pytest.fixture(scope="module")
def with_encoder(
    tiny_model_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[SoundscapeGenerator, Path]:
    """A generator that reads photos, and a photo."""
    from photowave.generation import load

    whole = load(tiny_model_file)
    config = model_with_envelope().model.config
    model = tiny_model(config, feature_dim=whole.encoder.feature_dim)
    drawer = SoundscapeGenerator(dataclasses.replace(whole.loaded, model=model))
    drawer._encoder = whole.encoder
    return drawer, save_photo(tmp_path_factory.mktemp("photo") / "photo.png", 1)


@settings(deadline=None, max_examples=15)
@given(chunk_s=st.floats(0.002, 2.0), samples=st.integers(1, 9_000), seed=st.integers(0, 5))
def test_a_stream_is_the_sound_in_pieces(
    chunk_s: float, samples: int, seed: int, with_encoder: tuple[SoundscapeGenerator, Path]
) -> None:
    drawer, photo = with_encoder
    options: dict[str, Any] = {"duration_s": samples / 2_000, "seed": seed, "variation": 1}
    pieces = np.concatenate(list(drawer.stream(photo, chunk_s=chunk_s, **options)))
    assert np.array_equal(pieces, drawer.generate(photo, **options).samples)
    endless = list(islice(drawer.stream(photo, chunk_s=chunk_s, seed=seed, variation=1), 3))
    begun = np.concatenate(endless)[:samples]
    assert np.array_equal(begun, pieces[: len(begun)])


def test_an_endless_stream_keeps_no_more_than_a_block_needs(drawer: SoundscapeGenerator) -> None:
    settings = DrawSettings(threads=1)
    sampler = drawer._sampler(vectors_of(drawer), [1], settings)
    assert isinstance(sampler, FollowingSampler)
    pieces = islice(drawer._pieces(sampler, None, settings, chunk_s=1.0, side=None, sounds=1), 60)
    kept = {sampler._knots.shape[1] for _ in pieces}
    assert kept == {knots_per_block(frames_per_knot(drawer.model))}


@pytest.mark.parametrize("guidance", [1.0, 2.0])
def test_a_sound_begins_when_the_past_of_its_envelope_is_full(
    guidance: float, drawer: SoundscapeGenerator
) -> None:
    envelope, vectors = drawer.model.envelope, vectors_of(drawer)
    assert envelope is not None
    sampler = drawer._sampler(vectors, [5], DrawSettings(guidance=guidance, threads=1))
    assert isinstance(sampler, FollowingSampler)
    sampler.draw(1)
    unheard, begun = envelope.wavenet.receptive_field, sampler._knots
    null = drawer.model.conditioner.null.detach()
    coarse = CachedSampler(
        envelope.wavenet, pack(envelope.wavenet), vectors=vectors, seeds=[5], purpose=COARSE,
        guidance=guidance, null=null,
    )  # fmt: skip
    movements = coarse.draw(unheard + begun.shape[1])
    expected = sampler._mean + sampler._spread * movements[:, unheard:]
    assert torch.equal(begun, expected)
    assert not torch.equal(begun, sampler._mean + sampler._spread * movements[:, : begun.shape[1]])


@pytest.mark.parametrize("compiled", [True, False])
def test_envelope_and_sound_share_no_random_numbers(
    compiled: bool, drawer: SoundscapeGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: dict[UniformStream, list[np.ndarray]] = {}

    class Watched(UniformStream):
        def take(self, count: int) -> np.ndarray:
            numbers = super().take(count)
            taken.setdefault(self, []).append(numbers)
            return numbers

    for module in (cached_sampler, graph_sampler):
        monkeypatch.setattr(module, "UniformStream", Watched)
    if not compiled:
        monkeypatch.setattr(drawer, "_packed", {})
    drawer.draw(vectors_of(drawer), DrawSettings(duration_s=0.1), seeds=[7])
    numbers = [np.concatenate(parts) for parts in taken.values()]
    texture = UniformStream(7, purpose=Purpose.TEXTURE).take(1_000)
    assert len(numbers) == 2
    assert min(map(len, numbers)) > 30
    assert len(np.unique(np.concatenate([*numbers, texture]))) == sum(map(len, numbers)) + len(texture)


@pytest.mark.parametrize("compiled", [True, False])
def test_temperature_reaches_both(
    compiled: bool, drawer: SoundscapeGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where hardly anything is left to chance, seeds matter no more, neither to envelope nor to sound."""
    if not compiled:
        monkeypatch.setattr(drawer, "_packed", {})
    vectors = vectors_of(drawer).expand(2, -1)

    def apart(temperature: float) -> float:
        one, other = drawer.draw(vectors, DrawSettings(duration_s=0.2, temperature=temperature), seeds=[1, 2])
        return float((one - other).abs().max())

    assert apart(1e-6) < 1e-3
    assert apart(1.0) > 0.1


@pytest.mark.parametrize("guidance", [1.0, 2.5])
def test_the_plain_path_draws_what_the_compiled_one_draws(
    guidance: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What runs on a GPU, here on the CPU and in float64, so that rounding cannot tip a choice."""
    monkeypatch.setattr(following, "BLOCK", 64)
    drawer = model_with_envelope()
    model = drawer.model.double()
    assert model.envelope is not None
    stacks = (model.wavenet, model.envelope.wavenet)
    vectors, results = vectors_of(drawer, 2).double(), []
    for packed in ({stack: pack(stack, dtype=np.float64) for stack in stacks}, {}):
        drawer._packed = packed
        results.append(drawer.draw(vectors, DrawSettings(duration_s=0.3, guidance=guidance), seeds=[1, 2]))
    torch.testing.assert_close(*results, rtol=0, atol=1e-6)


def test_a_copy_of_a_generator_draws_the_same(drawer: SoundscapeGenerator) -> None:
    vectors = vectors_of(drawer)
    copied = copy.deepcopy(drawer).draw(vectors, DrawSettings(duration_s=0.2), seeds=[1])
    assert torch.equal(copied, drawer.draw(vectors, DrawSettings(duration_s=0.2), seeds=[1]))


def test_warming_up_compiles_both_and_changes_nothing(
    with_encoder: tuple[SoundscapeGenerator, Path],
) -> None:
    drawer, photo = with_encoder
    before = drawer.generate(photo, duration_s=0.1).samples
    drawer.warm_up()
    assert np.array_equal(drawer.generate(photo, duration_s=0.1).samples, before)
