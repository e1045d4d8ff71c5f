"""Metrics on made-up scenes: real recordings win, shuffling hurts what it should, faults are caught."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from made_scenes import RATE, constant, good_model, made_photos, made_real, silence, white_noise

from photowave.errors import ConfigError
from photowave.evaluation.judging.systems import judge_systems, likelihood_metrics
from photowave.evaluation.metrics.definitions import DEFINITIONS
from photowave.evaluation.metrics.likelihood import Likelihood
from photowave.evaluation.metrics.metric import Metric
from photowave.evaluation.sounds.noise import filtered_noise
from photowave.evaluation.sounds.retrieved import real_sounds
from photowave.evaluation.sounds.systems import shuffle_photos, sonified
from photowave.evaluation.sounds.types import EvaluatedPhotos, Request, SystemSounds

SEEDS = 3
Judged = tuple[dict[tuple[str, str], Metric], str]


def systems() -> list[SystemSounds]:
    photos = made_photos()
    drawn = good_model(photos, seeds=SEEDS)
    made = [drawn, shuffle_photos(drawn, photos)]
    makers = (real_sounds, filtered_noise, sonified, silence, white_noise, constant)
    made += [make(Request(photos, made_real(), SEEDS, 1.0)) for make in makers]
    return made


def judge(*made: SystemSounds, judged: str = "model") -> Judged:
    metrics, verdict = judge_systems(list(made), made_real(), made_photos(), judged=judged)
    return {(metric.name, metric.system): metric for metric in metrics}, verdict


@pytest.fixture(scope="module")
def judged() -> Judged:
    return judge(*systems())


@pytest.fixture
def value(judged: Judged) -> Callable[[str, str], float]:
    return lambda name, system: judged[0][name, system].value


TO_THE_SCENE = ["scene_recognised", "long_term_spectrum_db", "texture_distance"]
"""What looks at the photo's scene: shuffling must hurt it."""
BLIND = ["nearest_excerpt", "copied", "clicks"]
"""What does not: shuffling must not touch it."""


def beats(one: Metric, other: Metric) -> bool:
    assert one.better in ("higher", "lower")
    return one.value > other.value if one.better == "higher" else one.value < other.value


def test_every_figure_of_a_sound_is_there(judged: Judged) -> None:
    metrics, _ = judged
    of_clips = {"bits_per_sample", "bits_per_sample_photo", "photo_swap_gain"}
    for system in ("real", "model", "silence"):
        names = {name for name, own in metrics if own == system}
        timed = set() if system == "real" else {"real_time_factor"}
        of_judge = {"judge_accuracy"} if system == "real" else set()
        assert (
            names == DEFINITIONS.keys() - of_clips - {"real_time_factor", "judge_accuracy"} | timed | of_judge
        )
    assert ("real_time_factor", "model_shuffled") not in metrics
    missing = [key for key, metric in metrics.items() if not np.isfinite(metric.value)]
    assert missing == [("told_apart", "constant")]  # all its sounds come from one recording: none is unheard


def test_intervals_hold_the_value(judged: Judged) -> None:
    without = {"real_time_factor", "spread_ratio", "told_apart"}
    checked = [metric for metric in judged[0].values() if metric.name not in without]
    assert len(checked) > 60
    assert all(f.low - 1e-9 <= f.value <= f.high + 1e-9 for f in checked)
    assert any(f.low < f.value < f.high for f in checked if f.system == "model")


@pytest.mark.parametrize("name", TO_THE_SCENE)
@pytest.mark.parametrize("baseline", ["model_shuffled", "sonify", "silence", "white_noise", "constant"])
def test_real_recordings_beat_every_baseline(judged: Judged, name: str, baseline: str) -> None:
    metrics, _ = judged
    assert beats(metrics[name, "real"], metrics[name, baseline])


def test_noise_with_the_spectrum_of_a_recording_does_not_pass_for_it(judged: Judged) -> None:
    metrics, _ = judged
    assert metrics["texture_distance", "filtered_noise"].low > metrics["texture_distance", "real"].high


def test_real_recordings_are_no_distance_from_their_scene(judged: Judged) -> None:
    metrics, _ = judged
    real = metrics["texture_distance", "real"]
    assert real.low <= 0.0 <= real.high
    assert metrics["texture_distance", "model"].count == 9 * SEEDS
    for bad in ("silence", "white_noise", "constant", "sonify"):
        assert metrics["texture_distance", bad].low > real.high


@pytest.mark.parametrize("name", TO_THE_SCENE)
def test_shuffled_photos_lose_on_what_looks_at_the_scene(judged: Judged, name: str) -> None:
    metrics, _ = judged
    assert beats(metrics[name, "model"], metrics[name, "model_shuffled"])


@pytest.mark.parametrize("name", BLIND)
def test_shuffled_photos_change_nothing_else(judged: Judged, name: str) -> None:
    metrics, _ = judged
    assert same(metrics[name, "model"], metrics[name, "model_shuffled"])


