"""The result as JSON, CSV, table and text; the same values everywhere, and NaN nowhere in JSON."""

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from made_scenes import RATE, made_photos

from photowave.errors import ConfigError
from photowave.evaluation.metrics.metric import Metric
from photowave.evaluation.report.result import EvaluationResult
from photowave.evaluation.sounds.types import SystemSounds


def made_metric(name: str = "scene_recognised", system: str = "model", value: float = 1 / 3) -> Metric:
    return Metric(
        name=name,
        system=system,
        value=value,
        low=value - 0.1,
        high=math.nan,
        count=9,
        unit="share",
        better="higher",
        floor=1 / 3,
        ceiling=math.nan,
    )


@pytest.fixture
def result() -> EvaluationResult:
    photos = made_photos(1)
    names = ("real", "model", "model_shuffled", "nearest", "filtered_noise", "sonify")
    sounds = tuple(
        SystemSounds(name, torch.zeros(3, 2, RATE), np.full((3, 2), -1), math.nan) for name in names
    )
    metrics = [made_metric(system=name, value=0.1 * n) for n, name in enumerate(names)]
    metrics += [made_metric("spread_ratio"), made_metric("endless", value=math.inf)]
    return EvaluationResult(
        metrics=tuple(metrics),
        photos=photos,
        sounds=sounds,
        sample_rate=RATE,
        settings={"split": "test", "scenes": ["hiss"], "versions": {"photowave": "1"}},
        verdict="Every photo sounds the same: ü < 1 %.",
        definitions={"scene_recognised": "Share of the sounds."},
    )


def test_figures_are_found_by_name_and_system(result: EvaluationResult) -> None:
    assert result.metric("scene_recognised", "nearest").value == pytest.approx(0.3)
    assert result.metric("spread_ratio") is result.metrics[6]
    with pytest.raises(ConfigError, match=r"'frechet' of system 'model' is not .* metrics are: scene_recogn"):
        result.metric("frechet")
    with pytest.raises(ConfigError, match=r"the systems: real, model, model_shuffled"):
        result.metric("spread_ratio", "nobody")


def test_frame_has_a_row_per_figure(result: EvaluationResult) -> None:
    frame = result.frame()
    assert len(frame) == 8
    assert list(frame.columns[:5]) == ["name", "system", "value", "low", "high"]
    assert frame["value"].tolist()[:6] == [metric.value for metric in result.metrics[:6]]
    table = result.table("scene_recognised")
    assert list(table.index) == [sounds.name for sounds in result.sounds]
    assert table.loc["nearest", "value"] == pytest.approx(0.3)
    assert "name" not in table
    assert EvaluationResult.frame(_empty(result)).empty
    with pytest.raises(ConfigError, match="'nonsense'"):
        result.table("nonsense")


def _empty(result: EvaluationResult) -> EvaluationResult:
    return EvaluationResult((), result.photos, (), RATE, {}, "", {})


def test_files_hold_the_figures_exactly(result: EvaluationResult, tmp_path: Path) -> None:
    out = tmp_path / "new" / "folder"
    report = result.save(out)
    assert report == out / "report.html"
    assert sorted(path.name for path in out.iterdir()) == ["metrics.csv", "metrics.json", "report.html"]

    def no_nan(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    tree = json.loads((out / "metrics.json").read_text(encoding="utf-8"), parse_constant=no_nan)
    assert tree["verdict"] == result.verdict
    assert tree["settings"] == result.settings
    assert tree["definitions"] == result.definitions
    assert tree["sample_rate"] == RATE
    with (out / "metrics.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(tree["metrics"]) == len(rows) == len(result.metrics)
    for metric, in_json, in_csv in zip(result.metrics, tree["metrics"], rows, strict=True):
        assert (in_json["name"], in_csv["name"]) == (metric.name, metric.name)
        assert in_json["high"] is None
        assert in_csv["high"] == ""
        if math.isfinite(metric.value):
            assert in_json["value"] == float(in_csv["value"]) == metric.value
        else:
            assert in_json["value"] is None
            assert in_csv["value"] == ""


def test_a_second_save_replaces_the_first(result: EvaluationResult, tmp_path: Path) -> None:
    result.save(tmp_path)
    first = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    result.save(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == first


def test_a_folder_that_cannot_be_written_is_told(result: EvaluationResult, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(ConfigError, match=r"file: cannot be written \(File exists\)\. A file has that name"):
        result.save(tmp_path / "file")


def test_it_shows_itself(result: EvaluationResult) -> None:
    text = str(result)
    assert result.verdict in text
    assert "scene_recognised" in text
    assert max(map(len, text.splitlines())) <= 110
    assert repr(result).count("\n") == 0
    assert "3 photos, 6 systems, 8 metrics" in repr(result)
    html = result._repr_html_()
    assert "scene recognised" in html.replace("_", " ")
    assert "&lt; 1 %" in html
