"""A check names every planted fault and nothing else, and no row gets lost on the way."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from planted_faults import HEADER, RATE, Collection, plant

from photowave.checking import KINDS, Report, check_pairs
from photowave.errors import PairError
from photowave.pairs.manifest import read_manifest
from photowave.settings import CheckSettings

SETTINGS = CheckSettings(sample_rate=RATE, speech=False)


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Collection, Report]:
    """The collection with a fault of each kind, and what was found in it."""
    made = plant(tmp_path_factory.mktemp("planted"))
    return made, check_pairs(made.write(), settings=SETTINGS)


def found(report: Report) -> set[tuple[int, str]]:
    return {(line, each.kind) for each in report.findings for line in each.lines}


def test_every_planted_fault_is_named_and_nothing_else(planted: tuple[Collection, Report]) -> None:
    made, report = planted
    assert len(made.expected) >= 30
    assert found(report) == made.expected


def test_only_what_cannot_serve_is_rejected(planted: tuple[Collection, Report]) -> None:
    made, report = planted
    grave = {line for line, kind in made.expected if KINDS[kind].severity == "rejected"}
    assert report.rejected_lines == grave
    assert {line.number for line in report.usable} == set(range(2, len(made.rows) + 2)) - grave


def test_each_finding_tells_line_file_value_and_remedy(planted: tuple[Collection, Report]) -> None:
    _, report = planted
    told = {each.kind: report.told(each) for each in report.findings}
    assert told["too small"].endswith(
        "small.png: suspect, too small: 60 x 40 pixels; the shorter side should have 128. Use a larger photo."
    )
    assert "zeros.wav: rejected, silent: all samples are equal. Remove the row" in told["silent"] or (
        "constant.wav" in told["silent"] or "tail.wav" in told["silent"]
    )
    assert all("\n" not in text and text.startswith("line") for text in told.values())


def test_the_usable_rows_are_a_manifest(planted: tuple[Collection, Report], tmp_path: Path) -> None:
    _, report = planted
    report.write_usable(tmp_path / "usable.csv")
    assert read_manifest(tmp_path / "usable.csv").rows == report.manifest.rows


def test_without_thoroughness_only_what_cannot_serve_is_named(planted: tuple[Collection, Report]) -> None:
    made, report = planted
    quick = check_pairs(made.folder / "pairs.csv", settings=SETTINGS, thorough=False)
    assert {each.severity for each in quick.findings} == {"rejected"}
    assert quick.rejected_lines == report.rejected_lines


def test_any_kind_can_be_rejected(planted: tuple[Collection, Report]) -> None:
    path = planted[0].folder / "few.csv"
    path.write_text(f"{HEADER}\nsmall.png,,sea,train,\ngood0.jpg,,sea,train,\nblack.png,,sea,train,\n")
    strict = CheckSettings(sample_rate=RATE, speech=False, reject=["too small"])
    assert check_pairs(path, settings=strict).rejected_lines == {2}


def test_hours_count_each_recording_once(planted: tuple[Collection, Report]) -> None:
    _, report = planted
    (val,) = [total for total in report.totals() if total.split == "val"]
    # The good pair and an excerpt, three seconds each.
    assert (val.place, val.photos, val.recordings) == ("sea", 1, 2)
    assert val.hours == pytest.approx(6 / 3600)
    assert val.length == "0:00:06"


def test_a_folder_of_equal_names_is_checked_too(planted: tuple[Collection, Report], tmp_path: Path) -> None:
    for name in ("good0.jpg", "good0.wav", "good1.jpg", "zeros.wav"):
        copy = tmp_path / name.replace("zeros", "good1")
        copy.write_bytes((planted[0].folder / name).read_bytes())
    report = check_pairs(tmp_path, settings=SETTINGS)
    assert [(each.kind, each.file, each.lines) for each in report.findings] == [
        ("silent", tmp_path / "good1.wav", (3,))
    ]
    assert [row.line for row in report.manifest.rows] == [2]


CELLS = st.sampled_from(
    [
        "",
        "good0.jpg",
        "good1.wav",
        "zeros.wav",
        "gone.jpg",
        "sea",
        "train",
        "val",
        '"',
        'a"b',
        "caf\udce9",
        "1",
    ]
)
LINES = st.lists(CELLS, min_size=3, max_size=6).map(",".join)
GOOD = st.sampled_from(["good0.jpg,,sea,train,", ",good1.wav,sea,train,", ",zeros.wav,sea,val,", ""])


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(GOOD | LINES, min_size=1, max_size=8))
def test_no_row_vanishes(planted: tuple[Collection, Report], tmp_path: Path, lines: list[str]) -> None:
    """Usable rows and rejected ones are all that were given, whatever stands in the lines."""
    folder = planted[0].folder
    path = folder / "drawn.csv"
    path.write_bytes("\n".join([HEADER, *lines]).encode("utf-8", "surrogateescape"))
    given = {number for number, line in enumerate(lines, 2) if line.strip(",")}
    try:
        report = check_pairs(path, settings=SETTINGS, thorough=False)
    except PairError:
        assert not given
        return
    usable = {line.number for line in report.usable}
    assert not usable & report.rejected_lines
    covered = usable | report.rejected_lines
    # Cells in quotes may reach over line ends: such a row counts where it begins.
    assert covered <= given
    if not any('"' in line for line in lines):
        assert covered == given
    if usable:
        report.write_usable(tmp_path / "usable.csv")
        assert len(read_manifest(tmp_path / "usable.csv").rows) == len(usable)
