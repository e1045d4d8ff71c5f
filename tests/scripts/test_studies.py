"""The scripts behind the model card parse, call one study and print; the studies have tests of their own."""

import csv
import importlib.util
import json
import re
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from types import ModuleType

import pytest
from tiny_models import save_photo
from tiny_scenes import tiny_settings, write_tiny_scenes

from photowave.cli.main import main
from photowave.errors import PairError
from photowave.evaluation.studies.judged_sounds import JudgedSounds
from photowave.pairs.manifest import read_manifest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """Options that name two scenes and a model with an envelope that was trained on them for three steps."""
    folder = tmp_path_factory.mktemp("trained")
    manifest = write_tiny_scenes(tmp_path_factory.mktemp("scenes"))
    settings = tiny_settings(
        manifest, model__envelope__components=3, model__wavenet__output="mixture",
        trainer__max_steps=3, trainer__default_root_dir=str(folder),
    )  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr("photowave.image.cache.platformdirs.user_cache_path", lambda *a, **k: folder)
        assert main(["fit", *(f"--{name}={value}" for name, value in settings.items())]) == 0
        (checkpoint,) = folder.rglob("last.ckpt")
        assert main(["export", str(checkpoint), str(folder / "model.safetensors")]) == 0
        yield ["--model", str(folder / "model.safetensors"), "--pairs", str(manifest)]


