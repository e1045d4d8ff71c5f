"""What is kept of photos for a while: only what the model made of them, under a random token."""

import dataclasses
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable

from photowave.generation.reading import SeenPhoto

MOST = 512
"""Photos that are remembered at once; the one that was not used for longest is forgotten first."""
FORGOTTEN_S = 1800.0
"""Seconds after which a photo that nobody used is forgotten."""


class Readings:
    """Remembers photos by tokens; used in the event loop only.

    Args:
        most: How many.
        forgotten_s: For how long without use, in seconds.
        clock: Tells the time in seconds.
    """

    def __init__(
        self,
        *,
        most: int = MOST,
        forgotten_s: float = FORGOTTEN_S,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._most, self._forgotten_s, self._clock = most, forgotten_s, clock
        self._kept: OrderedDict[str, tuple[SeenPhoto, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def remember(self, photo: SeenPhoto) -> str:
        """Remember a photo without its picture, and give its token."""
        token = secrets.token_urlsafe(18)
        self._kept[token] = (dataclasses.replace(photo, picture=None), self._clock())
        self._forget()
        return token

    def recall(self, token: str) -> SeenPhoto | None:
        """Give what a token stands for; None if it was never given or is forgotten."""
        self._forget()
        if token not in self._kept:
            return None
        photo, _ = self._kept.pop(token)
        self._kept[token] = (photo, self._clock())
        return photo

    def _forget(self) -> None:
        oldest = self._clock() - self._forgotten_s
        while self._kept and (len(self._kept) > self._most or next(iter(self._kept.values()))[1] < oldest):
            self._kept.popitem(last=False)
