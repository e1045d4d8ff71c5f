"""How things are measured: several runs after a first one that does not count, in a process of their own."""

import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import psutil

from photowave.errors import PhotowaveError

T = TypeVar("T")


def seconds(work: Callable[[], object], *, runs: int, at_least_s: float = 0.2) -> list[float]:
    """Measure how long something takes: seconds per call, one value per run; the first call does not count.

    What is quicker than `at_least_s` is called several times per run: the clock's steps do not matter then.
    """
    work()
    taken = _timed(work, 1)
    calls = max(1, round(at_least_s / max(taken, 1e-9)))
    # What filled the shortest run by itself counts as the first one.
    found = [taken] if calls == 1 else []
    while len(found) < runs:
        found.append(_timed(work, calls) / calls)
    return found


def in_own_process(work: Callable[[], T]) -> tuple[T, float]:
    """Do something in a fresh interpreter, so that neither memory nor thread counts carry over.

    It must be a module's function, or `functools.partial` of one. Gives what that returned, and the most
    memory the process held at any time, in GB (10^9 bytes).
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        try:
            return pool.submit(_with_peak, work).result()
        except BrokenProcessPool as error:
            raise PhotowaveError(
                "a measurement was ended from outside, most likely for want of memory. "
                "Close other programs, or measure with --quick."
            ) from error


def peak_rss_gb() -> float:
    """Most physical memory this process has held at any time, in GB (10^9 bytes)."""
    if sys.platform == "win32":
        return float(psutil.Process().memory_info().peak_wset) / 1e9
    status = Path("/proc/self/status")
    if status.is_file():
        # Linux hands a parent's maximum down in ru_maxrss; this one belongs to the process alone.
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e9
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return (most if sys.platform == "darwin" else most * 1024) / 1e9


def _timed(work: Callable[[], object], calls: int) -> float:
    began = time.perf_counter()
    for _ in range(calls):
        work()
    return time.perf_counter() - began


def _with_peak(work: Callable[[], T]) -> tuple[T, float]:
    return work(), peak_rss_gb()
