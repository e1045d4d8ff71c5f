"""What is to be drawn, photo by photo, and what could not be."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from photowave.batch.targets import Target
from photowave.settings import DrawSettings, SteerSettings


@dataclass(frozen=True, kw_only=True)
class Job:
    """A photo, and how it is drawn."""

    number: int
    """Its place in the list or the table, from 0."""
    target: Target
    """The photo, and what its sound is called."""
    draw: DrawSettings
    """How to draw; further takes have the next seeds."""
    steering: SteerSettings
    """What overrules the photo."""
    row: str = ""
    """The row of a table that it is, for messages."""
    own: bool = False
    """Whether that row says how it is drawn: what is wrong with it is wrong with no other."""

    def take(self, number: int) -> DrawSettings:
        """How a take is drawn, counted from 0."""
        return replace(self.draw, seed=self.draw.seed + number) if number else self.draw


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Why there is no sound of a photo."""

    number: int
    """See `Job`."""
    photo: str
    """What the table or the list calls it."""
    reason: str
    """In one line."""
    row: str = ""
    """See `Job`."""
    sounds: int = 0
    """How many sounds were wanted of it."""

    @property
    def told(self) -> str:
        """A line that tells it."""
        return f"{self.row}: {self.reason}" if self.row else self.reason

    @staticmethod
    def of(job: Job, error: Exception, *, sounds: int = 1) -> "Fault":
        """Make it of an error."""
        reason = " ".join(str(error).split())
        return Fault(number=job.number, photo=job.target.listed, reason=reason, row=job.row, sounds=sounds)


def jobs_of(
    targets: Iterable[Target], draw: DrawSettings, steering: SteerSettings, *, numbered: bool = False
) -> Iterator[Job]:
    """Make jobs of photos that are all drawn alike.

    Args:
        targets: The photos.
        draw: How to draw.
        steering: What overrules the photos.
        numbered: Whether sounds are called by their numbers, not after their photos.
    """
    for number, target in enumerate(targets):
        called = Target(target.photo, numbered_name(number), target.listed) if numbered else target
        yield Job(number=number, target=called, draw=draw, steering=steering)


def numbered_name(number: int) -> Path:
    """Name a sound after its number; names sort as numbers do, up to a hundred million of them."""
    return Path(f"{number:08d}")