def same(one: Metric, other: Metric) -> bool:
    return all(
        getattr(one, part) == getattr(other, part)
        or (np.isnan(getattr(one, part)) and np.isnan(getattr(other, part)))
        for part in ("value", "low", "high", "count", "floor", "ceiling")
    )


def test_silence_and_white_noise_are_caught(value: Callable[[str, str], float]) -> None:
    assert value("level_difference_db", "silence") > 90 > 3 > value("level_difference_db", "real")
    for system in ("silence", "white_noise"):
        assert value("long_term_spectrum_db", system) > 5 * value("long_term_spectrum_db", "real")


def test_one_sound_for_all_photos_is_caught(judged: Judged, value: Callable[[str, str], float]) -> None:
    assert value("spread_ratio", "constant") == 0.0
    assert value("spread_ratio", "real") > 1.0
    assert value("spread_ratio", "model") > 1.0
    # It is a good sound: nothing but photos and scenes gives it away.
    assert value("level_difference_db", "constant") < 2.0
    assert value("scene_recognised", "constant") == pytest.approx(1 / 3)
    assert judged[0]["scene_recognised", "constant"].floor == pytest.approx(1 / 3)


def test_floors_and_ceilings(judged: Judged) -> None:
    metrics, _ = judged
    assert metrics["scene_recognised", "model"].ceiling == metrics["scene_recognised", "real"].value
    assert metrics["judge_accuracy", "real"].value > 0.9
    assert np.isnan(metrics["spread_ratio", "model"].ceiling)
    of_model, of_real = metrics["texture_distance", "model"], metrics["texture_distance", "real"]
    assert of_model.ceiling == of_real.value
    assert of_model.floor > of_real.high
    assert metrics["real_time_factor", "model"].value == pytest.approx(0.5)


def test_a_copy_is_found_out(judged: Judged) -> None:
    metrics, _ = judged
    real = made_real()
    photos = made_photos()
    train = int(np.flatnonzero(real.splits == "train")[3])
    sound = 0.3 * real.samples[train].expand(len(photos.scenes), SEEDS, RATE)
    thief = SystemSounds("thief", sound, np.full(sound.shape[:2], -1), float("nan"))
    stolen, _ = judge(thief, judged="thief")
    assert stolen["copied", "thief"].value == pytest.approx(1.0, abs=1e-4)
    assert metrics["copied", "real"].value < 0.5
    assert metrics["copied", "model"].value < 0.5
    assert metrics["nearest_excerpt", "model"].value > 0.3


def test_what_a_model_draws_from_counts_as_what_it_was_taken_from_when_told_apart() -> None:
    real, photos = made_real(), made_photos()
    taken = real_sounds(Request(photos, real, SEEDS, 1.0))
    nowhere = replace(taken, sources=np.full(taken.sources.shape, -1))
    named = replace(nowhere, drawn_from=np.char.add(taken.sources.astype(str), ".wav"))
    values = [
        judge(system, judged="real")[0]["told_apart", "real"].value for system in (taken, named, nowhere)
    ]
    assert values[0] == values[1] != values[2]


def test_repeating_training_excerpts_shows_though_they_are_recognised(judged: Judged) -> None:
    """One training excerpt per scene, of no known source: every metric of recognition is perfect."""
    real, photos = made_real(), made_photos()
    of_scene = [
        np.flatnonzero((real.splits == "train") & (real.scenes == scene))[0] for scene in photos.scenes
    ]
    grains = real.samples[np.array(of_scene)][:, None].repeat(1, SEEDS, 1)
    shifted = torch.stack([grains[:, k].roll(1_000 * k, -1) for k in range(SEEDS)], 1)
    thief = SystemSounds("thief", shifted, np.full((len(of_scene), SEEDS), -1), float("nan"))
    stolen, text = judge(thief, real_sounds(Request(photos, real, SEEDS, 1.0)), judged="thief")
    assert stolen["scene_recognised", "thief"].value == 1.0
    assert stolen["nearest_excerpt", "thief"].high < stolen["nearest_excerpt", "real"].low
    assert text.endswith("than recordings do: partly repeated.")
    assert "repeated" not in judged[1]


def test_one_sound_for_photos_of_one_scene_mostly_is_caught() -> None:
    """The scene that most photos are of pays no more than any other."""
    real, every = made_real(), made_photos(8)
    kept = [*range(8), 8, 16]  # eight photos of hiss, one of pulses, one of rumble
    photos = EvaluatedPhotos(
        tuple(every.paths[k] for k in kept), tuple(every.images[k] for k in kept), every.scenes[kept]
    )
    hiss = real.samples[:1].expand(len(kept), 2, RATE)
    same_for_all = SystemSounds("constant", hiss, np.full((len(kept), 2), -1), float("nan"))
    metrics, _ = judge_systems([same_for_all], real, photos, judged="constant")
    found = {metric.name: metric for metric in metrics if metric.system == "constant"}
    assert found["scene_recognised"].value == pytest.approx(found["scene_recognised"].floor)
    assert found["scenes_nearest"].value == pytest.approx(1 / 3)


