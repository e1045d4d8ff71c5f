"""Each system makes what its name says, for every photo and seed, and the same again for the same seed."""

import itertools
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from tiny_models import save_photo
from tiny_scenes import RATE, write_tiny_scenes

from photowave.errors import ConfigError, PairError
from photowave.evaluation.sounds import noise, retrieved, systems
from photowave.evaluation.sounds.dealing import deal
from photowave.evaluation.sounds.photos import load_photos
from photowave.evaluation.sounds.recordings import load_real
from photowave.evaluation.sounds.sonify import corner_frequencies, oscillate
from photowave.evaluation.sounds.types import EvaluatedPhotos, RealSounds, Request, SystemSounds
from photowave.generation import SoundscapeGenerator, load
from photowave.image import FeatureCache
from photowave.pairs.manifest import Manifest, read_manifest
from photowave.settings import AudioConfig, DrawSettings

EXCERPT_S = 0.5
COUNT = round(EXCERPT_S * RATE)
SEEDS = 3


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return read_manifest(write_tiny_scenes(tmp_path_factory.mktemp("scenes")))


@pytest.fixture(scope="module")
def photos(manifest: Manifest) -> EvaluatedPhotos:
    """Three photos of each scene, those of the training."""
    return load_photos(manifest.split("train"))


@pytest.fixture(scope="module")
def real(manifest: Manifest) -> RealSounds:
    return load_real(manifest, audio=AudioConfig(sample_rate=RATE), duration_s=EXCERPT_S)


@pytest.fixture(scope="module")
def generator(tiny_model_file: Path) -> SoundscapeGenerator:
    return load(tiny_model_file)


@pytest.fixture(scope="module")
def nearest(
    generator: SoundscapeGenerator,
    manifest: Manifest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[Request], SystemSounds]:
    cache = FeatureCache(tmp_path_factory.mktemp("features"))

    return lambda request: retrieved.nearest_photo(request, generator, manifest, cache=cache)


NAMES = ("real", "nearest", "filtered_noise", "sonify")
System = Callable[[Request], SystemSounds]


@pytest.fixture(params=NAMES)
def system(request: pytest.FixtureRequest, nearest: System) -> System:
    """Each baseline as a function of a request."""
    functions = {"real": retrieved.real_sounds, "nearest": nearest, "sonify": systems.sonified}
    return functions.get(request.param, noise.filtered_noise)


def scenes_of(sounds: SystemSounds, real: RealSounds) -> np.ndarray:
    """The scene of the recording that each sound was taken from, [photos, seeds]."""
    scene = dict(zip(real.recordings.tolist(), real.scenes.tolist(), strict=True))
    return np.vectorize(scene.get)(sounds.sources)


def level(samples: torch.Tensor) -> float:
    return 10 * float(samples.double().square().mean().log10())


def test_every_baseline_is_called_alike(
    system: System,
    request: pytest.FixtureRequest,
    photos: EvaluatedPhotos,
    real: RealSounds,
) -> None:
    sounds = system(Request(photos, real, SEEDS, 0.4, seed=1))
    assert sounds.name == request.node.callspec.params["system"]
    assert sounds.samples.shape == (6, SEEDS, 1_600)
    assert sounds.samples.dtype == torch.float32
    assert float(sounds.samples.abs().max()) <= 1.0
    assert sounds.sources.shape == (6, SEEDS)
    taken = sounds.name in ("real", "nearest")
    assert ((sounds.sources >= 0) == (taken or sounds.name == "filtered_noise")).all()
    assert math.isnan(sounds.seconds_per_sound) == taken
    assert taken or sounds.seconds_per_sound > 0


def test_the_same_seed_makes_the_same_sounds(
    system: System, photos: EvaluatedPhotos, real: RealSounds
) -> None:
    def made(seed: int) -> SystemSounds:
        return system(Request(photos, real, SEEDS, EXCERPT_S, seed))

    first, again = made(4), made(4)
    assert torch.equal(first.samples, again.samples)
    assert np.array_equal(first.sources, again.sources)
    assert not torch.equal(first.samples, made(5).samples)


