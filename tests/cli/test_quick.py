"""While a command loads, Python looks for no garbage; then it does again, but not in what was loaded."""

import gc
import subprocess
import sys

import pytest

from photowave.cli.quick import loading


def divide(by: bool) -> float:
    return 1 / by


def test_garbage_is_collected_again_after_an_error() -> None:
    assert gc.isenabled()
    with pytest.raises(ZeroDivisionError), loading():
        divide(gc.isenabled())
    assert gc.isenabled()


def test_whoever_switched_it_off_finds_it_off() -> None:
    gc.disable()
    try:
        with loading():
            assert not gc.isenabled()
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_what_was_loaded_is_set_apart_once() -> None:
    code = """
import gc
from photowave.cli.quick import loading
with loading():
    kept = [[] for _ in range(1000)]
first = gc.get_freeze_count()
assert first > 1000
with loading():
    more = [[] for _ in range(1000)]
assert gc.get_freeze_count() == first
assert not any(part is more for part in gc.get_objects(2)) and any(part is more for part in gc.get_objects())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