def test_the_verdict_tells_good_from_constant(judged: Judged) -> None:
    _, good = judged
    assert good.startswith("Photos decide the sound, and towards their own scene: ")
    assert "100%" in good
    real, photos = made_real(), made_photos()
    _, bad = judge(constant(Request(photos, real, SEEDS, 1.0)), judged="constant")
    assert bad.startswith("No sign that the photo matters, every photo may sound the same: ")
    assert "nan" not in bad
    shuffled = shuffle_photos(good_model(photos, seeds=SEEDS), photos)
    _, mixed = judge(shuffled, judged="model_shuffled")
    assert mixed.startswith("Photos change the sound, but no sign that it is towards their own scene: ")
    assert all(text.count("\n") == 0 for text in (good, bad, mixed))


def test_same_inputs_same_figures(judged: Judged) -> None:
    again, verdict = judge(*systems())
    metrics, before = judged
    assert verdict == before
    assert again.keys() == metrics.keys()
    timed = {key for key in metrics if key[0] == "real_time_factor"}
    assert all(same(again[key], metrics[key]) for key in metrics.keys() - timed)


def test_an_unknown_system_is_named() -> None:
    with pytest.raises(ConfigError, match="judged='nobody': no such system; there are model"):
        judge(good_model(made_photos(), seeds=1), judged="nobody")


def test_one_seed_gives_no_spread(judged: Judged) -> None:
    photos = made_photos()
    metrics, verdict = judge(good_model(photos, seeds=1))
    assert np.isnan(metrics["spread_ratio", "model"].value)
    assert "one sound per photo" in verdict


def test_only_what_the_evaluation_deals_may_repeat_a_recording(judged: Judged) -> None:
    metrics, _ = judged
    real, photos = made_real(), made_photos()
    for make in (real_sounds, filtered_noise):
        dealt = make(Request(photos, real, SEEDS, 1.0))
        renamed, _ = judge(replace(dealt, name="other"), judged="other")
        assert renamed["nearest_excerpt", "other"].value < metrics["nearest_excerpt", dealt.name].value
        # The judge and the references leave the own recording out, whatever the name.
        for name in ("scene_recognised", "scenes_nearest", "long_term_spectrum_db"):
            assert same_value(renamed[name, "other"], metrics[name, dealt.name])


def same_value(one: Metric, other: Metric) -> bool:
    return (one.value, one.low, one.high, one.count) == (other.value, other.low, other.high, other.count)


def test_scenes_with_too_little_are_left_out_and_counted() -> None:
    photos = made_photos()
    kept = [0, 1, 2, 3, 6, 7]  # three photos of hiss, one of pulses, two of rumble
    few = EvaluatedPhotos(
        tuple(photos.paths[k] for k in kept), tuple(photos.images[k] for k in kept), photos.scenes[kept]
    )
    metrics, _ = judge_systems([good_model(few, seeds=SEEDS)], made_real(), few)
    found = {metric.name: metric for metric in metrics}
    assert found["texture_distance"].count == 5 * SEEDS
    assert found["copied"].count == 6
    alone = EvaluatedPhotos(few.paths[:1], few.images[:1], few.scenes[:1])
    metrics, verdict = judge_systems([good_model(alone, seeds=SEEDS)], made_real(), alone)
    found = {metric.name: metric for metric in metrics}
    assert found["texture_distance"].count == 0
    assert np.isnan(found["texture_distance"].value)
    assert "texture" not in verdict


def test_likelihood_becomes_figures() -> None:
    bits = np.array([10.0, 11.0, 12.0, 13.0])
    found = Likelihood(
        own=bits,
        right=bits + 1,
        wrong=np.array([11.5, 12.5, 13.5, np.nan]),
        baselines={"uniform": bits + 5, "linear_predictor": bits + 2},
        recordings=np.array([0, 0, 1, 1]),
    )
    metrics = {(f.name, f.system): f for f in likelihood_metrics(found, seed=0)}
    assert metrics["bits_per_sample", "model"].value == 11.5
    assert metrics["bits_per_sample", "model"].floor == 16.5
    assert (metrics["bits_per_sample", "model"].low, metrics["bits_per_sample", "model"].high) == (10.5, 12.5)
    assert metrics["bits_per_sample", "linear_predictor"].value == 13.5
    assert metrics["photo_swap_gain", "model"].value == pytest.approx(0.5)
    assert metrics["photo_swap_gain", "model"].count == 3
    assert likelihood_metrics(None, seed=0) == []
    metrics, verdict = judge_systems(
        [good_model(made_photos(), seeds=SEEDS)], made_real(), made_photos(), likelihood=found
    )
    names = list(dict.fromkeys(metric.name for metric in metrics))
    assert names == [name for name in DEFINITIONS if name in names]
    assert "bits_per_sample_photo" in names
    assert "a photo of another scene costs 0.50 (0.50 to 0.50) bits" in verdict
