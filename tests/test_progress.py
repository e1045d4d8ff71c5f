"""How far long work is, told without a terminal."""

import sys
import time

import pytest

from photowave.progress import counted, telling


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that goes on by as many seconds as its first entry says, whenever it is asked."""
    steps, now = [0.0], [100.0]

    def tick() -> float:
        now[0] += steps[0]
        return now[0]

    monkeypatch.setattr(time, "monotonic", tick)
    return steps


def test_short_work_says_nothing(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    clock[0] = 1.0
    assert list(counted("abc", "files", 3)) == ["a", "b", "c"]
    assert capsys.readouterr() == ("", "")


def test_long_work_tells_where_it_is_without_a_terminal(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    clock[0] = 15.0
    assert list(counted(range(6), "files", 6)) == list(range(6))
    told, err = capsys.readouterr()
    assert not told
    assert err.splitlines() == [
        "photowave: files: 2 of 6 done, about 1 min left",
        "photowave: files: 4 of 6 done, about 1 min left",
        "photowave: files: 6 of 6 done, about 1 min left",
    ]


def test_lines_go_where_they_are_wanted_and_count_what_is_done_at_once(clock: list[float]) -> None:
    lines: list[str] = []
    clock[0] = 40.0
    with telling("photos", 1_000, tell=lines.append) as step:
        step(100)
        step(100)
    assert lines == [
        "photos: 100 of 1000 done, about 6 min left",
        "photos: 200 of 1000 done, about 5 min left",
    ]


def test_work_of_unknown_length_tells_how_much_is_done(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    clock[0] = 40.0
    assert list(counted(iter("abc"), "entries")) == ["a", "b", "c"]
    assert capsys.readouterr().err.splitlines()[-1] == "photowave: entries: 3 done"


@pytest.mark.parametrize("is_terminal", [True, None])
def test_items_pass_with_a_bar_and_with_nobody_to_tell(
    is_terminal: bool | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if is_terminal:
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    else:
        monkeypatch.setattr(sys, "stderr", None)
    assert list(counted("abc", "files", 3)) == ["a", "b", "c"]
