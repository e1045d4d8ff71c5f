"""From jobs to sounds: photos are read, what is drawn alike is drawn together, sounds are finished."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from photowave.batch.jobs import Fault, Job
from photowave.errors import ConfigError, MediaError
from photowave.settings import DrawSettings, OutputSettings

if TYPE_CHECKING:
    from photowave.generation import Soundscape, SoundscapeGenerator
    from photowave.generation.reading import PhotoReading

TOGETHER = 16
"""Photos drawn at once: enough to fill the cores, few enough to show results early."""
TOGETHER_ON_DEVICE = 64
"""The same on a device such as a GPU, which takes little longer for many sounds than for one."""
Entry = TypeVar("Entry")


@dataclass(frozen=True)
class Work:
    """A job, and which of its takes are wanted, counted from 0."""

    job: Job
    takes: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Drawn:
    """A sound, ready to be written."""

    job: Job
    take: int
    sound: "Soundscape"
    heard: tuple[str, ...]
    """Lines that tell what was heard in the photo."""


def groups(entries: Iterable[Entry], count: int) -> Iterator[list[Entry]]:
    """Give entries in lists of so many; the last may be shorter."""
    left = iter(entries)
    while group := list(islice(left, count)):
        yield group


class Drawer:
    """Draws what is wanted.

    Args:
        generator: The model.
        output: How sounds are finished.
        pictures: Whether the sounds keep their photos, for a page.
        compiling: What the compiling of the sampler happens in, before the first sound.
    """

    def __init__(
        self,
        generator: "SoundscapeGenerator",
        output: OutputSettings,
        *,
        pictures: bool = False,
        compiling: Callable[[], AbstractContextManager[None]] = nullcontext,
    ):
        self._generator, self._output = generator, output
        self._pictures, self._compiling = pictures, compiling
        self._together = TOGETHER if generator.device.type == "cpu" else TOGETHER_ON_DEVICE
        self._is_warm = False

    def draw_all(
        self, works: Iterable[Work], progress: Callable[[float], None] | None = None
    ) -> Iterator[Drawn | Fault]:
        """Draw any number of sounds, those of some photos at once; see `draw`."""
        for group in groups(works, self._together):
            yield from self.draw(group, progress)

    def draw(
        self, works: Sequence[Work], progress: Callable[[float], None] | None = None
    ) -> Iterator[Drawn | Fault]:
        """Draw sounds; each is the one that its photo alone would get, bit for bit on the CPU.

        Args:
            works: What is wanted; all of their photos are held.
            progress: Called with the seconds of sound just drawn.

        Raises:
            ConfigError: What is wrong is wrong with all, such as a place that the model does not know.
        """
        began = time.perf_counter()
        read: list[tuple[Work, PhotoReading]] = []
        for work in works:
            job = work.job
            try:
                read.append((work, self._generator.read(job.target.photo, job.draw, job.steering)))
            except (MediaError, ConfigError) as error:
                if not job.own and (isinstance(error, ConfigError) or job.target.photo is None):
                    raise
                yield Fault.of(job, error, sounds=len(work.takes))
        spent_s = time.perf_counter() - began
        if read and not self._is_warm:
            with self._compiling():
                self._generator.warm_up()
            self._is_warm = True
        # Takes one after the other: those of one photo are not in one group, nor is any group too large.
        wanted = sorted(
            ((take, work.job, reading) for work, reading in read for take in work.takes),
            key=lambda entry: entry[0],
        )
        alike: dict[DrawSettings, list[tuple[int, Job, PhotoReading]]] = {}
        for entry in wanted:
            alike.setdefault(replace(entry[1].draw, seed=0, variation=0), []).append(entry)
        for settings, entries in alike.items():
            for part in groups(entries, self._together):
                yield from self._draw_alike(part, settings, progress, spent_s)
                spent_s = 0.0

    def _draw_alike(
        self,
        entries: Sequence[tuple[int, Job, "PhotoReading"]],
        settings: DrawSettings,
        progress: Callable[[float], None] | None,
        spent_s: float,
    ) -> Iterator[Drawn | Fault]:
        """Draw sounds of the same settings together."""
        readings = [reading.take(job.take(take).seed) for take, job, reading in entries]
        try:
            sounds = self._generator.generate_read(readings, settings, progress=progress, spent_s=spent_s)
        except ConfigError as error:
            if not all(job.own for _, job, _ in entries):
                raise
            yield from (Fault.of(job, error) for _, job, _ in entries)
            return
        for (take, job, reading), sound in zip(entries, sounds, strict=True):
            try:
                done = sound.finished(
                    sample_rate=self._output.sample_rate,
                    channels=self._output.channels,
                    loudness_lufs=self._output.loudness_lufs,
                    fade_s=self._output.fade_s,
                )
            except MediaError as error:
                yield Fault.of(job, error)
                continue
            kept = done if self._pictures else replace(done, photo=None)
            yield Drawn(job, take, kept, tuple(_heard(job, reading)))


def _heard(job: Job, reading: "PhotoReading") -> Iterator[str]:
    """What was heard in a photo, and whether its variations begin again."""
    if reading.hearing.words:
        yield f"{job.target.told}: {reading.hearing.words}"
    if reading.turns is not None and job.draw.variation >= reading.turns:
        yield (
            f"{job.target.told}: all {reading.turns} textures that fit were taken; variation "
            f"{job.draw.variation} is variation {job.draw.variation % reading.turns} again"
        )
