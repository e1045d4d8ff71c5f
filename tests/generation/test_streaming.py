"""Sounds that are drawn in step with others: whoever comes when, no sample changes."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from tiny_models import tiny_config, tiny_model, with_envelope

from photowave.checkpoint import LoadedModel
from photowave.generation import SoundscapeGenerator, following, load
from photowave.generation.hearing import Hearing
from photowave.generation.reading import PhotoReading, Voice
from photowave.generation.spectral_sampler import SpectralSampler
from photowave.generation.streaming import SoundStream, draw_ahead
from photowave.settings import DrawSettings, ModelConfig, SteerSettings

_SMALL = tiny_config("spectral", 64)
SPECTRAL = dataclasses.replace(
    _SMALL, wavenet=dataclasses.replace(_SMALL.wavenet, own_bands=9, noise_groups=4)
)
"""Thirteen cells, which fill no vector of the processor."""


@pytest.fixture(scope="module")
def loaded(tiny_model_file: object) -> LoadedModel:
    return load(tiny_model_file).loaded  # type: ignore[arg-type]


def generator(config: ModelConfig, loaded: LoadedModel) -> SoundscapeGenerator:
    return SoundscapeGenerator(dataclasses.replace(loaded, model=tiny_model(config)))


def reading(made: SoundscapeGenerator, number: int, voices: int) -> PhotoReading:
    conditioner = made.model.conditioner
    drawn = tuple(
        Voice(vector, conditioner.width[n], f"{n}", 10 * number + n, 1 / voices)
        for n in range(voices)
        for vector in conditioner.entry_vector(torch.tensor([number + n])).detach()
    )
    return PhotoReading(
        drawn, None, hearing=Hearing(), sha256=None, picture=None, steered={}, seed=0, variation=0
    )


def streams(made: SoundscapeGenerator) -> list[SoundStream]:
    """A blend, a calmer one and a guided one are among them."""
    settings = [{}, {}, {}, {"temperature": 0.5}, {"temperature": 0.5}, {"guidance": 2.0}, {"guidance": 2.0}]
    return [
        made.stream_read(
            reading(made, number, 3 if number == 1 else 1),
            DrawSettings(threads=1, **said),  # type: ignore[arg-type]
            chunk_s=0.05,
            endless=True,
        )
        for number, said in enumerate(settings)
    ]


def taken(stream: Iterator[NDArray[np.float32]], count: int) -> list[NDArray[np.float32]]:
    return [next(stream) for _ in range(count)]


@pytest.mark.parametrize(
    "config",
    [SPECTRAL, with_envelope(SPECTRAL), tiny_config("mixture", 4), tiny_config()],
    ids=["spectral", "led by an envelope", "mixture", "softmax"],
)
def test_company_changes_no_sample(config: ModelConfig, loaded: LoadedModel) -> None:
    made = generator(config, loaded)
    late: Sequence[int] = (1, 4, 0, 2, 6, 3, 3)
    turns = 6
    alone = [taken(stream, first + 2 * turns) for stream, first in zip(streams(made), late, strict=True)]
    together = streams(made)
    parts = [taken(stream, first) for stream, first in zip(together, late, strict=True)]
    for _ in range(turns):
        draw_ahead(together, 2)
        for stream, part in zip(together, parts, strict=True):
            part += taken(stream, 2)
    for one, other in zip(alone, parts, strict=True):
        assert np.array_equal(np.concatenate(one, -1), np.concatenate(other, -1))


def test_blocks_of_an_envelope_begin_in_step_too(
    loaded: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "BLOCK", 32)
    made = generator(with_envelope(SPECTRAL), loaded)
    together, late = streams(made)[:3], (1, 5, 9)
    alone = [np.concatenate(taken(stream, 30), -1) for stream in streams(made)[:3]]
    parts = [taken(stream, first) for stream, first in zip(together, late, strict=True)]
    monkeypatch.setattr(SpectralSampler, "draw_spread", only_ready(SpectralSampler.draw_spread))
    for _ in range(7):
        draw_ahead(together, 3)
        for stream, part in zip(together, parts, strict=True):
            part += taken(stream, 3)
    for one, part in zip(alone, parts, strict=True):
        drawn = np.concatenate(part, -1)
        assert np.array_equal(one[..., : drawn.shape[-1]], drawn)


def only_ready(draw_spread: Callable[..., Any]) -> Callable[..., Any]:
    """Refuse to draw what was not drawn ahead."""

    def checked(sampler: SpectralSampler, steps: int) -> Any:
        assert sampler.ready >= steps
        return draw_spread(sampler, steps)

    return checked


def test_pieces_that_are_taken_together_are_the_same(loaded: LoadedModel) -> None:
    made, settings = generator(with_envelope(SPECTRAL), loaded), DrawSettings(duration_s=3.0)
    for endless in (True, False):
        one, other = (
            made.stream_read(reading(made, 1, 2), settings, chunk_s=0.05, endless=endless) for _ in range(2)
        )
        single = np.concatenate([next(one) for _ in range(9)], -1)
        joined = [other.take(count) for count in (3, 1, 5)]
        assert all(part is not None for part in joined)
        assert np.array_equal(single, np.concatenate([part for part in joined if part is not None], -1))
    rest = other.take(100)
    assert rest is not None
    assert np.array_equal(rest, np.concatenate(list(one), -1))
    assert other.take(1) is None


def test_frames_are_drawn_in_step_where_they_can_be(loaded: LoadedModel) -> None:
    made = generator(with_envelope(SPECTRAL), loaded)
    together = streams(made)
    draw_ahead(together, 2)
    ready = [missing[0].ready for stream in together if (missing := stream.missing(2)) is not None]
    assert len(ready) == 7
    assert min(ready) == max(ready) > 0


def test_the_default_model_draws_the_same_in_company() -> None:
    made = load()

    def begun() -> list[SoundStream]:
        places = ("rain", "forest_birds", "train")
        draw = DrawSettings(threads=1)
        readings = [made.read(None, draw, SteerSettings(place=place)) for place in places]
        return [made.stream_read(reading, draw, chunk_s=0.1, endless=True) for reading in readings]

    alone = [taken(stream, number + 3) for number, stream in enumerate(begun())]
    together = begun()
    parts = [taken(stream, number) for number, stream in enumerate(together)]
    draw_ahead(together, 3)
    for stream, part, one in zip(together, parts, alone, strict=True):
        part += taken(stream, 3)
        assert np.array_equal(np.concatenate(one, -1), np.concatenate(part, -1))
