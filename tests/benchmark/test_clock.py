"""Runs are counted as promised, and what runs in its own process is measured there."""

import os
import time
from collections.abc import Callable
from functools import partial

import pytest

from photowave.benchmark import BenchSettings
from photowave.benchmark.clock import in_own_process, peak_rss_gb, seconds
from photowave.errors import ConfigError, PhotowaveError


class FakeClock:
    """A clock that only work moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch):
        self.now = 100.0
        self.calls = 0
        monkeypatch.setattr(time, "perf_counter", lambda: self.now)

    def work(self, *, first: float, later: float) -> Callable[[], None]:
        def run() -> None:
            self.calls += 1
            self.now += first if self.calls == 1 else later

        return run


def test_first_call_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeClock(monkeypatch)
    assert seconds(clock.work(first=9.0, later=0.5), runs=3) == [0.5, 0.5, 0.5]
    assert clock.calls == 4


def test_quick_work_is_called_several_times_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeClock(monkeypatch)
    taken = seconds(clock.work(first=9.0, later=0.01), runs=2, at_least_s=0.2)
    assert taken == pytest.approx([0.01, 0.01])
    assert clock.calls == 1 + 1 + 2 * 20


def hold(megabytes: int) -> int:
    block = bytearray(megabytes * 10**6)
    block[::4096] = b"x" * len(block[::4096])
    return os.getpid()


def test_memory_is_that_of_the_process() -> None:
    before = peak_rss_gb()
    (pid, small), (_, large) = in_own_process(partial(hold, 1)), in_own_process(partial(hold, 300))
    assert pid != os.getpid()
    assert 0.28 < large - small < 0.35
    assert peak_rss_gb() < before + 0.2


def test_errors_come_back_as_they_were() -> None:
    with pytest.raises(ConfigError, match="threads=0: must be at least 1"):
        in_own_process(partial(BenchSettings, threads=0))


def test_a_killed_process_is_told_in_one_line() -> None:
    with pytest.raises(PhotowaveError, match=r"for want of memory.*--quick") as caught:
        in_own_process(partial(os._exit, 1))
    assert "\n" not in str(caught.value)