def test_the_cross_validation_is_printed_and_kept(
    given: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "numbers.json"
    options = ["--folds", "5", "--repeats", "2", "--duration_s", "1", "--told", "--out", str(out)]
    script("cross_validate").main([*given, *options])
    kept = json.loads(out.read_text())
    assert (kept["photos"], kept["folds"], kept["repeats"], kept["told"]) == (10, 5, 2, True)
    assert kept["photo_to_scene"] == [1.0, 1.0]
    told = capsys.readouterr().out
    assert "10 photos, each unseen once, scenes counting alike; chance 50%" in told
    assert "photo to scene         100.0% (standard deviation over repeats 0.0%)" in told
    mean = sum(kept["compared"]["level_difference_db"]) / 2
    assert f"level_difference_db    {mean:.2f}" in told


def test_a_sweep_is_printed_and_kept(
    given: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "sweep.csv"
    options = ["--split", "train", "--duration_s", "1", "--temperatures", "0.5", "--guidances", "2"]
    script("sweep").main([*given, *options, "--seeds", "2", "--varied", "--out", str(out)])
    with out.open(newline="") as file:
        rows = list(csv.reader(file))
    names = ["0.5, guidance 1", "1, guidance 2", "1, guidance 1, varied"]
    assert [row[0] for row in rows[1:]] == ["real", *(f"temperature {name}" for name in names)]
    assert capsys.readouterr().out.splitlines() == ["| " + " | ".join(row) + " |" for row in rows]


def test_long_sounds_are_printed_and_kept(
    given: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "long.json"
    options = ["--split", "train", "--duration_s", "10", "--window_s", "1", "--clip_s", "0.1"]
    script("long_sounds").main([*given, *options, "--seeds", "2", "--out", str(out)])
    kept = json.loads(out.read_text())
    assert [len(row) for row in kept["level_db"]] == [2] * 4
    assert kept["scenes"] == ["hiss", "hiss", "rumble", "rumble"]
    # Tiny recordings have no sharp peaks: training hears them at the level that is asked of all.
    assert kept["whole_db"] == pytest.approx(kept["whole_db_from_asked"], abs=0.5)
    assert kept["whole_db"] == pytest.approx(kept["whole_db_from_recording"], abs=0.5)
    told = capsys.readouterr().out
    assert "slope_db_per_min" in told
    assert "level of a whole from that of its own recording" in told


def test_lines_of_recordings_and_sounds_are_printed(
    given: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("photowave.evaluation.studies.lines.EXCERPT_S", 1.0)  # tiny recordings last 2 s
    script("measure_lines").main([*given, "--split", "train", "--duration_s", "1", "--seeds", "2"])
    told = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in told[1:]] == ["  hiss", "  rumble", "seed 0", "seed 1"]


def test_lines_of_textures_are_compared_with_their_own_recordings(
    given: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("photowave.evaluation.studies.lines.EXCERPT_S", 1.0)
    script("measure_lines").main([*given, "--textures", "--duration_s", "1", "--seeds", "2"])
    told = capsys.readouterr().out.splitlines()
    assert [re.sub(r"[-+]\d\.\d\d|\d(?= of)", "N", line) for line in told] == [
        f"seed {seed}: N dB beside the recordings (median N, N of them)" for seed in (0, 1)
    ]


def test_sounds_and_what_they_are_drawn_from_are_judged_alike(
    given: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--split", "train", "--duration_s", "1", "--seeds", "2", "--sample_rate", "3000"]
    script("judge_sounds").main([*given, *options])
    head, *rows, last = capsys.readouterr().out.splitlines()
    assert head.split() == ["model", "retrieved"]
    told = {name: [float(value) for value in values] for name, *values in map(str.split, rows)}
    assert list(told) == [field.name for field in fields(JudgedSounds)]
    assert told["accepted"][1] >= told["named"][1] == 1.0, "the trees know the recordings themselves"
    assert told["accepted"] <= told["in_three"]
    assert all(
        0.0 <= value <= 1.0 for name in ("told_apart", "told_apart_by_recording") for value in told[name]
    )
    assert last.startswith("unheard recordings of the split named right: ")


def test_a_split_without_recordings_of_its_photos_is_named(given: list[str], tmp_path: Path) -> None:
    manifest = Path(given[given.index("--pairs") + 1])
    rows = list(csv.DictReader(manifest.open(encoding="utf-8")))
    for row in rows:
        row["split"] = "train" if row["sound"] else "test"
        row |= {kind: str(manifest.parent / row[kind]) for kind in ("photo", "sound") if row[kind]}
    moved = tmp_path / "pairs.csv"
    with moved.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    with pytest.raises(PairError, match="no photo has a sound"):
        script("judge_sounds").main([*given, "--pairs", str(moved), "--duration_s", "1"])


def test_recordings_lose_their_photos_and_are_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "scenes"
    folder.mkdir()
    manifest = write_tiny_scenes(folder)
    script("withhold_photos").main([str(tmp_path), "--pairs", str(manifest)])
    before = read_manifest(manifest).rows
    with_them, without = (read_manifest(tmp_path / name).rows for name in ("with.csv", "without.csv"))
    lost = [row.sound for row in with_them if row.scene is None]
    # Three recordings of each of two scenes are trained on: the second loses its photos.
    assert [sound.name for sound in lost if sound is not None] == ["hiss1.wav", "rumble1.wav"]
    assert [replace(row, scene=None) for row in with_them] == [replace(row, scene=None) for row in before]
    assert list(without) == [row for row in before if row.sound not in lost]
    with pytest.raises(SystemExit):
        script("withhold_photos").main([str(tmp_path), "--every", "1"])
    row = next(row for row in before if row.sound is not None and row.split == "train")
    for wrong in (replace(row, photo=row.sound), replace(row, scene=None)):
        with pytest.raises(PairError, match=row.sound.name):
            script("withhold_photos").withhold([wrong], every=2)


def test_named_places_are_printed_and_kept(
    given: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    strangers = tmp_path / "strangers" / "deep"
    strangers.mkdir(parents=True)
    for number in range(2):
        save_photo(strangers / f"{number}.png", 90 + number)
    out = tmp_path / "found.json"
    script("name_places").main(
        [*given, "--splits=train,val", "--strangers", str(strangers.parent), "--out", str(out)]
    )
    told = capsys.readouterr().out.splitlines()
    found = json.loads(out.read_text())
    assert told[0] == f"{found['photos']} photos of known places (train,val)"
    assert found["photos"] > 3
    assert found["strict"] <= found["accepted"] <= 1
    assert found["strangers"] == 2
    assert told[-1] == f"2 photos of no known place: noticed {found['caught']:.1%}"
