"""Who draws when: in turn, never far ahead, no longer than somebody listens, and never for too many."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from photowave.web.drawing import Drawing, DrawingQueue, FullError, StoppedError

PIECE = b"1234"


def source(name: str, drawn: list[str], *, pieces: int = 1_000) -> Callable[[], Iterator[bytes]]:
    def begin() -> Iterator[bytes]:
        for _ in range(pieces):
            drawn.append(name)
            yield PIECE

    return begin


@asynccontextmanager
async def working(queue: DrawingQueue) -> AsyncIterator[None]:
    queue.start()
    try:
        yield
    finally:
        queue.stop()
        queue.wait()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():
            await asyncio.sleep(0.001)


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def test_listeners_are_drawn_for_in_turn() -> None:
    async def work() -> None:
        queue, drawn = DrawingQueue(threads=1, room=9), list[str]()
        for name in "abc":
            queue.join(source(name, drawn), ahead_bytes=4 * len(PIECE))
        assert queue.waiting == 3
        async with working(queue):
            await until(lambda: len(drawn) == 12)
        assert "".join(drawn) == "abc" * 4

    run(work())


def test_one_who_takes_all_at_once_takes_nobody_elses_turn() -> None:
    async def work() -> None:
        queue, drawn = DrawingQueue(threads=1, room=9), list[str]()
        greedy = queue.join(source("g", drawn), ahead_bytes=10**9)
        patient = [queue.join(source(name, drawn), ahead_bytes=10**9) for name in "abc"]
        async with working(queue):
            for _ in range(25):
                assert await anext(greedy) == PIECE
        assert len(patient) == 3
        assert "".join(drawn).startswith("gabc" * 24 + "g")

    run(work())


@pytest.mark.parametrize("threads", [1, 3])
def test_nothing_is_drawn_far_ahead_of_a_reader(threads: int) -> None:
    async def work() -> None:
        queue, drawn = DrawingQueue(threads=threads, room=9), list[str]()
        listener = queue.join(source("a", drawn), ahead_bytes=3 * len(PIECE))
        async with working(queue):
            await until(lambda: queue.waiting == 0 and len(drawn) == 3)
            for _ in range(2):
                await anext(listener)
            await until(lambda: len(drawn) == 5)
        assert len(drawn) == 5

    run(work())


def test_nobody_is_drawn_for_until_somebody_has_used_up_half_and_then_all_are() -> None:
    async def work() -> None:
        queue, drawn = DrawingQueue(threads=2, room=9), list[str]()
        first, second = (queue.join(source(name, drawn), ahead_bytes=4 * len(PIECE)) for name in "ab")
        async with working(queue):
            await until(lambda: len(drawn) == 8)
            await anext(first)
            await anext(second)
            assert queue.waiting == 2
            assert len(drawn) == 8
            await anext(first)
            await until(lambda: queue.waiting == 0)
            await until(lambda: len(drawn) == 11)
        assert drawn.count("a") == 6

    run(work())


def test_who_is_new_is_drawn_for_first_and_the_others_together() -> None:
    async def work() -> None:
        drawn, together = list[str](), list[int]()
        queue = DrawingQueue(
            threads=1, room=9, together=3, ahead=lambda sources: together.append(len(sources))
        )
        for name in "abcdef":
            queue.join(source(name, drawn), ahead_bytes=2 * len(PIECE))
        async with working(queue):
            await until(lambda: len(drawn) == 12)
        assert "".join(drawn[:6]) == "abcdef"
        assert together == [4, 2, 3, 3]

    run(work())


def test_drawing_stops_when_a_listener_leaves() -> None:
    async def work() -> None:
        queue, drawn = DrawingQueue(threads=1, room=1), list[str]()
        held = threading.Event()

        def begin() -> Iterator[bytes]:
            drawn.append("a")
            held.wait(30)
            yield PIECE
            drawn.append("a")
            yield PIECE

        leaving = queue.join(begin, ahead_bytes=10**9)
        async with working(queue):
            await until(lambda: len(drawn) == 1)
            leaving.close()
            assert queue.listeners == 0
            held.set()
            # There is room for the next one at once.
            staying = queue.join(source("b", drawn, pieces=2), ahead_bytes=10**9)
            assert [piece async for piece in staying] == [PIECE, PIECE]
        assert drawn == ["a", "b", "b"]

    run(work())


def test_more_than_there_is_room_for_are_told() -> None:
    async def work() -> None:
        queue, drawn = DrawingQueue(threads=1, room=3), list[str]()
        first = queue.join(source("a", drawn), cost=2, ahead_bytes=1)
        with pytest.raises(FullError):
            queue.join(source("b", drawn), cost=2, ahead_bytes=1)
        queue.join(source("c", drawn), ahead_bytes=1)
        first.close()
        queue.join(source("d", drawn), cost=2, ahead_bytes=1)
        assert queue.listeners == 2

    run(work())


def test_what_costs_more_than_all_room_is_drawn_alone() -> None:
    async def work() -> None:
        queue, drawn = DrawingQueue(threads=1, room=3), list[str]()
        queue.join(source("a", drawn), cost=8, ahead_bytes=1)
        with pytest.raises(FullError):
            queue.join(source("b", drawn), ahead_bytes=1)

    run(work())


def test_a_fault_reaches_its_own_listener_alone() -> None:
    async def work() -> None:
        queue, drawn = DrawingQueue(threads=1, room=9), list[str]()

        def broken() -> Iterator[bytes]:
            yield PIECE
            raise ValueError("broken")

        bad = queue.join(broken, ahead_bytes=10**9)
        good = queue.join(source("a", drawn, pieces=3), ahead_bytes=10**9)
        async with working(queue):
            assert await anext(bad) == PIECE
            with pytest.raises(ValueError, match="broken"):
                await anext(bad)
            assert len([piece async for piece in good]) == 3

    run(work())


def test_the_end_of_the_server_ends_every_sound() -> None:
    async def work() -> None:
        queue, drawn = DrawingQueue(threads=2, room=9), list[str]()
        listeners = [queue.join(source(name, drawn), ahead_bytes=2 * len(PIECE)) for name in "ab"]
        async with working(queue):
            await anext(listeners[0])

        async def read(listener: Drawing) -> None:
            with pytest.raises(StoppedError):
                _ = [piece async for piece in listener]

        await asyncio.gather(*map(read, listeners))
        with pytest.raises(StoppedError):
            queue.join(source("c", drawn), ahead_bytes=1)

    run(work())
