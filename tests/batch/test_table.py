"""Tables of photos: every row becomes a job or a fault, whatever stands in it."""

import csv
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from photowave.batch.jobs import Fault, Job
from photowave.batch.table import DRAWN, STEERED, PhotoTable
from photowave.errors import ConfigError, MissingPackageError
from photowave.settings import DrawSettings, SteerSettings

DRAW, STEER = DrawSettings(seed=7, duration_s=2.0), SteerSettings(exclude="rain")


@pytest.fixture
def table(tmp_path: Path) -> Callable[[str], PhotoTable]:
    """Write a CSV file."""

    def write(text: str) -> PhotoTable:
        path = tmp_path / "photos.csv"
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
        return PhotoTable(path)

    return write


def jobs(table: PhotoTable) -> list[Job | Fault]:
    return list(table.jobs(DRAW, STEER))


def job(entry: Job | Fault) -> Job:
    assert isinstance(entry, Job), entry
    return entry


def fault(entry: Job | Fault) -> Fault:
    assert isinstance(entry, Fault), entry
    return entry


def test_a_row_overrules_the_command_line_and_empty_cells_do_not(
    table: Callable[[str], PhotoTable], tmp_path: Path
) -> None:
    found = jobs(
        table(
            "photo,seed,duration_s,place,blend,loop,id\n"
            "a/beach.jpg,,,,,,x\n"
            "/abs/wood.jpg, 3.0 ,1.5,sea,,yes,y\n"
            'c.jpg,,,,"sea:1,peak:3",,z\n'
        )
    )
    plain, steered, blended = map(job, found)
    assert (plain.draw, plain.steering, plain.own) == (DRAW, STEER, False)
    assert (plain.target.photo, plain.target.photo_name) == (tmp_path / "a/beach.jpg", "a/beach.jpg")
    assert (plain.target.name, steered.target.name) == (Path("00000000"), Path("00000001"))
    assert steered.target.photo == Path("/abs/wood.jpg")
    assert steered.draw == DrawSettings(seed=3, duration_s=1.5, loop=True)
    assert steered.steering == SteerSettings(place="sea"), "one place, and nothing else is excluded"
    assert steered.own
    assert blended.steering.shares == {"sea": 0.25, "peak": 0.75}
    assert table("photo,sed\na.jpg,1\n").left_alone == ["sed"]


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ("a.jpg,x,,", "seed='x': must be a whole number"),
        ("a.jpg,-1,,", "seed=-1: must be 0 or more"),
        ("a.jpg,1.5,,", "seed='1.5': must be a whole number"),
        ("a.jpg,,9999,", "duration_s=9999: must be above 0"),
        ("a.jpg,,nan,", "duration_s=nan: must be above 0"),
        ("a.jpg,,5 s,", "duration_s='5 s': must be a number"),
        ("a.jpg,,,maybe", "loop='maybe': must be true or false"),
        (",1,,", "photo is empty"),
        ("a.jpg,1", "line 3 has 2 cells under 4 columns"),
        ("a.jpg," + "9" * 5_000 + ",,", "seed='999"),
        ("x" * 140_000 + ",,,", "line 3 cannot be read (field larger than field limit"),
    ],
)
def test_a_bad_row_is_a_fault_and_the_next_is_read(
    cells: str, told: str, table: Callable[[str], PhotoTable]
) -> None:
    first, bad, last = jobs(table(f"photo,seed,duration_s,loop\n0.jpg,,,\n{cells}\n2.jpg,,,\n"))
    assert fault(bad).told.startswith(f"photos.csv row 1: {told}")
    assert (job(first).number, fault(bad).number, job(last).number) == (0, 1, 2)
    assert job(last).target.photo_name == "2.jpg"


def test_a_row_without_a_photo_can_say_what_is_drawn(table: Callable[[str], PhotoTable]) -> None:
    place, like = map(job, jobs(table("photo,place,like\n,sea,\n,,brook.wav\n")))
    assert place.target.photo is None
    assert place.target.photo_name is None
    assert like.steering.like == table("photo\n").path.parent / "brook.wav"


def test_marks_of_windows_empty_lines_and_odd_bytes_are_read(table: Callable[[str], PhotoTable]) -> None:
    first, second = map(job, jobs(table('\ufeffphoto , seed\r\n"a,b.jpg",1\r\n\r\nMeer\udcfc.jpg,2\r\n')))
    assert first.target.photo_name == "a,b.jpg"
    assert str(second.target.photo).encode("utf-8", "surrogateescape").endswith(b"Meer\xfc.jpg")
    assert (second.number, second.draw.seed) == (1, 2)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "has no column 'photo', only nothing"),
        ("photo;seed\na;1\n", "has no column 'photo', only photo;seed"),
        ("photo,photo\n", "has a column twice"),
    ],
)
def test_a_file_that_is_no_such_table_is_told(
    text: str, told: str, table: Callable[[str], PhotoTable]
) -> None:
    with pytest.raises(ConfigError, match=told):
        table(text)


def test_parquet_says_the_same_in_kinds_of_its_own(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"photo": "a.jpg", "seed": 3.0, "exclude": ["sea", "rain"], "blend": None, "n": 1},
        {"photo": "b.jpg", "seed": float("nan"), "exclude": None, "blend": {"sea": 1.0, "peak": None}},
        {"photo": "c.jpg", "seed": None, "exclude": None, "blend": {"sea": 1.0, "peak": 3.0}},
    ]
    path = tmp_path / "photos.PARQUET"
    parquet.write_table(pa.Table.from_pylist(rows), path)
    table = PhotoTable(path)
    listed, lacking, blended = jobs(table)
    assert table.left_alone == ["n"]
    assert job(listed).draw.seed == 3
    assert job(listed).steering.excluded == ("sea", "rain")
    assert "must name at least two places" in fault(lacking).reason
    assert job(blended).steering.shares == {"sea": 0.25, "peak": 0.75}
    assert job(blended).draw == DRAW


@pytest.mark.parametrize("damage", [b"", b"PAR1 no more", None])
def test_a_damaged_parquet_file_is_one_error(damage: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "photos.parquet"
    if damage is not None:
        path.write_bytes(damage)
    with pytest.raises(ConfigError, match=r"photos\.parquet cannot be read"):
        PhotoTable(path)


def test_without_pyarrow_csv_is_read_and_parquet_is_told(
    table: Callable[[str], PhotoTable], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("photowave.extras.find_spec", lambda name: None)
    assert len(jobs(table("photo\na.jpg\n"))) == 1
    with pytest.raises(MissingPackageError, match=r"photowave\[tables\]"):
        PhotoTable(tmp_path / "photos.parquet")


CELLS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)


@given(rows=st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=8))
def test_no_row_vanishes(rows: list[list[str]], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerows([["photo", "seed", "place"], *rows])
    found = jobs(PhotoTable(path))
    assert [entry.number for entry in found] == list(range(len(rows)))
    for entry, row in zip(found, rows, strict=True):
        assert isinstance(entry, Fault) or len(row) == 3


@given(
    name=st.sampled_from(sorted({**DRAWN, **STEERED})),
    value=st.one_of(
        st.booleans(),
        st.integers(),
        st.floats(),
        CELLS,
        st.binary(max_size=4),
        st.just(Decimal("1.5")),
        st.lists(st.one_of(CELLS, st.integers()), max_size=3),
        st.dictionaries(CELLS, st.one_of(st.floats(), CELLS), max_size=3),
    ),
)
def test_no_kind_of_cell_is_more_than_a_fault(name: str, value: object) -> None:
    with suppress(ConfigError):
        {**DRAWN, **STEERED}[name](name, value)
