"""A run that is killed: nothing is lost, half, or drawn twice; `scripts/kill_generate.py` does more of it."""

import os
from pathlib import Path

import pytest
from kill_generate import kill_at_moments, make_photos, sounds

from photowave.cli.main import main

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_what_was_killed_goes_on(
    tmp_path: Path, tiny_model_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    table, out = make_photos(tmp_path / "photos", 40), tmp_path / "out"
    options = ["--model", str(tiny_model_file), "--duration_s", "0.1", "--shard_size", "15"]
    there = list(kill_at_moments(table, out, moments=2, photos=40, options=options))
    assert there == sorted(there)
    assert (out / "index.parquet").is_file()
    # What a killed run was just writing may be there under a temporary name, until `sweep` finds it old.
    assert not list((out / "unpacked").glob("[0-9]*"))
    whole = tmp_path / "whole"
    assert main(["generate", str(table), "--out", str(whole), *options]) == 0
    assert {key: sha256 for key, (sha256, _) in sounds(out).items()} == {
        key: sha256 for key, (sha256, _) in sounds(whole).items()
    }
