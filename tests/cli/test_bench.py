"""`photowave bench` shows a table, writes JSON, and refuses before it measures."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from photowave.benchmark import BenchSettings, Report, suite
from photowave.cli.main import main

MACHINE = {
    "cpu": "a processor", "cores": 2, "memory_gb": 8.0, "system": "Linux x86_64", "python": "3.12.1",
    "torch": "2.9.0", "photowave": "0.1.0", "date": "2026-01-31",
}  # fmt: skip


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> list[BenchSettings]:
    """Measure nothing; keep the options."""
    options: list[BenchSettings] = []

    def measured(asked: BenchSettings, **_: object) -> Report:
        options.append(asked)
        return Report(dict(MACHINE), {"quick": asked.quick}).add("gemm_gflops", "matrix", "GFLOP/s", [170.0])

    monkeypatch.setattr(suite, "run_benchmark", measured)
    return options


def test_table_and_file(
    given: list[BenchSettings], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "b.json"
    assert main(["bench", "--quick", "--threads", "1", "--out", str(out)]) == 0
    assert given == [BenchSettings(quick=True, threads=1, out=str(out))]
    shown = capsys.readouterr().out
    assert "a processor" in shown
    assert "170" in shown
    assert json.loads(out.read_text())["gemm_gflops"] == 170.0


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        (["--threads", "0"], "threads=0: must be at least 1"),
        (["--clip_s", "-1"], "clip_s=-1.0: must be above 0"),
        (["--batch_size", "0"], "batch_size=0: must be at least 1"),
        (["--reference_crop", "0"], "reference_crop=0: must lie between 1 and 100000"),
        (["--runs", "3"], "runs"),
        (["--out", "missing/bench.json"], "out=missing/bench.json: cannot be written"),
        (["--out", "."], "out=.: cannot be written"),
    ],
)
def test_what_does_not_fit_is_refused_first(
    arguments: list[str], rule: str, given: list[BenchSettings], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert main(["bench", *arguments]) == 2
    told = capsys.readouterr().err
    assert rule in told
    assert told.count("\n") == 1
    assert not given
    assert not list(tmp_path.iterdir())


def test_help_needs_no_torch() -> None:
    code = (
        "import sys; from photowave.cli.main import main\n"
        "try:\n    main(['bench', '--help'])\n"
        "except SystemExit:\n    pass\n"
        "sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "--reference_crop" in done.stdout
