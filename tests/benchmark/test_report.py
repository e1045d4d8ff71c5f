"""Figures come out as medians with their spread, in a file that is whole or not there."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photowave.benchmark import Report
from photowave.benchmark.report import readable
from photowave.errors import ConfigError

MACHINE = {
    "cpu": "A processor with quite a long name, 3rd generation @ 2.50GHz", "cores": 128, "memory_gb": 503.3,
    "system": "Windows AMD64", "python": "3.13.10", "torch": "2.14.1+cu130", "photowave": "0.1.0",
    "date": "2026-01-31",
}  # fmt: skip


def report() -> Report:
    made = Report(dict(MACHINE), {"quick": False})
    made.add("gemm_gflops", "matrix product", "GFLOP/s", [160.0, 170.0, 100.0])
    seconds = [2.0, 1.0, 4.0]
    rates = [100.0, 200.0, 50.0]
    return made.add("train_samples_per_s", "training", "samples/s", rates,
                    gflop=80.0, seconds=seconds, peak_gflops=made["gemm_gflops"])  # fmt: skip


def test_medians_and_spread() -> None:
    tree = json.loads(report().to_json())
    assert tree["gemm_gflops"] == 160.0
    figure = tree["figures"][1]
    assert (figure["median"], figure["min"], figure["max"], figure["runs"]) == (100.0, 50.0, 200.0, 3)
    assert figure["gflops"] == 40.0
    assert figure["share_of_peak"] == 0.25
    assert tree["figures"][0]["gflops"] is None
    assert tree["machine"] == MACHINE


def test_table_fits_100_columns() -> None:
    made = report()
    made.add("x", "photowave generate, one photo, 5 s", "samples/s", [123_456_789.0, 1e-4, 1e6],
             gflop=1e6, seconds=[1.0, 1.0, 1.0], peak_gflops=1e6)  # fmt: skip
    lines = made.table().splitlines()
    assert max(len(line) for line in lines) <= 100
    assert "40.0" in lines[5]
    assert "25%" in lines[5]


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be written.*Choose a folder that exists"):
        report().save(tmp_path / "missing" / "bench.json")
    report().save(tmp_path / "bench.json")
    assert [path.name for path in tmp_path.iterdir()] == ["bench.json"]


@given(st.floats(1e-6, 1e9))
def test_readable_keeps_three_figures(value: float) -> None:
    assert float(readable(value).replace(",", "")) == pytest.approx(value, rel=0.0051)
