"""The judge: its accuracy is that on unheard recordings, and no sound is judged by who knows its source."""

import numpy as np
import pytest
from numpy.typing import NDArray

from photowave.errors import PairError
from photowave.evaluation.judge import SceneJudge

SCENES = ("city", "forest", "sea")


def clouds(apart: float, *, recordings: int = 5, excerpts: int = 4, seed: int = 0, of_recording: float = 0.0):
    """Vectors around a centre per scene, moved by a lot per recording: vectors, scenes, recordings."""
    random = np.random.default_rng(seed)
    centres = apart * np.eye(len(SCENES), 32)
    vectors, scenes, numbers = [], [], []
    for scene, name in enumerate(SCENES):
        for recording in range(recordings):
            moved = centres[scene] + of_recording * random.standard_normal(32)
            vectors.append(moved + random.standard_normal((excerpts, 32)))
            scenes += [name] * excerpts
            numbers += [scene * recordings + recording] * excerpts
    return np.concatenate(vectors), np.array(scenes), np.array(numbers)


def none(count: int) -> NDArray[np.int64]:
    return np.full(count, -1)


def test_clear_scenes_are_told_apart() -> None:
    judge = SceneJudge(*clouds(20.0))
    assert judge.accuracy == 1.0
    assert judge.mean_rank == 1.0
    vectors, scenes, _ = clouds(20.0, seed=1)
    judged = judge.judge(vectors, scenes, none(len(scenes)))
    assert (judged.recognised == 1).all()
    assert (judged.ranks == 1).all()


def test_wrong_scenes_are_not_recognised() -> None:
    judge = SceneJudge(*clouds(20.0))
    vectors, scenes, _ = clouds(20.0, seed=1)
    turned = np.roll(scenes, 20)
    assert (turned != scenes).all()
    judged = judge.judge(vectors, turned, none(len(scenes)))
    assert (judged.recognised == 0).all()
    assert (judged.ranks >= 2).all()


def test_the_accuracy_is_no_memory_of_the_recordings() -> None:
    """Scenes that are nothing but their recordings: known by heart, but never on unheard ones."""
    vectors, scenes, recordings = clouds(0.0, of_recording=30.0, recordings=8)
    judge = SceneJudge(vectors, scenes, recordings)
    by_heart = judge.judge(vectors, scenes, none(len(scenes))).recognised.mean()
    unheard = judge.judge(vectors, scenes, recordings).recognised.mean()
    assert by_heart > 0.8
    assert unheard < 0.6
    # Each excerpt is judged by the very classifier that the accuracy stands on.
    assert judge.accuracy == pytest.approx(unheard)


def test_scenes_count_alike_in_the_accuracy() -> None:
    vectors, scenes, recordings = clouds(20.0)
    few = (scenes != "sea") | (recordings % 5 < 2)
    # The two sea recordings sound like the city: both are lost, and weigh a third.
    vectors[scenes == "sea"] = vectors[scenes == "city"]
    judge = SceneJudge(vectors[few], scenes[few], recordings[few])
    share = judge.judge(vectors[few], scenes[few], recordings[few]).recognised.mean()
    by_scene = [
        judge.judge(vectors[few][own], scenes[few][own], recordings[few][own]).recognised.mean()
        for own in (scenes[few] == scene for scene in SCENES)
    ]
    assert judge.accuracy == pytest.approx(np.mean(by_scene))
    assert judge.accuracy != pytest.approx(share)


def test_a_scene_without_recordings_comes_last() -> None:
    judge = SceneJudge(*clouds(20.0))
    judged = judge.judge(clouds(20.0)[0][:1], np.array(["moon"]), none(1))
    assert judged.recognised.tolist() == [0]
    assert judged.ranks.tolist() == [4]


def test_same_seed_same_judge() -> None:
    data = clouds(1.0)
    first, again = SceneJudge(*data, seed=4), SceneJudge(*data, seed=4)
    assert (first.accuracy, first.mean_rank) == (again.accuracy, again.mean_rank)


def test_one_scene_is_refused() -> None:
    vectors, scenes, recordings = clouds(1.0)
    with pytest.raises(PairError, match=r"cover 1 scene\(s\); .* two or more"):
        SceneJudge(vectors, np.full_like(scenes, "sea"), recordings)


@pytest.mark.parametrize("excerpts", [1, 3])
def test_too_few_recordings_are_refused(excerpts: int) -> None:
    vectors, scenes, recordings = clouds(1.0, recordings=1, excerpts=excerpts)
    two = scenes != "sea"
    with pytest.raises(PairError, match="Add recordings, at least two to a scene"):
        SceneJudge(vectors[two], scenes[two], recordings[two])
