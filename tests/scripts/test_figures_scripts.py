"""The scripts behind the model card's figures run from end to end, on a model trained for three steps."""

import copy
import csv
import importlib.util
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
import torch
from tiny_scenes import tiny_settings, write_tiny_scenes

from photowave.checkpoint import load_model
from photowave.cli.main import main
from photowave.errors import PairError
from photowave.model import TextureConditioner
from photowave.pairs.bank import SoundBank
from photowave.pairs.manifest import read_manifest
from photowave.pairs.opening import Splits, open_pairs

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """A manifest of two scenes and a model with an envelope that was trained on it."""
    folder = tmp_path_factory.mktemp("trained")
    manifest = write_tiny_scenes(tmp_path_factory.mktemp("scenes"))
    settings = tiny_settings(
        manifest, model__config__envelope__components=3, model__config__wavenet__output="mixture",
        trainer__max_steps=3, trainer__default_root_dir=str(folder),
    )  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr("photowave.image.cache.platformdirs.user_cache_path", lambda *a, **k: folder)
        assert main(["fit", *(f"--{name}={value}" for name, value in settings.items())]) == 0
        (checkpoint,) = folder.rglob("last.ckpt")
        assert main(["export", str(checkpoint), str(folder / "model.safetensors")]) == 0
        yield manifest, folder / "model.safetensors"


def test_every_photo_is_held_out_once(trained: tuple[Path, Path], tmp_path: Path) -> None:
    manifest, model = trained
    out = tmp_path / "figures.json"
    given = ["--model", str(model), "--pairs", str(manifest), "--folds", "5", "--repeats", "2"]
    script("cross_validate").main([*given, "--duration_s", "1", "--out", str(out)])
    figures = json.loads(out.read_text())
    assert (figures["photos"], figures["folds"], figures["repeats"]) == (10, 5, 2)
    # Red photos and blue ones: the map cannot miss, whichever are held out.
    assert figures["photo_to_scene"] == [1.0, 1.0]
    assert all(0.0 <= share <= 1.0 for share in figures["recognised"])
    for name in script("cross_validate").COMPARED:
        assert len(figures[name]) == 2


def test_a_map_that_is_told_the_scene_gives_its_textures_alone(trained: tuple[Path, Path]) -> None:
    conditioner = load_model(trained[1]).model.conditioner
    assert isinstance(conditioner, TextureConditioner)
    rows = torch.randn(5, conditioner.prior.in_features, generator=torch.Generator().manual_seed(0))
    before = conditioner.texture_probabilities(rows).detach()
    for group in torch.unique(conditioner.groups[conditioner.prior.bias > -1e3]).tolist():
        members = conditioner.groups == group
        told = copy.deepcopy(conditioner)
        script("cross_validate").tell(told, group)
        after = told.texture_probabilities(rows).detach()
        assert after[:, ~members].max() == 0.0
        inside = before[:, members] / before[:, members].sum(1, keepdim=True)
        torch.testing.assert_close(after[:, members], inside)


def test_a_refitted_map_does_not_know_the_photos_left_out(trained: tuple[Path, Path]) -> None:
    conditioner = load_model(trained[1]).model.conditioner
    assert isinstance(conditioner, TextureConditioner)
    present = torch.unique(conditioner.groups[conditioner.prior.bias > -1e3])
    rows = torch.eye(conditioner.prior.in_features)[:4]
    inside = conditioner.texture_probabilities(rows).detach()
    script("cross_validate").refit(conditioner, rows, present[[0, 0, 1, 1]], penalty=1e-3)
    after = conditioner.texture_probabilities(rows).detach()
    by_group = torch.stack([after[:, conditioner.groups == group].sum(1) for group in present], 1)
    assert by_group.argmax(1).tolist() == [0, 0, 1, 1]
    # What is inside a group stays as it was.
    for group in present:
        members = conditioner.groups == group
        before = inside[0, members] / inside[0, members].sum()
        torch.testing.assert_close(after[0, members] / after[0, members].sum(), before)


