"""What the server can do, apart from HTTP: see photos, draw sounds, and remember both for a while."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from photowave.errors import MediaError
from photowave.generation import SoundscapeGenerator
from photowave.generation.reading import SeenPhoto
from photowave.image import photo_size
from photowave.image.source import photo_name
from photowave.settings import ServeSettings
from photowave.web.album import Album
from photowave.web.capacity import sounds_in_real_time
from photowave.web.drawing import Drawing, DrawingQueue
from photowave.web.readings import Readings
from photowave.web.sound import Turns, Wish, draw_turns_ahead
from photowave.web.watch import LOGGER, Metrics

_MOST_AT_ONCE = 8
"""Photos that are received, or wait to be read, at once: each is held in memory."""
_TOGETHER = 16
"""Sounds that a thread draws in step at the most: more win little, and newcomers wait longer for it."""
_BYTES = 2  # of a sample
Result = TypeVar("Result")


class TooLargeError(MediaError):
    """A photo has more bytes or pixels than the server takes."""


class BusyError(Exception):
    """As many photos are in hand as can be held."""


class Service:
    """A model that sees and draws for many.

    Args:
        generator: The model.
        settings: Limits.
        model: `default`, or the name of the model file, for the command that draws a sound again.
    """

    def __init__(self, generator: SoundscapeGenerator, settings: ServeSettings, *, model: str):
        self.generator, self.settings, self.model = generator, settings, model
        self.metrics, self.readings = Metrics(), Readings()
        self.album = Album(
            None if settings.photos is None else Path(settings.photos),
            max_bytes=settings.max_upload_bytes,
            max_pixels=settings.max_pixels,
        )
        self.queue = DrawingQueue(
            threads=settings.threads,
            room=settings.listeners,
            drawn=self.metrics.drawn.inc,
            together=_TOGETHER,
            ahead=draw_turns_ahead,
        )
        self.metrics.listeners.set_function(lambda: self.queue.listeners)
        self.metrics.waiting.set_function(lambda: self.queue.waiting)
        self.metrics.photos.set_function(lambda: len(self.readings))
        self._of_album: dict[str, str] = {}
        # One photo at a time: decoding takes a lot of memory, and the drawing threads need the cores.
        self._photo_thread = ThreadPoolExecutor(1, "photos")
        self._in_hand = 0

    def start(self) -> None:
        """Warm up all that the first sound needs, see how many there is room for, and begin to draw."""
        self.generator.warm_up()
        if not self.settings.listeners:
            self.queue.room = sounds_in_real_time(self.generator, threads=self.settings.threads)
        LOGGER.info("ready", extra={"told": {"listeners": self.queue.room}})
        self.queue.start()

    def stop(self) -> None:
        """End every sound and drop what is left to do."""
        self.queue.stop()
        self.queue.wait()
        self._photo_thread.shutdown(cancel_futures=True)

    def enter(self) -> None:
        """Count in a photo that comes in.

        Raises:
            BusyError: There are too many.
        """
        if self._in_hand >= _MOST_AT_ONCE:
            raise BusyError
        self._in_hand += 1

    def leave(self) -> None:
        """Count out a photo."""
        self._in_hand -= 1

    async def apart(self, work: Callable[..., Result], *arguments: Any) -> Result:
        """Do some work on photos outside of the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._photo_thread, work, *arguments)

    async def see(self, content: bytes) -> tuple[str, SeenPhoto]:
        """See a photo; a token for it, and what was seen.

        Raises:
            TooLargeError: It has too many pixels.
            MediaError: It is no photo that can be read.
        """
        seen = await self.apart(self._seen, content)
        return self.readings.remember(seen), seen

    async def see_of_album(self, number: str) -> tuple[str, SeenPhoto]:
        """See a photo of the folder, once as long as it is remembered; see `see`."""
        token = self._of_album.get(number, "")
        if (known := self.readings.recall(token)) is not None:
            return token, known
        token, seen = await self.see(await self.apart(self.album.content, number))
        self._of_album[number] = token
        return token, seen

    def _seen(self, content: bytes) -> SeenPhoto:
        width, height = photo_size(content)
        most = self.settings.max_pixels
        if width * height > most:
            raise TooLargeError(
                f"the photo has {width * height / 1e6:.3g} million pixels; at most {most / 1e6:g} can be "
                "read here. Scale it down."
            )
        try:
            return self.generator.reader.see(content)
        except MediaError as error:
            raise MediaError(str(error).replace(photo_name(content), "the photo")) from error

    def draw(self, wish: Wish) -> Drawing:
        """Begin to draw a sound.

        Raises:
            FullError: As many are drawn as can be.
            StoppedError: The server ends.
        """
        ahead_bytes = round(self.settings.ahead_s * self.generator.sample_rate) * wish.channels * _BYTES
        return self.queue.join(lambda: Turns(self.generator, wish), cost=wish.cost, ahead_bytes=ahead_bytes)
