"""From photos to sounds: exact lengths, the same sound for the same photo, and no other for its company."""

import dataclasses
import hashlib
import io
import math
import subprocess
import sys
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from tiny_models import save_photo, tiny_config, tiny_model

import photowave
from photowave.audio import rms_dbfs
from photowave.checkpoint import LoadedModel
from photowave.errors import CheckpointError, ConfigError, MediaError
from photowave.generation import SoundscapeGenerator, load
from photowave.generation.packing import pack
from photowave.settings import DrawSettings, ModelConfig

RATE = 2_000


@pytest.fixture(scope="module")
def generator(tiny_model_file: Path) -> SoundscapeGenerator:
    return load(tiny_model_file)


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("photos")
    return [save_photo(folder / f"{number}.png", number) for number in range(5)]


def built(config: ModelConfig, like: SoundscapeGenerator) -> SoundscapeGenerator:
    """A generator of other settings with the same photo encoder."""
    model = tiny_model(config, feature_dim=like.encoder.feature_dim)
    other = SoundscapeGenerator(dataclasses.replace(like.loaded, model=model))
    other._encoder = like.encoder
    return other


@pytest.fixture(scope="module")
def four_bands(generator: SoundscapeGenerator) -> SoundscapeGenerator:
    return built(tiny_config("mixture", 4), generator)


@pytest.mark.parametrize("bands", [1, 4])
@pytest.mark.parametrize("duration_s", [0.0005, 0.1, 0.1234567, 1 / 3, 0.25, 0.2504, 0.7531])
def test_length_is_exact(
    bands: int,
    duration_s: float,
    generator: SoundscapeGenerator,
    four_bands: SoundscapeGenerator,
    photos: list[Path],
) -> None:
    chosen = generator if bands == 1 else four_bands
    sound = chosen.generate(photos[0], duration_s=duration_s)
    assert sound.samples.shape == (round(duration_s * RATE),)
    assert sound.samples.dtype == np.float32
    assert sound.sample_rate == chosen.sample_rate == RATE
    assert np.isfinite(sound.samples).all()


@settings(deadline=None, max_examples=40)
@given(samples=st.integers(1, 900), bands=st.sampled_from([1, 2, 4, 8]))
def test_a_longer_sound_begins_as_the_shorter_one(samples: int, bands: int) -> None:
    model = tiny_model(tiny_config("mixture", bands))
    drawer = SoundscapeGenerator(LoadedModel(model, Path("none"), "", "", ""))
    vectors = model.conditioner.null.detach()[None]
    drawn = drawer.draw(vectors, DrawSettings(duration_s=samples / RATE), seeds=[3])
    longer = drawer.draw(vectors, DrawSettings(duration_s=(samples + 37) / RATE), seeds=[3])
    assert drawn.shape == (1, samples)
    assert torch.equal(longer[:, :samples], drawn)


def test_same_photo_and_seed_same_samples(generator: SoundscapeGenerator, photos: list[Path]) -> None:
    one, again = (generator.generate(photos[0], duration_s=0.3, seed=4) for _ in range(2))
    assert np.array_equal(one.samples, again.samples)


def test_another_load_gives_the_same_samples(
    generator: SoundscapeGenerator, tiny_model_file: Path, photos: list[Path]
) -> None:
    one = generator.generate(photos[1], duration_s=0.2)
    assert np.array_equal(one.samples, load(tiny_model_file).generate(photos[1], duration_s=0.2).samples)


@pytest.mark.parametrize(
    "changed",
    [{"seed": 5}, {"temperature": 0.5}, {"guidance": 3.0}, {"guidance": 0.0}],
    ids=str,
)
def test_settings_make_a_difference(
    changed: dict[str, Any], generator: SoundscapeGenerator, photos: list[Path]
) -> None:
    sound = generator.generate(photos[0], duration_s=0.3, seed=4)
    other = generator.generate(photos[0], duration_s=0.3, **({"seed": 4} | changed))
    assert not np.array_equal(sound.samples, other.samples)