def test_a_sweep_has_a_row_for_each_setting(
    trained: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest, model = trained
    out = tmp_path / "sweep.csv"
    given = ["--model", str(model), "--pairs", str(manifest), "--split", "train", "--duration_s", "1"]
    given += ["--temperatures", "0.5", "1", "--guidances", "1", "2", "--seeds", "2", "--varied"]
    script("sweep").main([*given, "--out", str(out)])
    with out.open(newline="") as file:
        rows = list(csv.reader(file))
    settings = ["0.5, guidance 1", "1, guidance 1", "1, guidance 2", "1, guidance 1, varied"]
    assert [row[0] for row in rows[1:]] == ["real", *(f"temperature {setting}" for setting in settings)]
    assert len({tuple(row[1:]) for row in rows}) == len(rows)
    # Mean over the seeds and standard deviation between them.
    assert all(" +- " in row[rows[0].index("level_difference_db")] for row in rows[2:])
    assert capsys.readouterr().out.count("\n") == len(rows)


def test_a_cell_is_mean_and_standard_deviation() -> None:
    assert script("sweep").cell([0.5]) == "0.5"
    assert script("sweep").cell([1.0, 3.0]) == "2 +- 1.4"


@pytest.mark.parametrize("slope", [0.0, -12.0, 30.0])
def test_a_long_sound_that_fades_has_its_slope(slope: float) -> None:
    noise = torch.randn(1, 30 * 2000, generator=torch.Generator().manual_seed(0)).double()
    minutes = torch.arange(30 * 2000) / 2000 / 60
    found = script("long_sounds").measure(
        0.05 * noise * 10 ** (slope * minutes / 20), sample_rate=2000, level_dbfs=-20.0
    )
    assert found["level_db"].shape == (1, 6)
    assert found["slope_db_per_min"][0] == pytest.approx(slope, abs=1.0)
    assert found["level_db"][0, 0] == pytest.approx(20 - 26 + slope * 2.5 / 60, abs=0.3)
    if slope:
        assert found["first_to_last_db"][0] > 1.5 * found["neighbours_db"][0]


def test_each_sound_is_compared_with_the_level_of_its_own_scene() -> None:
    noise = 0.1 * torch.randn(1, 20_000, generator=torch.Generator().manual_seed(0)).expand(2, -1)
    level = script("long_sounds").measure(noise, sample_rate=1000, level_dbfs=[-20.0, -26.0])["level_db"]
    assert level[1] - level[0] == pytest.approx(6.0)
    assert level[0] == pytest.approx(0.0, abs=0.3)


def test_a_click_at_the_beginning_is_told() -> None:
    sounds = 0.05 * torch.randn(2, 20_000, generator=torch.Generator().manual_seed(0))
    sounds[1, 3] = 0.9
    beginning = script("long_sounds").measure(sounds, sample_rate=1000, level_dbfs=-20.0)["beginning"]
    assert beginning[0] < 1.2
    assert beginning[1] > 4


def test_a_sound_is_compared_with_the_recording_whose_texture_it_was_given(
    trained: tuple[Path, Path],
) -> None:
    manifest, file = trained
    conditioner = load_model(file).model.conditioner
    assert isinstance(conditioner, TextureConditioner)
    heard = open_pairs(str(manifest), Splits()).split("train").pairs("scene")
    audio = load_model(file).model.config.audio
    bank = SoundBank(heard.sounds, audio=audio, clip_s=0.1, window_s=1.0)
    for number, recording in enumerate(bank.recordings):
        recording.samples.mul_(10 ** (-number / 20))  # levels that tell them apart
    told = [
        script("long_sounds").recording_level(bank, conditioner, vector)
        for vector in conditioner.texture_vector(conditioner.codebook)
    ]
    for texture, level in zip(conditioner.codebook, told, strict=True):
        (number,) = {n for n, r in enumerate(bank.recordings) if (r.textures == texture).all(1).any()}
        assert level == pytest.approx(-20.0 - number, abs=0.5)


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


def test_long_sounds_are_drawn_for_every_scene(
    trained: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest, model = trained
    out = tmp_path / "long.json"
    given = ["--model", str(model), "--pairs", str(manifest), "--split", "train", "--duration_s", "10"]
    script("long_sounds").main([*given, "--seeds", "2", "--out", str(out)])
    figures = json.loads(out.read_text())
    assert [len(row) for row in figures["level_db"]] == [2] * 4
    assert len(set(figures["scenes"])) == 2
    # Tiny recordings have no sharp peaks: training hears them at the level that is asked of all.
    assert figures["whole_db"] == pytest.approx(figures["whole_db_from_asked"], abs=0.5)
    assert figures["whole_db"] == pytest.approx(figures["whole_db_from_recording"], abs=0.5)
    assert "slope_db_per_min" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        script("long_sounds").main([*given[:-1], "9"])
