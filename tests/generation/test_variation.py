"""The seed makes another take, the variation another choice among the textures that fit the photo."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import save_photo, tiny_config, tiny_model, with_envelope

from photowave.errors import ConfigError
from photowave.generation import SoundscapeGenerator, load
from photowave.generation.choosing import TextureChooser
from photowave.model import TextureConditioner
from photowave.settings import DrawSettings

GROUPS = 4


def generator_of(kind: str, like: SoundscapeGenerator, *, envelope: bool = False) -> SoundscapeGenerator:
    """A generator with another conditioning and the same photo encoder."""
    config = with_envelope(tiny_config(kind=kind)) if envelope else tiny_config(kind=kind)
    model = tiny_model(config, feature_dim=like.encoder.feature_dim)
    other = SoundscapeGenerator(dataclasses.replace(like.loaded, model=model))
    other.reader._encoder = like.encoder
    return other


@pytest.fixture(scope="module")
def generator(tiny_model_file: Path) -> SoundscapeGenerator:
    """Sixty-four textures in four groups, of which every photo takes the likeliest one."""
    return choosy(generator_of("texture", load(tiny_model_file)))


@pytest.fixture(scope="module")
def with_moments(tiny_model_file: Path) -> SoundscapeGenerator:
    """The same with an envelope whose mean and spread depend on the texture."""
    return choosy(generator_of("texture", load(tiny_model_file), envelope=True))


def choosy(drawer: SoundscapeGenerator) -> SoundscapeGenerator:
    """Group the textures, and let a photo decide for one group."""
    conditioner = textures(drawer)
    conditioner.groups.copy_(torch.arange(len(conditioner.codebook)) % GROUPS)
    conditioner.sharpness = 1e4
    # Inside a group no texture is much likelier than another.
    conditioner.prior.weight.data.mul_(0.02)
    conditioner.prior.bias.data.zero_()
    return drawer


def textures(drawer: SoundscapeGenerator) -> TextureConditioner:
    conditioner = drawer.model.conditioner
    assert isinstance(conditioner, TextureConditioner)
    return conditioner


def texture_of(drawer: SoundscapeGenerator, photo: Path, **options: int) -> int:
    """Which entry of the codebook a photo chose."""
    conditioner = textures(drawer)
    with torch.no_grad():
        known = conditioner.texture_vector(conditioner.codebook)
    apart = (known - drawer.read(photo, DrawSettings(**options)).voices[0].vector).abs().amax(1)
    assert float(apart.min()) < 1e-5
    return int(apart.argmin())


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("photos")
    return [save_photo(folder / f"{number}.png", number) for number in range(3)]


SOUND: dict[str, Any] = {"duration_s": 0.2}


@pytest.mark.parametrize("options", [{}, {"variation": 3}, {"seed": 2, "variation": 3}], ids=str)
def test_same_photo_seed_and_variation_same_samples(
    options: dict[str, int], generator: SoundscapeGenerator, photos: list[Path]
) -> None:
    one, again = (generator.generate(photos[0], **SOUND, **options).samples for _ in range(2))
    assert np.array_equal(one, again)
    company = generator.generate_many(photos, DrawSettings(**SOUND, **options))
    assert np.array_equal(one, company[0].samples)
    stream = generator.stream(photos[0], chunk_s=0.03, **SOUND, **options)
    assert np.array_equal(one, np.concatenate(list(stream)))


@pytest.mark.parametrize("guidance", [1.0, 2.5])
def test_with_an_envelope_too_same_photo_seed_and_variation_same_samples(
    guidance: float, with_moments: SoundscapeGenerator, photos: list[Path]
) -> None:
    options: dict[str, Any] = {"seed": 2, "variation": 3, "guidance": guidance, **SOUND}
    company = with_moments.generate_many(photos, DrawSettings(**options))
    for photo, sound in zip(photos, company, strict=True):
        assert np.array_equal(with_moments.generate(photo, **options).samples, sound.samples)
        stream = with_moments.stream(photo, chunk_s=0.03, **options)
        assert np.array_equal(np.concatenate(list(stream)), sound.samples)


def test_mean_and_spread_of_the_envelope_change_with_the_variation_and_not_with_the_seed(
    with_moments: SoundscapeGenerator, photos: list[Path]
) -> None:
    envelope = with_moments.model.envelope
    assert envelope is not None

    def moments(seed: int, variation: int) -> bytes:
        with torch.no_grad():
            voice = with_moments.read(photos[0], DrawSettings(seed=seed, variation=variation)).voices[0]
            return torch.cat(envelope.drawn(voice.vector[None])).numpy().tobytes()

    by_variation = [moments(0, number) for number in range(12)]
    assert len(set(by_variation)) >= 5
    assert by_variation == [moments(1, number) for number in range(12)]


@settings(deadline=None, max_examples=15)
@given(
    seeds=st.lists(st.integers(0, 2**70), min_size=2, max_size=2, unique=True), variation=st.integers(0, 9)
)
def test_the_seed_never_changes_the_texture(
    seeds: list[int], variation: int, generator: SoundscapeGenerator, photos: list[Path]
) -> None:
    one, other = (
        generator.read(photos[0], DrawSettings(seed=seed, variation=variation)).voices[0] for seed in seeds
    )
    assert torch.equal(one.vector, other.vector)
    assert one.seed != other.seed


def test_another_seed_is_another_take(generator: SoundscapeGenerator, photos: list[Path]) -> None:
    one, other = (generator.generate(photos[0], **SOUND, seed=seed, variation=2).samples for seed in (0, 1))
    assert not np.array_equal(one, other)


def test_variations_take_every_texture_of_the_group_once_and_begin_again(
    generator: SoundscapeGenerator, photos: list[Path]
) -> None:
    for photo in photos:
        count = generator.read(photo).turns
        assert count == len(textures(generator).codebook) // GROUPS
        chosen = [texture_of(generator, photo, variation=number) for number in range(2 * count)]
        assert len(set(chosen[:count])) == count
        assert chosen[count:] == chosen[:count]
        assert len({entry % GROUPS for entry in chosen}) == 1


def test_the_first_variation_is_chosen_by_probability(
    generator: SoundscapeGenerator, photos: list[Path]
) -> None:
    conditioner = textures(generator)
    features = generator.encoder.encode([photos[0]])
    with torch.no_grad():
        wanted = conditioner.texture_probabilities(features)[0]
    chooser = TextureChooser(generator.model)
    uniforms = (torch.arange(2000) + 0.5) / 2000
    found = torch.zeros(len(wanted))
    for uniform in uniforms:
        choice = chooser.choose(features, lambda count, u=uniform: u.expand(count), variation=0)
        found[choice.texture] += 1 / len(uniforms)
    torch.testing.assert_close(found, wanted, rtol=0, atol=2e-3)


def test_variation_does_nothing_but_choose_the_texture(
    generator: SoundscapeGenerator, photos: list[Path]
) -> None:
    readings = [generator.read(photos[0], DrawSettings(seed=4, variation=number)) for number in (0, 1, 16)]
    assert len({reading.voices[0].seed for reading in readings}) == 1
    sounds = [generator.generate(photos[0], **SOUND, seed=4, variation=number) for number in (0, 1, 16)]
    assert not np.array_equal(sounds[0].samples, sounds[1].samples)
    assert np.array_equal(sounds[0].samples, sounds[2].samples), "sixteen textures fit, and this begins again"


def test_where_nothing_is_left_to_chance_variations_are_alike(
    generator: SoundscapeGenerator, photos: list[Path]
) -> None:
    end_to_end = generator_of("photo", generator)
    sounds = [end_to_end.generate(photos[0], **SOUND, variation=number).samples for number in (0, 1, 7)]
    assert np.array_equal(sounds[0], sounds[1])
    assert np.array_equal(sounds[0], sounds[2])


WRONG = [
    (-1, "variation=-1: must be 0 or more"),
    (1.0, "variation=1.0: must be a whole number"),
    (True, "variation=True: must be a whole number"),
    ("2", "variation='2': must be a whole number"),
    (None, "variation=None: must be a whole number"),
]


@pytest.mark.parametrize(("variation", "message"), WRONG, ids=str)
def test_what_is_no_variation_is_refused_at_once(
    variation: Any, message: str, generator: SoundscapeGenerator, photos: list[Path]
) -> None:
    asked = [
        lambda: DrawSettings(duration_s=1.0, temperature=1.0, guidance=1.0, variation=variation),
        lambda: generator.generate(photos[0], **SOUND, variation=variation),
        lambda: generator.generate_many(photos, DrawSettings(**SOUND, variation=variation)),
        lambda: generator.stream(photos[0], **SOUND, variation=variation),
    ]
    for ask in asked:
        with pytest.raises(ConfigError, match=rf"^{message}") as caught:
            ask()
        assert "\n" not in str(caught.value)


def test_a_wrong_seed_is_told_before_a_wrong_variation() -> None:
    with pytest.raises(ConfigError, match=r"^seed=-2"):
        DrawSettings(duration_s=1.0, temperature=1.0, guidance=1.0, seed=-2, variation=-3)


@pytest.mark.parametrize("number", [5, np.int64(5), np.uint8(5)], ids=lambda value: type(value).__name__)
def test_whole_numbers_of_any_kind_are_the_same_variation(
    number: Any, generator: SoundscapeGenerator, photos: list[Path]
) -> None:
    sound = generator.generate(photos[1], **SOUND, variation=number)
    assert np.array_equal(sound.samples, generator.generate(photos[1], **SOUND, variation=5).samples)


def test_info_names_the_variation(generator: SoundscapeGenerator, photos: list[Path]) -> None:
    assert generator.generate(photos[0], **SOUND).info["variation"] == 0
    many = generator.generate_many(photos, DrawSettings(**SOUND, seed=1, variation=6))
    assert [(sound.info["seed"], sound.info["variation"]) for sound in many] == [(1, 6)] * 3
