"""The whole way of a batch: what is wanted is drawn, written or counted as failed."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from photowave.atomic import sweep
from photowave.batch.drawing import Drawn, Work
from photowave.batch.files import SoundFolder, Store
from photowave.batch.jobs import Fault, Job
from photowave.batch.plan import Plan
from photowave.batch.shards import UNPACKED, Shards
from photowave.errors import PhotowaveError
from photowave.settings import OutputSettings


def open_store(out: Path, output: OutputSettings, *, spectrogram: bool = False) -> Store:
    """Open what sounds are written into: shards if their size is given, files otherwise."""
    for folder in (out, out / UNPACKED):
        sweep(folder)
    if output.shard_size is None:
        return SoundFolder(out, output, spectrogram=spectrogram)
    return Shards(out, output)


@dataclass(frozen=True)
class Outcome:
    """What became of a batch."""

    done: int
    """Sounds that were drawn and written."""
    failed: int
    """Photos, and takes of them, that were not."""


def run_batch(
    jobs: Iterable[Job | Fault],
    plan: Plan,
    draw: Callable[[Iterable[Work]], Iterator[Drawn | Fault]],
    store: Store,
    *,
    on_done: Callable[[Drawn, str], None],
    on_fault: Callable[[Fault], None],
) -> Outcome:
    """Draw what is wanted; one that fails stops no other.

    Args:
        jobs: Those that the plan was made of.
        plan: Which of them are wanted.
        draw: Draws them, as they come; the sounds may come in any order.
        store: Where they go.
        on_done: Called with each sound once it is written, and a line that tells it.
        on_fault: Called with each failure.

    Raises:
        PhotowaveError: What is wrong is wrong with all.
    """
    done = failed = 0

    def fail(fault: Fault) -> None:
        nonlocal failed
        failed += 1
        on_fault(fault)
        store.fail(fault)

    def works() -> Iterator[Work]:
        for work in plan.works(jobs):
            if isinstance(work, Fault):
                fail(work)
            else:
                yield work

    for result in draw(works()):
        if isinstance(result, Fault):
            fail(result)
            continue
        try:
            told = store.write(result)
        except PhotowaveError as error:  # the others were drawn, too, and are written
            fail(Fault.of(result.job, error))
            continue
        done += 1
        on_done(result, told)
    store.finish()
    return Outcome(done, failed)
