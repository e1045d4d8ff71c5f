"""Steering: places named, left out and blended, recordings instead of photos, photos of no known place."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from tiny_models import save_photo, tiny_config, tiny_model

from photowave.errors import ConfigError, MediaError
from photowave.generation import SoundscapeGenerator, load
from photowave.generation.likeness import measure_recording
from photowave.model import Catalogue, Origin, TextureConditioner
from photowave.settings import DrawSettings, SteerSettings

PLACES = ("forest", "peak", "sea", "town")
SHORT: dict[str, Any] = {"duration_s": 0.2}


@pytest.fixture(scope="module")
def generator(tiny_model_file: Path) -> SoundscapeGenerator:
    """Sixty-four textures of four places."""
    like = load(tiny_model_file)
    model = tiny_model(tiny_config(), feature_dim=like.encoder.feature_dim)
    origins = tuple(Origin(name=f"{p}.wav", place=p, seconds=2.0, licence="CC0") for p in PLACES)
    model.catalogue = Catalogue(recordings=origins, owners=tuple(index % 4 for index in range(64)))
    assert isinstance(model.conditioner, TextureConditioner)
    model.conditioner.groups.copy_(torch.arange(64) % 4)
    model.conditioner.feature_std.fill_(10.0)  # no photo is unlike those of the training
    made = SoundscapeGenerator(dataclasses.replace(like.loaded, model=model))
    made.reader._encoder = like.encoder
    return made


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return save_photo(tmp_path / "beach.png", 3)


def drawn_place(generator: SoundscapeGenerator, photo: Path, variation: int, **steering: Any) -> str:
    reading = generator.read(photo, DrawSettings(variation=variation), SteerSettings(**steering))
    (voice,) = reading.voices
    assert voice.origin is not None
    return voice.origin.place


@pytest.mark.parametrize("place", PLACES)
def test_a_place_that_is_named_is_drawn_whatever_the_photo_shows(
    place: str, generator: SoundscapeGenerator, photo: Path
) -> None:
    assert {drawn_place(generator, photo, n, place=place) for n in range(20)} == {place}
    sound = generator.generate(photo, place=place, **SHORT)
    assert sound.info["place"] == place
    assert sound.info["attribution"] == f'"{place}.wav", CC0'
    assert 1 < sound.info["variations"] <= 16
    assert set(sound.info["places"]) == set(PLACES), "what was heard is told all the same"
    alone = generator.generate(place=place, **SHORT)
    assert alone.photo is None
    assert "photo_sha256" not in alone.info


def test_a_place_that_is_excluded_is_never_drawn(generator: SoundscapeGenerator, photo: Path) -> None:
    free = drawn_place(generator, photo, 0)
    found = {drawn_place(generator, photo, n, exclude=[free]) for n in range(70)}
    assert found
    assert free not in found
    others = [place for place in PLACES if place != "sea"]
    assert {drawn_place(generator, photo, n, exclude=others) for n in range(20)} == {"sea"}


def test_steering_changes_nothing_where_the_photo_would_choose_so(
    generator: SoundscapeGenerator, photo: Path
) -> None:
    place = drawn_place(generator, photo, 0)
    other = next(name for name in PLACES if name != place)
    free = generator.generate(photo, **SHORT)
    assert not np.array_equal(free.samples, generator.generate(photo, place=other, **SHORT).samples)
    assert np.array_equal(free.samples, generator.generate(photo, exclude="", **SHORT).samples)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_a_blend_has_the_power_of_its_parts(
    share: float, generator: SoundscapeGenerator, photo: Path
) -> None:
    steering = SteerSettings(blend={"sea": share, "town": 1 - share})
    draw = DrawSettings(duration_s=4.0)
    reading = generator.read(photo, draw, steering)
    vectors = torch.stack([voice.vector for voice in reading.voices])
    alone = generator.draw(vectors, draw, seeds=[voice.seed for voice in reading.voices])
    (blend,) = generator.generate_read([reading], draw)
    wanted = share * float(alone[0].square().mean()) + (1 - share) * float(alone[1].square().mean())
    assert 10 * np.log10(float(np.square(blend.samples).mean()) / wanted) == pytest.approx(0.0, abs=0.5)
    assert blend.info["blend"] == {"sea": pytest.approx(share), "town": pytest.approx(1 - share)}
    assert blend.info["recording"] == "sea.wav; town.wav"
    assert len(blend.info["textures"]) == 2


def test_progress_counts_a_blend_once_and_no_more_of_a_loop_than_is_heard(
    generator: SoundscapeGenerator,
) -> None:
    told: list[float] = []
    for settings in (DrawSettings(**SHORT), DrawSettings(loop=True, duration_s=0.3)):
        told.clear()
        reading = generator.read(None, settings, SteerSettings(blend="sea:1,town:1"))
        alone = generator.read(None, settings, SteerSettings(place="forest"))
        generator.generate_read([reading, alone], settings, progress=told.append)
        assert sum(told) == pytest.approx(2 * settings.duration_s)


def test_a_blend_is_streamed_as_it_is_generated(generator: SoundscapeGenerator, photo: Path) -> None:
    options: dict[str, Any] = {"blend": "sea:1,forest:2", "seed": 3, **SHORT}
    whole = generator.generate(photo, **options).samples
    assert np.array_equal(np.concatenate(list(generator.stream(photo, chunk_s=0.03, **options))), whole)


def test_the_voices_of_a_blend_have_seeds_of_their_own(generator: SoundscapeGenerator) -> None:
    reading = generator.read(None, DrawSettings(seed=1), SteerSettings(blend="sea:1,forest:1"))
    assert len({voice.seed for voice in reading.voices}) == 2
    again = reading.take(2)
    assert len({voice.seed for voice in (*reading.voices, *again.voices)}) == 4
    other = generator.read(None, DrawSettings(seed=2), SteerSettings(blend="sea:1,forest:1"))
    assert [voice.seed for voice in again.voices] == [voice.seed for voice in other.voices]


def test_what_sounds_like_a_recording_follows_its_texture(
    generator: SoundscapeGenerator, tmp_path: Path
) -> None:
    rate = generator.sample_rate
    random = np.random.default_rng(0)
    time = np.arange(3 * rate) / rate
    paths = [tmp_path / "hiss.wav", tmp_path / "hum.wav"]
    for path, samples in zip(paths, (random.standard_normal(len(time)), np.sin(700 * time)), strict=True):
        soundfile.write(path, 0.1 * samples, rate)
    vectors = [measure_recording(generator.model, path)[0] for path in paths]
    assert not torch.allclose(vectors[0], vectors[1])
    sound = generator.generate(like=paths[0], **SHORT)
    assert sound.info["like"] == "hiss.wav"
    loud = tmp_path / "loud.wav"
    soundfile.write(loud, 0.9 * soundfile.read(paths[1])[0] / 0.1, rate, subtype="FLOAT")
    torch.testing.assert_close(measure_recording(generator.model, loud)[0], vectors[1], rtol=0, atol=1e-4)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"place": "se"}, "place 'se': the model does not know it. Did you mean 'sea'"),
    ({"exclude": "moon"}, "place 'moon': the model does not know it. It knows forest, peak, sea, town"),
    ({"blend": "sea:1,moon:1"}, "place 'moon'"),
    ({"exclude": PLACES}, "no place is left"),
]


@pytest.mark.parametrize(("steering", "message"), WRONG, ids=str)
def test_what_the_model_does_not_know_is_refused(
    steering: dict[str, Any], message: str, generator: SoundscapeGenerator, photo: Path
) -> None:
    with pytest.raises(ConfigError, match=message):
        generator.generate(photo, **steering, **SHORT)


def test_nothing_to_draw_and_two_things_to_draw_are_refused(
    generator: SoundscapeGenerator, photo: Path, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="there is no photo"):
        generator.generate(**SHORT)
    with pytest.raises(ConfigError, match="there is no photo"):
        generator.generate(exclude="sea", **SHORT)
    with pytest.raises(ConfigError, match="like is given beside a photo"):
        generator.generate(photo, like=tmp_path / "x.wav", **SHORT)
    with pytest.raises(MediaError, match=r"x\.wav: no such file"):
        generator.generate(like=tmp_path / "x.wav", **SHORT)


def test_a_model_without_textures_cannot_be_steered(generator: SoundscapeGenerator, photo: Path) -> None:
    model = tiny_model(tiny_config(kind="photo"), feature_dim=generator.encoder.feature_dim)
    end_to_end = SoundscapeGenerator(dataclasses.replace(generator.loaded, model=model))
    end_to_end.reader._encoder = generator.encoder
    with pytest.raises(ConfigError, match="kind 'photo' cannot be steered"):
        end_to_end.generate(photo, place="sea", **SHORT)
    nameless = tiny_model(tiny_config(), feature_dim=generator.encoder.feature_dim)
    unnamed = SoundscapeGenerator(dataclasses.replace(generator.loaded, model=nameless))
    unnamed.reader._encoder = generator.encoder
    with pytest.raises(ConfigError, match="tells no places by name"):
        unnamed.generate(photo, place="sea", **SHORT)


def test_a_photo_of_no_known_place_is_drawn_unless_one_is_strict(
    generator: SoundscapeGenerator, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert generator.generate(photo, **SHORT).info["known_place"] is True
    monkeypatch.setattr("photowave.generation.hearing.MOST_UNLIKE", 0.0)
    assert generator.generate(photo, **SHORT).info["known_place"] is False
    with pytest.raises(MediaError, match=r"beach\.png shows no place that the model knows; the nearest is"):
        generator.read(photo, DrawSettings(), SteerSettings(strict=True))
    named = generator.read(photo, DrawSettings(), SteerSettings(strict=True, place="sea"))
    assert named.voices[0].origin is not None
