"""Every promised figure is there, and follows from the seconds measured."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from photowave.benchmark import BenchSettings, suite, workloads
from photowave.settings import ModelConfig

ROOT = Path(__file__).resolve().parents[2]
QUICK_KEYS = {
    "gemm_gflops", "gemm_gflops_one_core", "memory_bandwidth_gb_per_s", "train_samples_per_s",
    "train_realtime_factor", "generate_samples_per_s", "generate_realtime_factor",
    "generate_realtime_factor_8_photos", "peak_rss_gb", "stream_first_chunk_s", "cold_generate_s",
}  # fmt: skip
REFERENCE_KEYS = {
    "reference_train_step_s", "reference_train_peak_rss_gb", "reference_generate_samples_per_s",
    "reference_generate_8_samples_per_s",
}  # fmt: skip


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """Put made-up seconds in place of all work; give what was asked for."""
    calls: list[tuple[str, dict[str, Any]]] = []

    def fake(name: str, result: Any) -> Callable[..., Any]:
        def work(*_: Any, **options: Any) -> Any:
            calls.append((name, options))
            return result

        return work

    monkeypatch.setattr(suite, "in_own_process", lambda work: (work(), 0.75))
    peaks = {
        "gemm_gflops": [200.0], "gemm_gflops_one_core": [100.0],
        "memory_bandwidth_gb_per_s": [20.0], "matrix_vector_gb_per_s": [40.0],
    }  # fmt: skip
    monkeypatch.setattr(suite, "measure_peaks", fake("measure_peaks", peaks))
    for name, seconds in {
        "time_training": [0.5, 0.4, 0.8], "time_drawing": [2.0, 1.0, 4.0], "time_photo": [0.1],
        "time_reference_drawing": [2.0, 1.0, 4.0],
        "time_streaming": [0.3], "time_cold_start": [4.0], "time_reference_training": [10.0, 8.0, 20.0],
    }.items():  # fmt: skip
        monkeypatch.setattr(workloads, name, fake(name, seconds))
    return calls


def test_all_keys_and_what_follows(asked: list[tuple[str, dict[str, Any]]], tiny_model_file: Path) -> None:
    told: list[str] = []
    options = BenchSettings(model=str(tiny_model_file), clip_s=0.5, batch_size=4, threads=2)
    report = suite.run_benchmark(options, progress=told.append)
    tree = json.loads(report.to_json())
    assert set(tree) >= QUICK_KEYS | REFERENCE_KEYS
    rate = tree["settings"]["sample_rate"]
    assert tree["train_samples_per_s"] == 4 * 0.5 * rate / 0.5
    assert tree["train_realtime_factor"] == pytest.approx(0.5 / (4 * 0.5))
    assert tree["generate_samples_per_s"] == 5 * rate / 2
    assert tree["generate_realtime_factor"] == 2 / 5
    assert tree["generate_realtime_factor_8_photos"] == 2 / (8 * 5)
    assert tree["peak_rss_gb"] == 0.75
    assert tree["reference_train_step_s"] == 10.0
    assert tree["reference_generate_samples_per_s"] == 16_000 / 2
    assert tree["reference_generate_8_samples_per_s"] == 8 * 16_000 / 2
    assert tree["reference_generate_weights_gb_per_s"] == pytest.approx(4e-9 * 1_467_392 * 8000)
    figures = {figure["key"]: figure for figure in tree["figures"]}
    step = figures["reference_train_step_s"]
    # Three passes of two operations for each of 1,467,392 weights and 100,000 samples.
    assert step["gflops"] == pytest.approx(3 * 2 * 1.467392e6 * 1e5 / 1e9 / 10)
    assert step["share_of_peak"] == pytest.approx(step["gflops"] / 200)
    one = figures["reference_generate_samples_per_s"]
    assert one["share_of_peak"] == pytest.approx(one["gflops"] / 100)
    for name in ("time_drawing", "time_reference_drawing"):
        drawn = [options for work, options in asked if work == name]
        assert [(o["sounds"], o["threads"]) for o in drawn] == [(1, 1), (8, 2)]
    assert len(told) == len(set(told)) == len(asked)


def test_quick_leaves_the_reference_out(
    asked: list[tuple[str, dict[str, Any]]], tiny_model_file: Path
) -> None:
    report = suite.run_benchmark(BenchSettings(model=str(tiny_model_file), quick=True))
    tree = json.loads(report.to_json())
    assert set(tree) >= QUICK_KEYS
    assert not set(tree) & REFERENCE_KEYS
    assert tree["settings"]["quick"]


def test_without_a_model_the_default_settings_are_measured(
    asked: list[tuple[str, dict[str, Any]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suite, "default_model_path", lambda: tmp_path / "none.safetensors")
    written: list[ModelConfig] = []
    monkeypatch.setattr(workloads, "write_random_model", lambda config, path: written.append(config))
    report = suite.run_benchmark(BenchSettings(quick=True))
    assert written == [ModelConfig()]
    assert "random" in report.settings["model"]


def test_clips_are_those_of_the_shipped_recipe() -> None:
    data = yaml.safe_load((ROOT / "configs" / "places.yaml").read_text())["data"]
    options = BenchSettings()
    assert (options.clip_s, options.batch_size) == (data["clip_s"], data["batch_size"])
