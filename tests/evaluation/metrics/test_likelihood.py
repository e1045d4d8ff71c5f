"""Bits per sample: what training scores, on unseen recordings only, with right and wrong photos."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from made_scenes import made_photos
from tiny_models import tiny_config, tiny_model

from photowave.audio import (
    HistogramBaseline,
    LinearPredictorBaseline,
    SpectralEnvelope,
    TextureStatistics,
    UniformBaseline,
)
from photowave.checkpoint import save_model
from photowave.evaluation.metrics.likelihood import _cut, measure_likelihood
from photowave.evaluation.sounds.types import EvaluatedPhotos, RealSounds
from photowave.generation import SoundscapeGenerator, load
from photowave.image import build_encoder
from photowave.settings import EnvelopeConfig
from photowave.wavenet.track import interpolate

RATE = 2_000


def made_real(*, tests: int = 1) -> RealSounds:
    """One training recording and some test recordings for each of two scenes, a second each."""
    random = np.random.default_rng(0)
    count = 2 * (1 + tests)
    samples = 0.1 * random.standard_normal((count, RATE)).cumsum(1) / 10
    return RealSounds(
        samples=torch.from_numpy(samples).float().clamp(-1, 1),
        recordings=np.arange(count),
        scenes=np.array((["hiss"] * (1 + tests)) + (["rumble"] * (1 + tests))),
        splits=np.array((["train"] + ["test"] * tests) * 2),
        names=tuple(map(str, range(count))),
        sample_rate=RATE,
    )


@pytest.fixture(scope="module", params=["softmax", "mixture"])
def generator(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> SoundscapeGenerator:
    config = tiny_config(request.param, 1 if request.param == "softmax" else 4)
    encoder = build_encoder(config.image)
    path = tmp_path_factory.mktemp("models") / "tiny.safetensors"
    model = tiny_model(config, feature_dim=encoder.feature_dim)
    save_model(model, path, encoder_fingerprint=encoder.fingerprint)
    return load(path)


def photos_of(*scenes: str) -> EvaluatedPhotos:
    made = made_photos(2)
    count = len(scenes)
    return EvaluatedPhotos(made.paths[:count], made.images[:count], np.array(scenes))


def test_a_clip_costs_what_training_says(generator: SoundscapeGenerator) -> None:
    real = made_real()
    found = measure_likelihood(generator, real, photos_of("hiss", "rumble"), split="test", seed=0, clips=6)
    assert found is not None
    assert set(found.recordings.tolist()) == {1, 3}
    model, audio = generator.model, generator.model.config.audio
    statistics = TextureStatistics(sample_rate=RATE, mels=audio.texture_mels)
    features = generator.encoder.encode(photos_of("hiss", "rumble").images)
    for recording, right in ((1, 0), (3, 1)):
        sound = real.samples[recording : recording + 1]
        frames = model.codec.encode(sound)
        with torch.no_grad():
            vector = model.conditioner.training_vector(features[:1], statistics(sound))
            expected = -model.wavenet.score(frames, vector).sum() / RATE
            choices = [
                -model.wavenet.score(
                    frames, model.conditioner.photo_vector(features[[right]], torch.tensor([uniform]))
                ).sum().item() / RATE
                for uniform in np.linspace(0.0005, 0.9995, 300, dtype=np.float32)
            ]  # fmt: skip
        rows = found.recordings == recording
        assert found.own[rows] == pytest.approx(np.full(rows.sum(), float(expected)), rel=1e-5)
        # What is left to chance is the texture; each is one of those that the photo can choose.
        for bits in found.right[rows]:
            assert min(abs(bits - choice) for choice in choices) < 1e-4


def test_baselines_are_fitted_on_training_recordings_alone(generator: SoundscapeGenerator) -> None:
    real = made_real()
    found = measure_likelihood(generator, real, photos_of("hiss", "rumble"), split="test", seed=0, clips=4)
    assert found is not None
    levels = generator.model.codec.levels
    train = [real.samples[0], real.samples[2]]
    fitted = {
        "uniform": UniformBaseline(levels=levels or 256),
        "histogram": HistogramBaseline(levels=levels or 256).fit(train),
        "linear_predictor": LinearPredictorBaseline(levels=levels).fit(train),
    }
    assert found.baselines.keys() == fitted.keys()
    for name, baseline in fitted.items():
        expected = [baseline.score([real.samples[number]]) for number in found.recordings]
        assert found.baselines[name] == pytest.approx(expected)


def test_swapping_like_for_like_gains_nothing(generator: SoundscapeGenerator) -> None:
    photos = photos_of("hiss", "rumble")
    same = EvaluatedPhotos(photos.paths, (photos.images[0],) * 2, photos.scenes)
    real = made_real(tests=3)
    alike = measure_likelihood(generator, real, same, split="test", seed=0, clips=8, clip_s=0.2)
    other = measure_likelihood(generator, real, photos, split="test", seed=0, clips=8, clip_s=0.2)
    assert alike is not None
    assert other is not None
    assert alike.swap_gain == pytest.approx(np.zeros(8), abs=1e-5)
    assert np.abs(other.swap_gain).max() > 1e-3


def test_a_model_of_photos_is_told_none_of_another_scene(tmp_path: Path) -> None:
    config = tiny_config(kind="photo")
    encoder = build_encoder(config.image)
    model = tiny_model(config, feature_dim=encoder.feature_dim)
    save_model(model, tmp_path / "tiny.safetensors", encoder_fingerprint=encoder.fingerprint)
    found = measure_likelihood(
        load(tmp_path / "tiny.safetensors"),
        made_real(),
        photos_of("hiss", "hiss"),
        split="test",
        seed=0,
        clips=8,
    )
    assert found is not None
    of_hiss = found.recordings == 1
    assert 0 < of_hiss.sum() < 8
    assert np.array_equal(np.isfinite(found.own), of_hiss)
    assert found.own[of_hiss] == pytest.approx(found.right[of_hiss], rel=1e-6)
    assert np.array_equal(np.isfinite(found.wrong), ~of_hiss)


def test_without_photos_of_the_scene_there_is_no_gain(generator: SoundscapeGenerator) -> None:
    found = measure_likelihood(generator, made_real(), photos_of("hiss"), split="test", seed=0, clips=6)
    assert found is not None
    hiss = found.recordings == 1
    assert np.isfinite(found.right[hiss]).all()
    assert np.isnan(found.wrong[hiss]).all()
    assert np.isnan(found.right[~hiss]).all()
    assert np.isfinite(found.wrong[~hiss]).all()
    assert np.isfinite(found.own).all()


def test_a_split_without_recordings_gives_nothing(generator: SoundscapeGenerator) -> None:
    assert measure_likelihood(generator, made_real(), photos_of("hiss"), split="val", seed=0) is None


def test_same_seed_same_clips(generator: SoundscapeGenerator, tmp_path: Path) -> None:
    def bits(seed: int) -> list[float]:
        real = made_real(tests=3)
        found = measure_likelihood(
            generator, real, photos_of("hiss", "rumble"), split="test", seed=seed, clips=5, clip_s=0.3
        )
        assert found is not None
        return found.own.tolist()

    assert bits(1) == bits(1)
    assert bits(1) != bits(2)


def enveloped(folder: Path, *, kind: str = "texture", bands: int = 4) -> SoundscapeGenerator:
    """A model whose decoder follows an envelope of 16 knots a second."""
    envelope = EnvelopeConfig(components=3, channels=4, skip_channels=5, dilations=(1, 2), mixtures=2)
    config = replace(tiny_config("mixture", bands, kind=kind), envelope=envelope)
    encoder = build_encoder(config.image)
    model = tiny_model(config, feature_dim=encoder.feature_dim)
    save_model(model, folder / "tiny.safetensors", encoder_fingerprint=encoder.fingerprint)
    return load(folder / "tiny.safetensors")


@torch.no_grad()
def test_a_clip_is_scored_along_the_envelope_of_its_own_place(tmp_path: Path) -> None:
    generator, real, photos = enveloped(tmp_path), made_real(tests=2), photos_of("hiss", "rumble")
    found = measure_likelihood(generator, real, photos, split="test", seed=0, clips=8, clip_s=0.3)
    assert found is not None
    model = generator.model
    envelope = model.envelope
    assert envelope is not None

    def of_decoder(frames: torch.Tensor, knots: torch.Tensor, places: torch.Tensor) -> float:
        return float(-model.wavenet.score(frames, interpolate(knots, places)).sum() / 600)

    def of_envelope(components: torch.Tensor, vector: torch.Tensor) -> float:
        mean, spread = envelope.expected(vector)
        movements = envelope.wavenet.score((components - mean) / spread, vector)
        return float((spread.log2().sum() - movements).mean()) / spectral.step

    spectral = SpectralEnvelope(sample_rate=RATE, mels=4, hops=4)
    statistics = TextureStatistics(sample_rate=RATE, mels=4)
    features = generator.encoder.encode(photos.images)
    for index in range(8):
        clip = _cut(real, photos, split="test", length=600, random=(0, index))
        assert torch.equal(clip.samples, clip.around[clip.start : clip.start + 600])
        spectra, frames = spectral(clip.around[None]), model.codec.encode(clip.samples[None])
        places = (clip.start + torch.arange(150)[None] * 4) / spectral.step
        components = envelope.frames(spectra)

        own = model.conditioner.training_vector(features[:1], statistics(clip.around[None]))
        bits = of_decoder(frames, envelope.knots(own, components), places)
        price = of_envelope(components, own)
        assert found.own[index] == pytest.approx(bits + price, rel=1e-4)
        still = of_decoder(frames, envelope.knots(own, torch.zeros_like(components)), places)
        assert abs(still - bits) > 1e-3
        for row, photo in zip((found.right, found.wrong), clip.photos, strict=True):
            assert photo is not None
            vector = model.conditioner.photo_vector(features[[photo]], torch.tensor([clip.uniform]))
            other = of_envelope(components, vector)
            bits = of_decoder(frames, envelope.knots(vector, components), places)
            assert row[index] == pytest.approx(bits + other, rel=1e-4)
            assert abs(other - price) > 1e-3


def test_starts_differ_and_reach_over_the_excerpt() -> None:
    real, photos = made_real(), photos_of("hiss", "rumble")
    starts = [_cut(real, photos, split="test", length=600, random=(0, n)).start for n in range(60)]
    assert len(set(starts)) > 50
    assert min(starts) < 150
    assert max(starts) > 1_250


def test_a_model_of_photos_with_an_envelope_pays_nothing_more_for_the_right_photo(tmp_path: Path) -> None:
    generator = enveloped(tmp_path, kind="photo")
    found = measure_likelihood(
        generator, made_real(), photos_of("hiss", "hiss"), split="test", seed=0, clips=8, clip_s=0.3
    )
    assert found is not None
    of_hiss = found.recordings == 1
    assert 0 < of_hiss.sum() < 8
    assert np.array_equal(np.isfinite(found.own), of_hiss)
    assert np.array_equal(np.isfinite(found.right), of_hiss)
    assert found.own[of_hiss] == pytest.approx(found.right[of_hiss], rel=1e-5)
    assert np.array_equal(np.isfinite(found.wrong), ~of_hiss)


def test_swapping_like_for_like_gains_nothing_with_an_envelope_either(tmp_path: Path) -> None:
    generator, real, photos = enveloped(tmp_path), made_real(tests=3), photos_of("hiss", "rumble")
    same = EvaluatedPhotos(photos.paths, (photos.images[0],) * 2, photos.scenes)
    alike, other = (
        measure_likelihood(generator, real, told, split="test", seed=0, clips=8, clip_s=0.2)
        for told in (same, photos)
    )
    assert alike is not None
    assert other is not None
    # The price of an envelope under random weights is hundreds of bits, in float32.
    assert alike.wrong == pytest.approx(alike.right, rel=1e-5)
    assert np.abs(other.swap_gain).max() > 1e-3
