"""The list of rows that a training does without."""

import csv
from pathlib import Path

import pytest

from photowave.pairs.left_out import LeftOut, left_out, tell_left_out, write_left_out


@pytest.mark.parametrize(
    ("message", "reason", "remedy"),
    [
        ("/a. B/x.wav is silent: its peak is 0. Remove it.", "is silent: its peak is 0", "Remove it."),
        ("/a. B/x.wav: no such file. Check the name.", "no such file", "Check the name."),
        (
            "/a. B/x.wav lasts 0.2 s; needed is 1.5 s. Cut it. Or not.",
            "lasts 0.2 s; needed is 1.5 s",
            "Cut it. Or not.",
        ),
        ("/a. B/x.wav is odd", "is odd", ""),
    ],
)
def test_a_message_falls_into_reason_and_remedy(message: str, reason: str, remedy: str) -> None:
    path = Path("/a. B/x.wav")
    assert left_out(7, path, message) == LeftOut(7, "/a. B/x.wav", reason, remedy)


def test_the_list_is_written_whole_and_told_in_a_line(tmp_path: Path) -> None:
    rows = [LeftOut(3, 'a "b",\udcff.wav', "is silent", "Remove it."), LeftOut(9, "", "has 2 cells", "Mend")]
    path = tmp_path / "new" / "left_out.csv"
    write_left_out(path, rows)
    with path.open(newline="", encoding="utf-8") as file:
        header, first, second = csv.reader(file)
    assert header == ["line", "file", "reason", "remedy"]
    assert first == ["3", 'a "b",\\udcff.wav', "is silent", "Remove it."]
    assert second == ["9", "", "has 2 cells", "Mend"]
    assert tell_left_out(rows[1:]) == "line 9: has 2 cells"
