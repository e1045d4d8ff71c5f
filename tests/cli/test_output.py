"""What commands share: how far the work is."""

import time

import pytest

from photowave.cli.output import counted


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
        "photowave: files: 1 of 6 done, about 2 min left",
        "photowave: files: 3 of 6 done, about 1 min left",
        "photowave: files: 5 of 6 done, about 1 min left",
    ]


def test_work_of_unknown_length_tells_how_much_is_done(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    clock[0] = 40.0
    assert list(counted(iter("abc"), "entries")) == ["a", "b", "c"]
    assert capsys.readouterr().err.splitlines()[-1] == "photowave: entries: 2 done"
