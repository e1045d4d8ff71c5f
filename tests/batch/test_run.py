"""Tables become sounds: those that each photo alone would get, once each, and a table of what failed."""

import csv
import gc
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from tiny_models import save_photo

from photowave.batch.jobs import Job
from photowave.batch.source import find_source
from photowave.generation import SoundscapeGenerator, load
from photowave.settings import DrawSettings, SteerSettings

DRAWN = {
    0: ("0.png", {}),
    1: ("1.png", {"seed": 3}),
    3: ("1.png", {"seed": 4, "variation": 1}),
    4: ("2.png", {"duration_s": 0.3}),
    7: ("3.png", {"seed": 5, "duration_s": 0.3}),
}
"""Row: its photo, and what it says."""


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many sounds were drawn together, time after time."""
    counts: list[int] = []
    generate = SoundscapeGenerator.generate_read

    def counted(model: SoundscapeGenerator, readings: Sequence[Any], *rest: Any, **options: Any) -> Any:
        counts.append(len(readings))
        return generate(model, readings, *rest, **options)

    monkeypatch.setattr(SoundscapeGenerator, "generate_read", counted)
    return counts


def failures(out: Path) -> list[list[str]]:
    with (out / "failures.csv").open(newline="") as file:
        return list(csv.reader(file))


def test_each_row_is_drawn_as_it_says_and_bad_ones_are_listed(
    run: Callable[..., int],
    table: Path,
    out: Path,
    tmp_path: Path,
    tiny_model_file: Path,
    drawn: list[int],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(table) == 1
    assert sorted(drawn) == [2, 3], "rows of one length together, whatever their seeds and variations"
    model = load(tiny_model_file)
    for row, (photo, options) in DRAWN.items():
        sound = model.generate(table.parent / "photos" / photo, **{"duration_s": 0.2, **options})
        sound.save(tmp_path / "alone.wav")
        assert (out / f"{row:08d}.wav").read_bytes() == (tmp_path / "alone.wav").read_bytes()
        told = json.loads((out / f"{row:08d}.json").read_text())
        assert told["photo"] == f"photos/{photo}"
        assert {name: told[name] for name in options} == options
    header, *bad = failures(out)
    assert header == ["row", "photo", "reason"]
    assert {(row, photo) for row, photo, _ in bad} == {
        ("2", "photos/broken.jpg"),
        ("5", "photos/2.png"),
        ("6", "photos/nope.png"),
    }
    assert "photowave: photos.csv row 5: seed=-1: must be 0 or more" in capsys.readouterr().err
    assert len(list(out.iterdir())) == 2 * len(DRAWN) + 1


def test_what_is_there_is_not_drawn_again_and_what_was_mended_is(
    run: Callable[..., int], table: Path, out: Path, drawn: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(table) == 1
    (out / "00000003.wav").unlink()
    save_photo(table.parent / "photos" / "broken.jpg", 9)
    save_photo(table.parent / "photos" / "nope.png", 10)
    table.write_text(table.read_text().replace(",-1,", ",1,"))
    drawn.clear()
    assert run(table, "--skip_existing") == 0
    assert capsys.readouterr().out.count("4 of 8 sounds are there already") == 1
    assert sum(drawn) == 4
    assert not (out / "failures.csv").exists()
    drawn.clear()
    assert run(table, "--skip_existing") == 0
    assert not drawn


def test_what_the_command_line_says_wrong_stops_all(
    run: Callable[..., int], table: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(table, place="nowhere") == 2
    told = capsys.readouterr().err.splitlines()
    assert told[-1].startswith("photowave: this model tells no places by name")
    assert len(told) == 2, "and the row that is bad in itself"
    assert not [path for path in out.iterdir() if path.suffix == ".wav"]
    assert run(table, table) == 2
    assert "is a table" in capsys.readouterr().err


def test_a_table_of_failures_takes_the_place_of_nothing_else(
    run: Callable[..., int], table: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out.mkdir()
    (out / "failures.csv").write_text("mine\n")
    assert run(table) == 2
    assert "is no table of failures" in capsys.readouterr().err
    assert [path.read_text() for path in out.iterdir()] == ["mine\n"]


def test_takes_of_rows_are_numbered(run: Callable[..., int], table: Path, out: Path) -> None:
    table.write_text("photo,seed\nphotos/0.png,1\nphotos/0.png,2\n")
    assert run(table, takes=2) == 0
    first, second, third, fourth = (
        (out / f"0000000{row}-{take}.wav").read_bytes() for row in (0, 1) for take in (1, 2)
    )
    assert second == third, "the second take of seed 1 is the first of seed 2"
    assert len({first, second, fourth}) == 3


def test_rows_are_not_held(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text("photo,seed\n" + "".join(f"{row}.png,{row}\n" for row in range(3_000)))
    source = find_source([str(path)], DrawSettings(), SteerSettings(), recursive=False, numbered=False)
    count = most = 0
    for count, job in enumerate(source.jobs(), 1):
        assert job.number == count - 1
        if count % 1_000 == 0:
            most = max(most, sum(isinstance(thing, Job) for thing in gc.get_objects()))
    assert count == 3_000
    assert 1 <= most <= 3
