"""The judge: its accuracy is that on unheard recordings, and no sound is judged by who knows its source."""

import numpy as np
import pytest
from numpy.typing import NDArray

from photowave.errors import PairError
from photowave.evaluation.metrics.judge import SceneJudge

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
    assert (judge.unheard == 1).all()
    vectors, scenes, _ = clouds(20.0, seed=1)
    judged = judge.judge(vectors, scenes, none(len(scenes)))
    assert (judged == 1).all()


def test_wrong_scenes_are_not_recognised() -> None:
    judge = SceneJudge(*clouds(20.0))
    vectors, scenes, _ = clouds(20.0, seed=1)
    turned = np.roll(scenes, 20)
    assert (turned != scenes).all()
    judged = judge.judge(vectors, turned, none(len(scenes)))
    assert (judged == 0).all()


def test_the_accuracy_is_no_memory_of_the_recordings() -> None:
    """Scenes that are nothing but their recordings: known by heart, but never on unheard ones."""
    vectors, scenes, recordings = clouds(0.0, of_recording=30.0, recordings=8)
    judge = SceneJudge(vectors, scenes, recordings)
    by_heart = judge.judge(vectors, scenes, none(len(scenes))).mean()
    unheard = judge.judge(vectors, scenes, recordings).mean()
    assert by_heart > 0.8
    assert unheard < 0.6
    # Each excerpt is judged by the very classifier that the accuracy stands on.
    assert judge.unheard.mean() == unheard


def test_one_sound_for_all_photos_is_recognised_once() -> None:
    data = clouds(20.0)
    judge = SceneJudge(*data)
    judged = judge.judge(np.repeat(data[0][:1], 3, 0), np.array(SCENES), none(3))
    assert judged.tolist() == [1, 0, 0]


class Undecided:
    """A classifier to which some scenes are equally likely."""

    classes_ = np.array(SCENES)

    def predict_proba(self, vectors: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.tile([0.4, 0.2, 0.4], (len(vectors), 1))


def test_a_shared_first_place_is_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    data = clouds(20.0)
    judge = SceneJudge(*data)
    monkeypatch.setattr(judge, "_all", Undecided())
    judged = judge.judge(data[0][:3], np.array(SCENES), none(3))
    assert judged.tolist() == [0.5, 0.0, 0.5]


def test_a_scene_without_recordings_is_not_recognised() -> None:
    judge = SceneJudge(*clouds(20.0))
    judged = judge.judge(clouds(20.0)[0][:1], np.array(["moon"]), none(1))
    assert judged.tolist() == [0]


def test_same_seed_same_judge() -> None:
    data = clouds(1.0)
    first, again = SceneJudge(*data, seed=4), SceneJudge(*data, seed=4)
    assert (first.unheard == again.unheard).all()


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
