"""What is still to be drawn: found out before anything is, and kept as one byte for each sound."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from photowave.batch.drawing import Work
from photowave.batch.existing import Existing, asked
from photowave.batch.files import Store
from photowave.batch.jobs import Fault, Job
from photowave.settings import OutputSettings

if TYPE_CHECKING:
    from photowave.generation import SoundscapeGenerator


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Which sounds are wanted."""

    flags: bytes
    """For each take of each job 1 if it is wanted."""
    takes: int
    """Takes of each job."""
    sounds: int
    """How many there are in all, wanted or not; faults have none."""
    duration_s: float
    """Seconds of those that are wanted."""

    @property
    def wanted(self) -> int:
        """How many sounds are wanted."""
        return sum(self.flags)

    def works(self, jobs: Iterable[Job | Fault]) -> Iterator[Work | Fault]:
        """Go through the same jobs once more: those of which a sound is wanted, and faults."""
        for number, job in enumerate(jobs):
            if isinstance(job, Fault):
                yield job
                continue
            flags = self.flags[number * self.takes : (number + 1) * self.takes]
            if takes := tuple(take for take, wanted in enumerate(flags) if wanted):
                yield Work(job, takes)


def make_plan(
    jobs: Iterable[Job | Fault],
    store: Store,
    existing: Existing,
    output: OutputSettings,
    generator: "SoundscapeGenerator",
) -> Plan:
    """Look through all jobs, and tell the store what it will get.

    Args:
        jobs: From the first to the last.
        store: Where sounds go, and where earlier ones are.
        existing: What happens to those.
        output: How sounds are finished, and how many takes there are.
        generator: The model.

    Raises:
        ConfigError: A sound is there that was drawn from something else, and is not to be replaced.
    """
    flags, sounds, duration_s = bytearray(), 0, 0.0
    for job in jobs:
        if isinstance(job, Fault):
            flags += bytes(output.takes)
            continue
        for take in range(output.takes):
            asks = partial(asked, job, take, output, generator)
            wanted = existing.overwrite or not (store.is_there(job, take, asks) and existing.skip)
            if wanted:
                store.expect(job)
                duration_s += job.draw.duration_s
            flags.append(wanted)
        sounds += output.takes
    return Plan(flags=bytes(flags), takes=output.takes, sounds=sounds, duration_s=duration_s)
