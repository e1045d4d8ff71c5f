"""Who draws when: threads take listeners in turn, a short piece each, never far ahead of a reader."""

import asyncio
import math
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Self

Begin = Callable[[], Iterator[bytes]]
"""Starts a sound, and gives its pieces; each piece is one turn of drawing."""

_NEW_TOGETHER = 4
"""Newcomers that a thread begins at once: each waits for the others' beginnings."""


class FullError(Exception):
    """So many sounds are drawn at once that another one would let all of them falter."""


class StoppedError(Exception):
    """The server ends."""


class Drawing(AsyncIterator[bytes]):
    """One listener's sound while it is drawn: pieces wait here until they are asked for.

    Made by `DrawingQueue.join`; `close` must be called in the end.
    """

    def __init__(self, queue: "DrawingQueue", begin: Begin, *, cost: int, ahead_bytes: int):
        self.cost = cost
        self._queue, self._begin, self._ahead = queue, begin, ahead_bytes
        self.source: Iterator[bytes] | None = None
        self._pieces: deque[bytes] = deque()
        self._held = 0
        self._lined_up = False
        self._ended: Exception | None = None
        self._loop, self._news = asyncio.get_running_loop(), asyncio.Event()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        while True:
            with self._queue.lock:
                if self._pieces:
                    piece = self._pieces.popleft()
                    self._held -= len(piece)
                    self._queue.line_up(self)
                    return piece
                if self._ended is not None:
                    raise self._ended
                self._news.clear()
            await self._news.wait()

    def close(self) -> None:
        """Stop drawing it, whatever is left; what was drawn ahead is dropped."""
        with self._queue.lock:
            self.end(StopAsyncIteration())
            self._pieces.clear()
            self._queue.leave(self)

    @property
    def is_new(self) -> bool:
        """Whether nothing of it was drawn yet."""
        return self.source is None

    @property
    def is_due(self) -> bool:
        """Whether half of what may be held is gone."""
        return 2 * self._held <= self._ahead

    @property
    def wants_more(self) -> bool:
        """Whether another piece is to be drawn, now that so much is held."""
        return self._ended is None and not self._lined_up and self._held < self._ahead

    @property
    def is_lined_up(self) -> bool:
        """Whether it stands in the line, or is being drawn."""
        return self._lined_up

    def mark(self, *, lined_up: bool) -> None:
        """Note whether it stands in the line, or is being drawn."""
        self._lined_up = lined_up

    def end(self, why: Exception) -> None:
        """Let what is held be read, and then raise `why`."""
        if self._ended is None:
            self._ended = why
        self._tell()

    def begin(self) -> None:
        """Get its source, in a worker's thread; a fault of it, or of `take_turn`, is the listener's alone."""
        try:
            self.source = self._begin()
        except Exception as error:  # the thread goes on
            self._fail(error)

    def take_turn(self) -> int:
        """Draw the next piece, in a worker's thread; how many bytes it has, 0 if the sound is over."""
        if self._ended is not None or self.source is None:
            return 0
        try:
            piece = next(self.source, None)
        except Exception as error:
            self._fail(error)
            return 0
        with self._queue.lock:
            if piece is None:
                self.end(StopAsyncIteration())
                return 0
            if self._ended is None:
                self._pieces.append(piece)
                self._held += len(piece)
                self._tell()
        return len(piece)

    def _fail(self, error: Exception) -> None:
        with self._queue.lock:
            self.end(error)

    def _tell(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._news.set)


