"""Retrieval: exact places, exact chance, and no sound finds its own recording."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photowave.evaluation.retrieval import Retrieval, by_chance, mean_by_chance, retrieve

EXCERPTS = np.array([[0.0], [1.0], [2.0], [3.0], [4.0], [5.0], [6.0]])
SCENES = np.array(["a", "b", "b", "b", "b", "b", "a"])
RECORDINGS = np.array([0, 1, 1, 2, 2, 3, 4])


def ask(query: float, scene: str, source: int = -1) -> Retrieval:
    return retrieve(
        np.array([[query]]), np.array([scene]), np.array([source]),
        excerpts=EXCERPTS, excerpt_scenes=SCENES, recordings=RECORDINGS,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("query", "scene", "source", "expected"),
    [
        (-0.1, "a", -1, (1.0, 1.0, 1.0)),
        (-0.1, "b", -1, (1 / 2, 0.0, 1.0)),
        (2.4, "a", -1, (1 / 5, 0.0, 1.0)),
        # Its own recording gone, the next of scene a is at the far end: after five others.
        (0.0, "a", 0, (1 / 6, 0.0, 0.0)),
        (1.1, "b", 1, (1 / 2, 0.0, 1.0)),
    ],
)
def test_places(query: float, scene: str, source: int, expected: tuple[float, float, float]) -> None:
    found = ask(query, scene, source)
    assert found.reciprocal_rank[0] == pytest.approx(expected[0])
    assert (found.recall_1[0], found.recall_5[0]) == expected[1:]


def test_ties_are_half_won() -> None:
    found = ask(0.5, "a")
    assert found.reciprocal_rank[0] == pytest.approx(1 / 1.5)
    assert found.recall_1[0] == 0.0


def test_a_scene_that_is_not_there() -> None:
    assert np.isnan(ask(0.0, "moon").reciprocal_rank).all()
    only = retrieve(
        EXCERPTS[:1], SCENES[:1], np.array([0]),
        excerpts=EXCERPTS[:1], excerpt_scenes=SCENES[:1], recordings=RECORDINGS[:1],
    )  # fmt: skip
    assert np.isnan(only.recall_1).all()


def test_the_order_of_the_excerpts_does_not_matter() -> None:
    order = np.random.default_rng(0).permutation(len(EXCERPTS))
    queries, scenes = np.linspace(-1, 7, 15)[:, None], np.array(["a", "b", "b"] * 5)
    straight, mixed = (
        retrieve(
            queries, scenes, np.full(15, -1),
            excerpts=EXCERPTS[rows], excerpt_scenes=SCENES[rows], recordings=RECORDINGS[rows],
        )
        for rows in (np.arange(len(EXCERPTS)), order)
    )  # fmt: skip
    assert (straight.reciprocal_rank == mixed.reciprocal_rank).all()


@given(st.integers(1, 7).flatmap(lambda total: st.tuples(st.integers(1, total), st.just(total))))
@settings(deadline=None, max_examples=28)
def test_chance_is_the_mean_over_all_orders(counts: tuple[int, int]) -> None:
    right, total = counts
    firsts = np.array([min(places) + 1 for places in itertools.combinations(range(total), right)])
    expected = (np.mean(1 / firsts), np.mean(firsts <= 1), np.mean(firsts <= 5))
    assert by_chance(right=right, total=total) == pytest.approx(expected)


def test_mean_chance_leaves_out_unknown_scenes() -> None:
    scenes = np.array(["a", "b", "moon"])
    expected = np.mean([by_chance(right=2, total=7), by_chance(right=5, total=7)], axis=0)
    assert mean_by_chance(scenes, SCENES) == pytest.approx(tuple(expected))
    assert np.isnan(mean_by_chance(np.array(["moon"]), SCENES)).all()
