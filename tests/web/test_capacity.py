"""How many are let in: as many as were drawn in real time, less what else is to be done."""

from itertools import count

import pytest

from photowave.generation import SoundscapeGenerator
from photowave.web.capacity import MOST, sounds_in_real_time


@pytest.mark.parametrize(
    ("threads", "taken_s", "expected"),
    [(1, 0.2, 9), (2, 0.2, 18), (2, 1.0, 3), (1, 1_000.0, 2), (4, 1e-6, MOST)],
)
def test_a_slower_machine_lets_fewer_in(
    threads: int, taken_s: float, expected: int, generator: SoundscapeGenerator
) -> None:
    ticks = count()
    room = sounds_in_real_time(generator, threads=threads, clock=lambda: next(ticks) * taken_s)
    assert room == expected
