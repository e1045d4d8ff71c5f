"""A whole evaluation with a tiny model and made-up scenes: complete, repeatable, with its settings."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_scenes import write_tiny_scenes

from photowave.errors import ConfigError, PairError
from photowave.evaluation import EvaluationResult, Figure, evaluate
from photowave.evaluation.definitions import DEFINITIONS
from photowave.evaluation.options import check_evaluation
from photowave.evaluation.spread import Spread
from photowave.evaluation.verdict import verdict
from photowave.generation import SoundscapeGenerator, load
from photowave.pairs.manifest import Manifest, read_manifest


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return read_manifest(write_tiny_scenes(tmp_path_factory.mktemp("scenes")))


@pytest.fixture(scope="module")
def model(tiny_model_file: Path) -> SoundscapeGenerator:
    return load(tiny_model_file)


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> object:
    """Keep photo features out of the user's cache."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("photowave.image.cache.platformdirs.user_cache_path", lambda *a, **k: folder)
        yield


def run(model: SoundscapeGenerator, manifest: Manifest, **settings: object) -> EvaluationResult:
    return evaluate(model, manifest, **{"split": "train", "seeds": 2, "duration_s": 1.0, **settings})


@pytest.fixture(scope="module")
def result(model: SoundscapeGenerator, manifest: Manifest) -> EvaluationResult:
    return run(model, manifest)


def test_all_systems_and_figures_are_there(result: EvaluationResult) -> None:
    names = ["real", "model", "model_shuffled", "nearest", "filtered_noise", "sonify"]
    assert [sounds.name for sounds in result.sounds] == names
    assert all(sounds.samples.shape == (6, 2, 2_000) for sounds in result.sounds)
    assert {figure.name for figure in result.figures} == DEFINITIONS.keys() == result.definitions.keys()
    assert {f.system for f in result.figures if f.name == "bits_per_sample"} == {
        "model", "uniform", "histogram", "linear_predictor",
    }  # fmt: skip
    assert all(isinstance(figure, Figure) and np.isfinite(figure.value) for figure in result.figures)
    assert result.sample_rate == 2_000


def test_settings_say_what_was_done(result: EvaluationResult, model: SoundscapeGenerator) -> None:
    settings = result.settings
    assert settings["model_sha256"] == model.loaded.sha256
    assert settings["pairs"] == "pairs.csv"
    assert (settings["photos"], settings["recordings"], settings["excerpts"]) == (6, 10, 20)
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
    for name in ("level_dbfs", "clipped_share", "flatness", "frechet_log_mel", "copied"):
        assert result.figure(name).value == result.figure(name, "model_shuffled").value


def test_nearest_is_known_for_a_copy(result: EvaluationResult) -> None:
    assert result.figure("copied", "nearest").value == pytest.approx(1.0, abs=1e-3)
    assert result.figure("nearest_excerpt", "nearest").value == pytest.approx(0.0, abs=1e-6)
    assert result.figure("copied", "real").value < 0.9


def test_progress_is_told(model: SoundscapeGenerator, manifest: Manifest) -> None:
    done: dict[str, float] = {}
    totals: dict[str, float] = {}

    def tell(what: str, part: float, total: float) -> None:
        done[what] = done.get(what, 0.0) + part
        totals[what] = total

    run(model, manifest, split="test", seeds=1, progress=tell)
    stages = ["reading recordings", "drawing", "measuring sounds", "comparing", "scoring recordings"]
    assert list(done) == stages
    # Sounds that come twice are measured once.
    assert done.pop("measuring sounds") <= totals.pop("measuring sounds")
    assert done == pytest.approx(totals)


def test_a_split_without_photos_is_refused(model: SoundscapeGenerator, manifest: Manifest) -> None:
    without = Manifest(tuple(row for row in manifest.rows if row.split != "test"), manifest.path)
    with pytest.raises(PairError, match="no row belongs to split 'test'"):
        run(model, without, split="test")


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ({"split": "tests"}, "split='tests': must be one of train, val, test"),
        ({"seeds": 0}, "seeds=0: must be a whole number from 1 to 100"),
        ({"seeds": True}, "seeds=True"),
        ({"duration_s": 0.5}, "duration_s=0.5: sounds of 1 to 60 seconds"),
        ({"duration_s": 61.0}, "duration_s=61"),
        ({"temperature": 0.0}, "temperature=0"),
        ({"guidance": -1.0}, "guidance=-1"),
        ({"seed": -1}, "seed=-1"),
    ],
)
def test_wrong_settings_are_refused(setting: dict[str, object], told: str) -> None:
    good = {
        "split": "test", "seeds": 3, "duration_s": 5.0, "seed": 0, "temperature": 1.0, "guidance": 1.0,
    }  # fmt: skip
    check_evaluation(**good)
    with pytest.raises(ConfigError, match=told):
        check_evaluation(**{**good, **setting})


def test_a_missing_clap_folder_is_told_before_the_work(
    model: SoundscapeGenerator, manifest: Manifest, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError):
        run(model, manifest, clap=tmp_path / "nowhere", progress=lambda *a: pytest.fail("work was begun"))


def made(value: float, low: float, ratio: float, floor: float = 0.7) -> str:
    recognised = Figure(
        name="scene_recognised", system="model", value=value, low=low, high=value + 0.1, count=9, unit="",
        better="higher", floor=0.1, ceiling=0.65,
    )  # fmt: skip
    spread = Spread(ratio=ratio, low=ratio, high=ratio, at_random=0.1, at_random_high=0.2)
    texture = replace(recognised, name="texture_distance", value=0.5, floor=floor, ceiling=-0.002)
    return verdict(recognised, spread, texture=texture)


@pytest.mark.parametrize(
    ("value", "low", "ratio", "begins"),
    [
        (0.4, 0.3, 0.9, "Photos decide the sound, and towards their own scene"),
        (0.12, 0.05, 0.9, "Photos change the sound, but not towards their own scene"),
        (0.4, float("nan"), 0.9, "Photos change the sound, but not towards their own scene"),
        (0.4, 0.3, 0.15, "Every photo sounds the same"),
        (0.4, 0.3, float("nan"), "Sounds fit their photos better than chance"),
        (0.1, 0.05, float("nan"), "No sign that sounds fit their photos"),
    ],
)
def test_the_verdict_follows_the_figures(value: float, low: float, ratio: float, begins: str) -> None:
    text = made(value, low, ratio)
    assert text.startswith(begins + ": ")
    assert f"{value:.0%}" in text
    assert text.endswith(
        "by chance 10%, real recordings 65%; their texture is 0.50 from that of the scene's recordings "
        "(further recordings 0.00, those of other scenes 0.70)."
    )
    assert made(value, low, ratio, floor=float("nan")).endswith("from that of the scene's recordings.")


def test_names_are_loaded_when_used() -> None:
    import photowave.evaluation as room

    assert set(room.__all__) == {"evaluate", "EvaluationResult", "Figure"}
    with pytest.raises(AttributeError, match="nonsense"):
        room.nonsense  # noqa: B018
