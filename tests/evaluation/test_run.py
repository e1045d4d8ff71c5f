"""A whole evaluation with a tiny model and made-up scenes: complete, repeatable, with its settings."""

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny_models import tiny_config, tiny_model
from tiny_scenes import write_tiny_scenes

from photowave.checkpoint import save_model
from photowave.errors import ConfigError, PairError
from photowave.evaluation import EvaluationResult, Metric, evaluate
from photowave.evaluation.judging.systems import Progress
from photowave.evaluation.metrics.definitions import DEFINITIONS
from photowave.generation import SoundscapeGenerator, load
from photowave.image import build_encoder
from photowave.pairs.manifest import Manifest, Row, read_manifest
from photowave.settings import DrawSettings, EvaluateSettings


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return read_manifest(write_tiny_scenes(tmp_path_factory.mktemp("scenes")))


@pytest.fixture(scope="module")
def model(tiny_model_file: Path) -> SoundscapeGenerator:
    return load(tiny_model_file)


DRAW = DrawSettings(duration_s=1.0)


def run(
    model: SoundscapeGenerator, manifest: Manifest, *, progress: Progress | None = None, **settings: Any
) -> EvaluationResult:
    given = EvaluateSettings(**{"split": "train", "seeds": 2, **settings})
    return evaluate(model, manifest, given, DRAW, progress=progress)


@pytest.fixture(scope="module")
def result(model: SoundscapeGenerator, manifest: Manifest) -> EvaluationResult:
    return run(model, manifest)


def test_all_systems_and_figures_are_there(result: EvaluationResult) -> None:
    names = ["real", "model", "model_shuffled", "nearest", "filtered_noise", "sonify"]
    assert [sounds.name for sounds in result.sounds] == names
    assert all(sounds.samples.shape == (6, 2, 2_000) for sounds in result.sounds)
    assert {metric.name for metric in result.metrics} == DEFINITIONS.keys() == result.definitions.keys()
    assert {f.system for f in result.metrics if f.name == "bits_per_sample"} == {
        "model", "uniform", "histogram", "linear_predictor",
    }  # fmt: skip
    assert all(isinstance(metric, Metric) and np.isfinite(metric.value) for metric in result.metrics)
    assert result.sample_rate == 2_000


def test_settings_say_what_was_done(result: EvaluationResult, model: SoundscapeGenerator) -> None:
    settings = result.settings
    assert settings["model_sha256"] == model.loaded.sha256
    assert settings["pairs"] == "pairs.csv"
    assert (settings["photos"], settings["recordings"], settings["excerpts"]) == (6, 10, 20)
    assert (settings["photos_found"], settings["scenes_without_recordings"]) == (6, [])
    assert settings["scenes"] == ["hiss", "rumble"]
    assert (settings["split"], settings["seeds"], settings["seed"]) == ("train", 2, 0)
    assert settings["versions"].keys() >= {"photowave", "torch", "numpy", "scikit-learn"}


def test_same_inputs_same_figures(
    result: EvaluationResult, model: SoundscapeGenerator, manifest: Manifest
) -> None:
    again = run(model, manifest)
    assert again.verdict == result.verdict
    assert again.settings == result.settings
    for first, second in zip(result.sounds, again.sounds, strict=True):
        assert torch.equal(first.samples, second.samples)
    first, second = (r.frame().query("name != 'real_time_factor'") for r in (result, again))
    assert first.equals(second)


def test_the_model_is_heard_as_generate_draws_it(
    result: EvaluationResult, model: SoundscapeGenerator
) -> None:
    drawn = result.sounds[1]
    sound = model.generate(result.photos.paths[2], seed=1, duration_s=1.0)
    assert np.array_equal(drawn.samples[2, 1].numpy(), sound.samples)


def test_shuffled_photos_keep_what_they_should(result: EvaluationResult) -> None:
    for name in ("clicks", "nearest_excerpt", "copied"):
        assert result.metric(name).value == result.metric(name, "model_shuffled").value


def test_nearest_is_known_for_a_copy(result: EvaluationResult) -> None:
    assert result.metric("copied", "nearest").value == pytest.approx(1.0, abs=1e-3)
    assert result.metric("nearest_excerpt", "nearest").value == pytest.approx(0.0, abs=1e-6)
    assert result.metric("copied", "real").value < 0.9


def test_progress_is_told(model: SoundscapeGenerator, manifest: Manifest) -> None:
    done: dict[str, float] = {}
    totals: dict[str, float] = {}

    def tell(what: str, part: float, total: float) -> None:
        done[what] = done.get(what, 0.0) + part
        totals[what] = total

    run(model, manifest, split="test", seeds=1, progress=tell)
    stages = ["reading recordings", "drawing", "scoring recordings", "measuring sounds", "comparing"]
    assert list(done) == stages
    # Sounds that come twice are measured once.
    assert done.pop("measuring sounds") <= totals.pop("measuring sounds")
    assert done == pytest.approx(totals)


def test_a_split_without_photos_is_refused(model: SoundscapeGenerator, manifest: Manifest) -> None:
    without = Manifest(tuple(row for row in manifest.rows if row.split != "test"), manifest.path)
    with pytest.raises(PairError, match="no row belongs to split 'test'"):
        run(model, without, split="test")