def test_what_is_longer_than_an_excerpt_is_refused(photos: EvaluatedPhotos, real: RealSounds) -> None:
    for make in (retrieved.real_sounds, noise.filtered_noise):
        with pytest.raises(ConfigError, match=r"duration_s=0\.6: .* at most the 0\.5 s"):
            make(Request(photos, real, seeds=1, duration_s=0.6))


def test_real_excerpts_are_of_the_right_scene(photos: EvaluatedPhotos, real: RealSounds) -> None:
    sounds = retrieved.real_sounds(Request(photos, real, SEEDS, EXCERPT_S))
    assert (scenes_of(sounds, real) == photos.scenes[:, None]).all()
    for sound, source in zip(sounds.samples.flatten(0, 1), sounds.sources.flatten(), strict=True):
        excerpts = real.samples[torch.from_numpy(real.recordings == source)]
        assert (excerpts == sound).all(1).any()


def test_recordings_are_used_evenly(photos: EvaluatedPhotos, real: RealSounds) -> None:
    chosen = deal(real, photos.scenes, seeds=5, seed=0)
    recordings = real.recordings[chosen]
    # Five recordings a scene: a photo hears each once, and of 15 excerpts none twice.
    assert all(len(set(row)) == 5 for row in recordings.tolist())
    assert len(np.unique(chosen)) == chosen.size
    for seed in range(5):
        some = real.recordings[deal(real, photos.scenes, seeds=3, seed=seed)]
        assert all(len(set(row)) == 3 for row in some.tolist())
    fewer = real.recordings[deal(real, photos.scenes, seeds=2, seed=0)]
    assert np.bincount(fewer.flatten(), minlength=10).tolist().count(1) >= 8
    more = deal(real, ["hiss"], seeds=20, seed=0)
    assert sorted(more.flatten()) == list(range(20))


def test_a_scene_without_recordings_is_told(real: RealSounds) -> None:
    with pytest.raises(
        PairError, match=r"scene 'moon' has photos but no recording in train; .*: hiss, rumble"
    ):
        deal(real, ["moon"], seeds=1, seed=0, splits=("train",))


def test_the_model_draws_what_generate_gives(generator: SoundscapeGenerator, tmp_path: Path) -> None:
    paths = tuple(save_photo(tmp_path / f"{i}.png", i) for i in range(3))
    large = Image.open(paths[0]).resize((900, 600))
    large.save(paths[0])  # larger than the pictures that are kept
    images = tuple(Image.open(path).convert("RGB").resize((60, 40)) for path in paths)
    seen: list[float] = []
    sounds = systems.draw_model(
        generator,
        EvaluatedPhotos(paths, images, np.array(["a", "b", "a"])),
        DrawSettings(duration_s=0.2, temperature=0.9, guidance=1.5),
        seeds=2,
        progress=seen.append,
    )
    assert sounds.name == "model"
    assert (sounds.sources == -1).all()
    assert sounds.sources.shape == (3, 2)
    assert sum(seen) == pytest.approx(6 * 0.2)
    for photo, path in enumerate(paths):
        for seed in range(2):
            one = generator.generate(path, duration_s=0.2, seed=seed, temperature=0.9, guidance=1.5)
            assert np.array_equal(sounds.samples[photo, seed].numpy(), one.samples)
            assert sounds.told[photo] == {name: one.info[name] for name in ("texture",)}