class DrawingQueue:
    """Draws for many listeners at once, in turn.

    ::

        listeners --> line --> thread: a piece each --> back to the end of the line, until enough is held
                       ^------ a listener has read a piece

    A listener stands in the line once at the most, so the line is as short as there are listeners. Drawing
    together is much cheaper than one by one. So the threads wait until somebody has used up half of what may
    be held, and then draw for all until all hold enough; whoever is new is drawn for first.

    Args:
        threads: How many draw.
        room: What the costs of all listeners may add up to; it may be changed.
        drawn: Called in a worker's thread with the bytes of each piece.
        together: How many a thread takes from the line at the most; it leaves the others' share to them.
        ahead: Called with what those have begun, before their pieces are asked for one after the other.
    """

    def __init__(
        self,
        *,
        threads: int,
        room: int,
        drawn: Callable[[int], None] = lambda count: None,
        together: int = 1,
        ahead: Callable[[Sequence[Iterator[bytes]]], None] = lambda sources: None,
    ):
        self._together, self._ahead = together, ahead
        self.lock = threading.RLock()
        self._there = threading.Condition(self.lock)
        self.room, self._drawn = room, drawn
        self._line: deque[Drawing] = deque()
        self._listeners: set[Drawing] = set()
        self._stopped = self._filling = False
        self._threads = [
            threading.Thread(target=self._work, name=f"drawing-{number}", daemon=True)
            for number in range(threads)
        ]

    def start(self) -> None:
        """Begin to draw."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End every sound; the threads finish the pieces in hand."""
        with self.lock:
            self._stopped = True
            self._line.clear()
            for listener in self._listeners:
                listener.end(StoppedError())
            self._there.notify_all()

    def wait(self) -> None:
        """Wait until the threads have ended: compiled code must not run when the interpreter goes."""
        for thread in self._threads:
            if thread.is_alive():
                thread.join()

    @property
    def listeners(self) -> int:
        """How many are listening."""
        return len(self._listeners)

    @property
    def waiting(self) -> int:
        """How many stand in the line for their next piece."""
        return len(self._line)

    def join(self, begin: Begin, *, cost: int = 1, ahead_bytes: int) -> Drawing:
        """Let a listener in.

        Args:
            begin: See `Begin`; called in a worker's thread.
            cost: What drawing it costs beside a plain sound. A sound that costs more than all the room is
                drawn if nobody else listens.
            ahead_bytes: Nothing more is drawn while so much is held.

        Raises:
            FullError: There is no room.
            StoppedError: The server ends.
        """
        with self.lock:
            if self._stopped:
                raise StoppedError
            taken = sum(listener.cost for listener in self._listeners)
            if taken and taken + cost > self.room:
                raise FullError
            listener = Drawing(self, begin, cost=cost, ahead_bytes=ahead_bytes)
            self._listeners.add(listener)
            self.line_up(listener)
            return listener

    def line_up(self, listener: Drawing) -> None:
        """Put a listener at the end of the line, if it wants more and is not there; holds the lock."""
        if listener.wants_more and not self._stopped:
            listener.mark(lined_up=True)
            self._line.append(listener)
        if listener.is_due:
            self._filling = True
        if self._filling:
            self._there.notify()

    def leave(self, listener: Drawing) -> None:
        """Forget a listener; holds the lock."""
        self._listeners.discard(listener)
        if listener in self._line:
            self._line.remove(listener)

    def _taken(self) -> list[Drawing]:
        """Take a thread's share from the line, newcomers or else the first; none where all hold enough."""
        wanting = [listener for listener in self._listeners if listener.is_lined_up]
        if not wanting:
            self._filling = False
        if not self._filling:
            return []
        new = [listener for listener in self._line if listener.is_new]
        most = min(_NEW_TOGETHER if new else self._together, math.ceil(len(wanting) / len(self._threads)))
        taken = (new or list(self._line))[:most]
        for listener in taken:
            self._line.remove(listener)
        return taken

    def _work(self) -> None:
        while True:
            with self.lock:
                while not self._stopped and not (taken := self._taken()):
                    self._there.wait()
                if self._stopped:
                    return
            for listener in taken:
                if listener.is_new:
                    listener.begin()
            try:
                self._ahead([listener.source for listener in taken if listener.source is not None])
            except Exception as error:
                with self.lock:
                    for listener in taken:
                        listener.end(error)
            for listener in taken:
                self._drawn(listener.take_turn())
                with self.lock:
                    listener.mark(lined_up=False)
                    self.line_up(listener)