@pytest.mark.parametrize("kind", ["texture", "photo"])
def test_every_photo_gets_a_sound_of_its_own(
    kind: str, generator: SoundscapeGenerator, photos: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its conditioning: the pixels also enter the seed, which is held fast here.

    Photos may choose the same texture, and then get the same sound.
    """
    chosen = generator if kind == "texture" else built(tiny_config(kind="photo"), generator)
    monkeypatch.setattr("photowave.generation.reader.mixed_seed", lambda text, *, seed: seed)

    def different(guidance: float) -> int:
        sounds = chosen.generate_many(photos, DrawSettings(duration_s=0.3, guidance=guidance))
        return len({sound.samples.tobytes() for sound in sounds})

    heard = {chosen.read(photo).voices[0].vector.numpy().tobytes() for photo in photos}
    assert len(heard) == len(photos) if kind == "photo" else len(heard) >= 3
    assert different(guidance=1.0) == len(heard)
    assert different(guidance=0.0) == 1


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_every_form_of_a_photo_gives_the_same_sound(
    suffix: str, generator: SoundscapeGenerator, photos: list[Path], tmp_path: Path
) -> None:
    path = tmp_path / f"photo.{suffix}"
    with Image.open(photos[0]) as image:
        image.save(path)
    content = path.read_bytes()
    handle = io.BytesIO(content)
    handle.seek(7)
    with path.open("rb") as file, Image.open(path) as picture:
        forms = [path, str(path), content, handle, file, picture]
        sounds = generator.generate_many(forms, DrawSettings(duration_s=0.2))
        alone = [generator.generate(form, duration_s=0.2) for form in forms]
    digest = hashlib.sha256(content).hexdigest()
    for sound, single in zip(sounds, alone, strict=True):
        assert np.array_equal(sound.samples, sounds[0].samples)
        assert np.array_equal(sound.samples, single.samples)
    assert [sound.info["photo_sha256"] for sound in sounds[:5]] == [digest] * 5


@pytest.mark.parametrize("guidance", [1.0, 2.5])
@pytest.mark.parametrize("threads", [1, 2, None])
@pytest.mark.parametrize("bands", [1, 4])
def test_together_is_as_alone(
    bands: int,
    threads: int | None,
    guidance: float,
    generator: SoundscapeGenerator,
    four_bands: SoundscapeGenerator,
    photos: list[Path],
) -> None:
    chosen = generator if bands == 1 else four_bands
    together = chosen.generate_many(photos, DrawSettings(duration_s=0.6, guidance=guidance, threads=threads))
    for photo, sound in zip(photos, together, strict=True):
        alone = chosen.generate(photo, duration_s=0.6, guidance=guidance)
        assert np.array_equal(alone.samples, sound.samples)


@settings(deadline=None, max_examples=25)
@given(chunk_s=st.floats(0.0001, 0.5), bands=st.sampled_from([1, 4]), samples=st.integers(1, 700))
def test_a_stream_is_the_sound_in_pieces(
    chunk_s: float,
    bands: int,
    samples: int,
    generator: SoundscapeGenerator,
    four_bands: SoundscapeGenerator,
    photos: list[Path],
) -> None:
    chosen = generator if bands == 1 else four_bands
    duration_s = samples / RATE
    pieces = list(chosen.stream(photos[0], chunk_s=chunk_s, duration_s=duration_s, seed=2))
    whole = chosen.generate(photos[0], duration_s=duration_s, seed=2)
    assert np.array_equal(np.concatenate(pieces), whole.samples)
    assert max(map(len, pieces)) <= max(bands, round(chunk_s * RATE) + bands)


def test_a_stream_without_length_goes_on(generator: SoundscapeGenerator, photos: list[Path]) -> None:
    pieces = list(islice(generator.stream(photos[0], chunk_s=0.1), 12))
    whole = generator.generate(photos[0], duration_s=1.2)
    assert np.array_equal(np.concatenate(pieces), whole.samples)


@pytest.mark.parametrize(
    "wrong",
    [{"chunk_s": 0.0}, {"chunk_s": float("nan")}, {"duration_s": 0.0}, {"temperature": 0.0}],
    ids=str,
)
def test_a_stream_refuses_wrong_settings_at_once(
    wrong: dict[str, float], generator: SoundscapeGenerator, photos: list[Path]
) -> None:
    ((name, value),) = wrong.items()
    with pytest.raises(ConfigError, match=f"{name}={value:g}"):
        generator.stream(photos[0], **wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("bands", [1, 4])
def test_no_peak_is_above_one_however_loud(
    bands: int, generator: SoundscapeGenerator, photos: list[Path]
) -> None:
    loud = built(tiny_config("mixture", bands), generator)
    # Wide logistics; the frames still enter the network at unit level.
    model = loud.model
    size = model.wavenet.output.channels
    model.wavenet.project.bias.data[size // 2 + 2 :] += 4.0
    loud._packed = {model.wavenet: pack(model.wavenet)}
    samples = loud.generate(photos[0], duration_s=0.5).samples
    assert 0.95 < np.abs(samples).max() <= 1.0


def test_a_quiet_sound_is_left_as_it_was_drawn(generator: SoundscapeGenerator, photos: list[Path]) -> None:
    sound = generator.generate(photos[0], duration_s=0.3)
    model = generator.model
    possible = model.codec.decode(torch.arange(64)[None])[0][0]
    quiet = sound.samples[np.abs(sound.samples) <= 0.9]
    assert len(quiet) > 100
    assert set(quiet.tolist()) <= set(possible.tolist())


@pytest.mark.parametrize("kind", [("softmax", 1), ("mixture", 4)], ids=str)
@pytest.mark.parametrize("guidance", [1.0, 2.5])
def test_the_plain_path_draws_what_the_compiled_one_draws(kind: tuple[str, int], guidance: float) -> None:
    """What runs on a GPU, here on the CPU and in float64, so that rounding cannot tip a choice."""
    model = tiny_model(tiny_config(*kind)).double()
    drawer = SoundscapeGenerator(LoadedModel(model, Path("none"), "", "", ""))
    vectors = torch.randn(2, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    results = []
    for packed in ({model.wavenet: pack(model.wavenet, dtype=np.float64)}, {}):
        drawer._packed = packed
        results.append(drawer.draw(vectors, DrawSettings(duration_s=0.2, guidance=guidance), seeds=[1, 2]))
    torch.testing.assert_close(*results, rtol=0, atol=1e-6)
    assert results[1].dtype == torch.float32


def test_another_photo_encoder_is_refused(tiny_model_file: Path, photos: list[Path]) -> None:
    loaded = load(tiny_model_file).loaded
    foreign = SoundscapeGenerator(dataclasses.replace(loaded, encoder_fingerprint="f" * 64))
    with pytest.raises(CheckpointError, match=f"tiny.safetensors .*{'f' * 12}") as caught:
        foreign.generate(photos[0], duration_s=0.1)
    assert "\n" not in str(caught.value)


def test_info_says_how_the_sound_was_made(generator: SoundscapeGenerator, photos: list[Path]) -> None:
    sound = generator.generate(photos[0], duration_s=0.5, seed=3, variation=2, temperature=0.9, guidance=1.5)
    expected = {
        "photo_sha256": hashlib.sha256(photos[0].read_bytes()).hexdigest(),
        "model_sha256": hashlib.sha256(generator.loaded.path.read_bytes()).hexdigest(),
        "seed": 3,
        "variation": 2,
        "temperature": 0.9,
        "guidance": 1.5,
        "duration_s": 0.5,
        "sample_rate": RATE,
        "channels": 1,
        "photowave_version": photowave.__version__,
    }
    assert {name: sound.info[name] for name in expected} == expected
    assert set(sound.info) - set(expected) == {"seconds_taken", "real_time_factor", "texture", "variations"}
    assert sound.info["real_time_factor"] == pytest.approx(sound.info["seconds_taken"] / 0.5)
    assert sound.photo is not None
    assert sound.photo.size == (60, 40)


@pytest.mark.parametrize("bands", [1, 4])
def test_progress_adds_up_to_what_is_drawn(
    bands: int, generator: SoundscapeGenerator, four_bands: SoundscapeGenerator, photos: list[Path]
) -> None:
    told: list[float] = []
    chosen = generator if bands == 1 else four_bands
    chosen.generate_many(photos[:3], DrawSettings(duration_s=0.7), progress=told.append)
    assert len(told) >= 3
    assert sum(told) == pytest.approx(3 * 0.7)


def test_no_photos_no_sounds(generator: SoundscapeGenerator) -> None:
    assert generator.generate_many([]) == []


def test_a_bad_photo_is_a_media_error(generator: SoundscapeGenerator, photos: list[Path]) -> None:
    with pytest.raises(MediaError):
        generator.generate_many([photos[0], b"no photo"], DrawSettings(duration_s=0.1))


GOOD = {"duration_s": 5.0, "seed": 0, "variation": 0, "temperature": 1.0, "guidance": 1.0}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("duration_s", value) for value in (0.0, -1.0, 3601.0, math.inf, math.nan)],
        *[("temperature", value) for value in (0.0, -0.5, 10.5, math.inf, math.nan)],
        *[("guidance", value) for value in (-0.1, 21.0, math.inf, math.nan)],
        ("seed", -1),
        ("variation", -1),
    ],
)
def test_options_out_of_range_are_named(
    name: str, value: float, generator: SoundscapeGenerator, photos: list[Path]
) -> None:
    with pytest.raises(ConfigError, match=f"{name}={value:g}: must") as caught:
        DrawSettings(**(GOOD | {name: value}))  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    with pytest.raises(ConfigError, match=f"{name}="):
        generator.generate(photos[0], **(GOOD | {name: value}))  # type: ignore[arg-type]


def test_options_within_range_pass() -> None:
    DrawSettings(**GOOD)  # type: ignore[arg-type]
    DrawSettings(duration_s=3600.0, seed=2**80, variation=2**80, temperature=10.0, guidance=20.0)
    DrawSettings(duration_s=1e-3, seed=0, variation=0, temperature=1e-3, guidance=0.0)


def test_less_than_a_sample_is_refused(generator: SoundscapeGenerator, photos: list[Path]) -> None:
    with pytest.raises(ConfigError, match="shorter than one sample at 2000 Hz"):
        generator.generate(photos[0], duration_s=1e-6)


def test_an_unknown_device_is_refused(tiny_model_file: Path) -> None:
    with pytest.raises(ConfigError, match="device='abacus'") as caught:
        load(tiny_model_file, device="abacus")
    assert "\n" not in str(caught.value)


def test_warming_up_changes_nothing(tiny_model_file: Path, photos: list[Path]) -> None:
    cold, warm = load(tiny_model_file), load(tiny_model_file)
    warm.warm_up()
    sounds = [each.generate(photos[0], duration_s=0.1).samples for each in (cold, warm)]
    assert np.array_equal(*sounds)


def test_the_package_offers_its_names_without_importing_torch() -> None:
    assert photowave.load is load
    assert photowave.SoundscapeGenerator is SoundscapeGenerator
    with pytest.raises(AttributeError, match="nonsense"):
        photowave.nonsense  # type: ignore[attr-defined]  # noqa: B018
    with pytest.raises(AttributeError, match="nonsense"):
        photowave.generation.nonsense  # type: ignore[attr-defined]  # noqa: B018
    code = "import sys, photowave; photowave.PhotowaveError; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    code = "import sys, photowave; photowave.DrawSettings(seed=1); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("photos", ["photo.jpg", b"bytes", Path("photo.jpg")], ids=["str", "bytes", "path"])
def test_a_single_photo_is_no_list(photos: Any, generator: SoundscapeGenerator) -> None:
    with pytest.raises(ConfigError, match="must be a list"):
        generator.generate_many(photos)


@pytest.mark.parametrize(
    "option",
    [{"threads": 0}, {"threads": -1}, {"seed": 1.5}, {"seed": True}, {"duration_s": "5"}, {"guidance": None}],
    ids=str,
)
def test_options_of_the_wrong_kind_are_refused(
    option: dict[str, Any], generator: SoundscapeGenerator, photos: list[Path]
) -> None:
    with pytest.raises(ConfigError, match=next(iter(option))):
        generator.generate_many(photos[:1], DrawSettings(**option))


def test_large_photos_are_not_kept(generator: SoundscapeGenerator) -> None:
    sound = generator.generate(Image.new("RGB", (3000, 1000), "teal"), duration_s=0.1)
    assert sound.photo is not None
    assert sound.photo.size == (512, 171)


def test_reading_counts_as_time_taken(generator: SoundscapeGenerator, photos: list[Path]) -> None:
    reading = generator.read(photos[0], DrawSettings(seed=0))
    (sound,) = generator.generate_read([reading], DrawSettings(duration_s=0.1), spent_s=100.0)
    assert sound.info["seconds_taken"] > 100.0


@pytest.mark.parametrize(
    "settings", [{"temperature": 6.0}, {"guidance": 6.0}, {"temperature": 10.0, "guidance": 3.0}]
)
def test_no_setting_is_much_louder_than_usual(
    settings: dict[str, float], four_bands: SoundscapeGenerator, photos: list[Path]
) -> None:
    usual_dbfs = four_bands.model.config.audio.rms_dbfs
    drawn = four_bands.generate(photos[0], duration_s=3.0, **settings)  # type: ignore[arg-type]
    assert rms_dbfs(torch.from_numpy(drawn.samples)) <= usual_dbfs + 3.0
    pieces = four_bands.stream(photos[0], duration_s=3.0, chunk_s=0.3, **settings)  # type: ignore[arg-type]
    np.testing.assert_array_equal(np.concatenate(list(pieces), -1), drawn.samples)