def numbered(scenes: list[str]) -> tuple[SystemSounds, EvaluatedPhotos]:
    """Sounds that hold the number of their photo."""
    own = torch.arange(len(scenes), dtype=torch.float32)
    sounds = SystemSounds(
        "model", own[:, None, None].expand(-1, 2, 3), np.tile(own[:, None], 2).astype(int), 0.5,
        drawn_from=np.array([[f"{number}-{seed}.wav" for seed in range(2)] for number in range(len(scenes))]),
    )  # fmt: skip
    images = tuple(Image.new("RGB", (1, 1)) for _ in scenes)
    return sounds, EvaluatedPhotos(tuple(Path(str(i)) for i in range(len(scenes))), images, np.array(scenes))


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from("abcd"), min_size=2, max_size=24).filter(lambda s: len(set(s)) > 1),
    st.integers(0, 9),
)
def test_shuffled_photos_never_keep_the_scene(scenes: list[str], seed: int) -> None:
    sounds, photos = numbered(scenes)
    shuffled = systems.shuffle_photos(sounds, photos, seed=seed)
    source = shuffled.sources[:, 0]
    assert all(scenes[new] != scenes[old] for new, old in enumerate(source))
    assert (shuffled.samples[:, 1, 2].numpy() == source).all()
    assert shuffled.drawn_from is not None
    assert shuffled.drawn_from[:, 1].tolist() == [f"{number}-1.wav" for number in source]
    assert shuffled.name == "model_shuffled"
    assert shuffled.seconds_per_sound == 0.5
    if 2 * max(map(scenes.count, scenes)) <= len(scenes):
        assert sorted(source) == list(range(len(scenes)))


def test_a_shuffle_mixes_and_follows_its_seed() -> None:
    sounds, photos = numbered(list("abcdefgh") * 4)
    sources = [systems.shuffle_photos(sounds, photos, seed=seed).sources[:, 0] for seed in range(60)]
    assert np.array_equal(sources[7], systems.shuffle_photos(sounds, photos, seed=7).sources[:, 0])
    given_to_first = {photos.scenes[source[0]] for source in sources}
    assert given_to_first == set("bcdefgh")


def test_one_scene_cannot_be_shuffled() -> None:
    with pytest.raises(PairError, match="all 3 photos are of scene 'a'"):
        systems.shuffle_photos(*numbered(["a"] * 3))


def test_the_nearest_training_photo_tells_the_scene(
    nearest: System, manifest: Manifest, real: RealSounds
) -> None:
    photos = load_photos(manifest.split("test"))
    # Red photos are of hiss; a red one that claims to be rumble gets hiss all the same.
    wrong = EvaluatedPhotos(photos.paths, photos.images, photos.scenes[::-1])
    for given_photos in (photos, wrong):
        sounds = nearest(Request(given_photos, real, 4, EXCERPT_S))
        assert (scenes_of(sounds, real) == photos.scenes[:, None]).all()
        splits = dict(zip(real.recordings.tolist(), real.splits.tolist(), strict=True))
        assert {splits[source] for source in sounds.sources.flatten().tolist()} == {"train"}


def test_a_training_photo_is_not_its_own_neighbour(
    generator: SoundscapeGenerator, real: RealSounds, tmp_path: Path
) -> None:
    write_tiny_scenes(tmp_path)
    rows = "hiss0.png,,hiss,train\nrumble0.png,,rumble,train\n"
    (tmp_path / "two.csv").write_text(f"photo,sound,scene,split\n{rows}")
    manifest = read_manifest(tmp_path / "two.csv")
    photos = load_photos(manifest)
    request = Request(photos, real, 1, EXCERPT_S)
    sounds = retrieved.nearest_photo(request, generator, manifest, cache=FeatureCache(tmp_path))
    assert scenes_of(sounds, real).tolist() == [["rumble"], ["hiss"]]


def test_training_photos_of_unheard_scenes_are_no_neighbours(
    nearest: System, manifest: Manifest, real: RealSounds
) -> None:
    photos = load_photos(manifest.split("test"))
    silent = replace(real, splits=np.where(real.scenes == "hiss", "val", real.splits))
    sounds = nearest(Request(photos, silent, 1, EXCERPT_S))
    assert set(scenes_of(sounds, real).flatten()) == {"rumble"}


def test_without_another_training_photo_there_is_no_neighbour(
    generator: SoundscapeGenerator, real: RealSounds, tmp_path: Path
) -> None:
    write_tiny_scenes(tmp_path)
    (tmp_path / "one.csv").write_text("photo,sound,scene,split\nhiss0.png,,hiss,train\n")
    manifest = read_manifest(tmp_path / "one.csv")
    with pytest.raises(PairError, match="no training photo to compare with whose scene has a training rec"):
        retrieved.nearest_photo(Request(load_photos(manifest), real, 1), generator, manifest)