def changed_model(folder: Path, kind: str, *, rms_dbfs: float = -20.0) -> SoundscapeGenerator:
    """A tiny model of another kind or level."""
    config = tiny_config()
    config = replace(
        config,
        conditioning=replace(config.conditioning, kind=kind, channels=8),
        audio=replace(config.audio, rms_dbfs=rms_dbfs),
    )
    encoder = build_encoder(config.image)
    model = tiny_model(config, feature_dim=encoder.feature_dim)
    save_model(model, folder / "changed.safetensors", encoder_fingerprint=encoder.fingerprint)
    return load(folder / "changed.safetensors")


def test_a_model_of_one_clip_is_refused_before_the_work(tmp_path: Path) -> None:
    manifest = Manifest((), tmp_path)  # is not even looked at
    with pytest.raises(
        ConfigError, match=r"changed\.safetensors: was trained on one clip and knows no photos"
    ):
        run(changed_model(tmp_path, "position"), manifest)


def test_level_and_likelihood_follow_the_model(tmp_path: Path, manifest: Manifest) -> None:
    model = changed_model(tmp_path, "photo", rms_dbfs=-26.0)
    found = run(model, manifest, split="test", seeds=1)
    sines = found.sounds[-1].samples.double()
    assert 10 * float(sines.square().mean().log10()) == pytest.approx(-26.0, abs=1e-3)
    # This kind is trained on photos: there is no texture it could be told instead.
    bits = [found.metric(name).value for name in ("bits_per_sample", "bits_per_sample_photo")]
    assert bits[0] == pytest.approx(bits[1], rel=1e-6)


def with_rows(manifest: Manifest, *rows: Row) -> Manifest:
    return replace(manifest, rows=(*manifest.rows, *rows))


def test_fewer_photos_and_scenes_are_told(model: SoundscapeGenerator, manifest: Manifest) -> None:
    moon = [Row(photo, None, "moon", "train") for photo in manifest.split("val").photos]
    # One excerpt of a scene is fewer than there are folds.
    pond = Row(None, manifest.sounds[0], "pond", "train", 0.5)
    others = tuple(row for row in manifest.rows if row.split != "val" and row.sound != manifest.sounds[0])
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        found = run(model, Manifest((*others, *moon, pond), manifest.path), photos=4, seeds=1)
    assert found.settings["photos"] == len(found.photos.paths) == 4
    assert sorted(found.photos.scenes) == ["hiss", "hiss", "rumble", "rumble"]
    assert found.settings["photos_found"] == 6
    assert found.settings["scenes_without_recordings"] == ["moon"]


def test_what_is_wrong_with_the_pairs_is_told_before_drawing(
    model: SoundscapeGenerator, manifest: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("photowave.evaluation.run.draw_model", lambda *a, **k: pytest.fail("it was drawn"))

    def kept(holds: object) -> Manifest:
        return Manifest(tuple(row for row in manifest.rows if holds(row)), manifest.path)  # type: ignore[operator]

    with pytest.raises(PairError, match="all 3 photos are of scene 'hiss'"):
        run(model, kept(lambda row: row.photo is None or row.scene == "hiss"))
    with pytest.raises(PairError, match="no training photo to compare with"):
        run(model, kept(lambda row: row.photo is None or row.split == "test"), split="test")
    few = [Row(None, manifest.sounds[i], s, "train", 0.0) for i, s in ((0, "hiss"), (5, "rumble"))]
    with pytest.raises(PairError, match="the judge needs two or more"):
        run(model, with_rows(kept(lambda row: row.sound is None), *few))


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ({"split": "tests"}, "split='tests': must be one of train, val, test"),
        ({"level": "lufs"}, "level='lufs': must be rms or loudness"),
        ({"photos": 1}, "photos=1: must be a whole number from 2 to 10000"),
        ({"photos": 10.0}, "photos=10"),
        ({"seeds": 0}, "seeds=0: must be a whole number from 1 to 100"),
        ({"seeds": True}, "seeds=True"),
        ({"seed": -1}, "seed=-1"),
    ],
)
def test_wrong_settings_are_refused(setting: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        EvaluateSettings(**setting)


@pytest.mark.parametrize("duration_s", [0.5, 61.0])
def test_sounds_of_another_length_are_refused(
    model: SoundscapeGenerator, manifest: Manifest, duration_s: float
) -> None:
    with pytest.raises(ConfigError, match=rf"duration_s={duration_s:g}: sounds of 1 to 60 seconds"):
        evaluate(model, manifest, EvaluateSettings(), DrawSettings(duration_s=duration_s))


def test_a_missing_embedding_is_told_before_the_work(
    model: SoundscapeGenerator, manifest: Manifest, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="no such folder"):
        run(
            model, manifest, embedding=str(tmp_path / "nowhere"),
            progress=lambda *a: pytest.fail("work was begun"),
        )  # fmt: skip


def test_names_are_loaded_when_used() -> None:
    import photowave.evaluation as room

    assert set(room.__all__) == {"evaluate", "EvaluationResult", "Metric"}
    with pytest.raises(AttributeError, match="nonsense"):
        room.nonsense  # noqa: B018
