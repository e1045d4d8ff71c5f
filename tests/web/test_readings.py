"""What is remembered of photos, and for how long."""

import torch

from photowave.generation.hearing import Hearing
from photowave.generation.reading import SeenPhoto
from photowave.web.readings import Readings

PHOTO = SeenPhoto(torch.zeros(1, 2), Hearing(), name="n", sha256="s", picture=None)


def test_tokens_are_forgotten_when_nobody_uses_them() -> None:
    now = 0.0
    readings = Readings(forgotten_s=30.0, clock=lambda: now)
    used, unused = readings.remember(PHOTO), readings.remember(PHOTO)
    assert used != unused
    for _ in range(3):
        now += 20.0
        assert readings.recall(used) is not None
    assert readings.recall(unused) is None
    assert len(readings) == 1
    now = 91.0
    assert readings.recall(used) is None


def test_the_one_that_was_not_used_for_longest_goes_first() -> None:
    readings = Readings(most=3)
    tokens = [readings.remember(PHOTO) for _ in range(3)]
    assert readings.recall(tokens[0]) is not None
    readings.remember(PHOTO)
    assert readings.recall(tokens[1]) is None
    assert readings.recall(tokens[0]) is not None
    assert len(readings) == 3


def test_tokens_cannot_be_guessed() -> None:
    readings = Readings()
    tokens = {readings.remember(PHOTO) for _ in range(100)}
    assert len(tokens) == 100
    assert min(map(len, tokens)) >= 20
    assert readings.recall("") is None