def band_levels(samples: torch.Tensor) -> torch.Tensor:
    """Mean level in bands, in dB, of sounds [sounds, time]; by one transform over each whole sound."""
    window = torch.hann_window(samples.shape[1], dtype=torch.float64)
    power = torch.fft.rfft(samples.double() * window).abs().square().mean(0)
    edges = np.array([40, 100, 200, 300, 500, 700, 1_000, 1_300, 1_600, 1_900])
    bins = (edges * samples.shape[1] / RATE).astype(int)
    return torch.stack([10 * power[a:b].mean().log10() for a, b in itertools.pairwise(bins)])


def test_filtered_noise_has_spectrum_level_and_source_of_the_real_excerpt(
    manifest: Manifest, photos: EvaluatedPhotos
) -> None:
    real = load_real(manifest, audio=AudioConfig(sample_rate=RATE), duration_s=2.0)
    request = Request(photos, real, seeds=10, duration_s=2.0, seed=3)
    filtered, excerpts = noise.filtered_noise(request), retrieved.real_sounds(request)
    assert np.array_equal(filtered.sources, excerpts.sources)
    apart = []
    for photo in range(6):
        made, wanted = band_levels(filtered.samples[photo]), band_levels(excerpts.samples[photo])
        assert float((made - wanted).abs().max()) < 1.5
        apart.append(wanted)
    assert float((apart[0] - apart[-1]).abs().max()) > 20.0
    for own in (0, 7):
        assert level(filtered.samples[1, own]) == pytest.approx(level(excerpts.samples[1, own]), abs=1e-3)
    # Nothing but the spectrum comes from the excerpt.
    made, wanted = filtered.samples.flatten(0, 1), excerpts.samples.flatten(0, 1)
    likeness = (made * wanted).sum(1) / (made.norm(dim=1) * wanted.norm(dim=1))
    assert float(likeness.abs().max()) < 0.3


def test_filtered_noise_takes_one_excerpt_each(photos: EvaluatedPhotos, real: RealSounds) -> None:
    """Turning one excerpt into a tone changes the noise of those it was dealt to, and no other."""
    chosen = deal(real, photos.scenes, seeds=2, seed=0)
    tone = torch.sin(2 * math.pi * 500 * torch.arange(COUNT) / RATE)
    samples = real.samples.clone()
    samples[chosen[0, 1]] = 0.1 * tone
    before = noise.filtered_noise(Request(photos, real, 2, EXCERPT_S)).samples
    after = noise.filtered_noise(Request(photos, replace(real, samples=samples), 2, EXCERPT_S)).samples
    changed = (before != after).any(2).numpy()
    assert np.array_equal(changed, chosen == chosen[0, 1])


def test_sines_have_the_level(photos: EvaluatedPhotos, real: RealSounds) -> None:
    for wanted in (-20.0, -26.0):
        sounds = systems.sonified(Request(photos, real, 1, EXCERPT_S), rms_dbfs=wanted)
        assert [level(sound) for sound in sounds.samples] == pytest.approx([wanted] * 6, abs=1e-4)


def test_noise_of_one_photo_does_not_depend_on_the_others(photos: EvaluatedPhotos, real: RealSounds) -> None:
    fewer = EvaluatedPhotos(photos.paths[:2], photos.images[:2], photos.scenes[:2])
    # The excerpts that are dealt to a photo depend on the photos before it only.
    some, every = (noise.filtered_noise(Request(p, real, 3, EXCERPT_S)).samples for p in (fewer, photos))
    assert torch.equal(some, every[:2])
    flat = every.flatten(0, 1)
    assert len(torch.unique(flat, dim=0)) == len(flat)


def test_sines_are_those_of_the_command(photos: EvaluatedPhotos, real: RealSounds) -> None:
    sounds = systems.sonified(Request(photos, real, 2, EXCERPT_S, seed=3))
    for own in range(2):
        wanted = oscillate(
            corner_frequencies(photos.images[4]), sample_rate=RATE, duration_s=EXCERPT_S, seed=3 + own
        )
        assert np.array_equal(sounds.samples[4, own].numpy(), wanted)
