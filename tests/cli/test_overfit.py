"""`photowave overfit` trains, tells and refuses in one line."""

import json
import math
from pathlib import Path

import pytest
import torch

from photowave.audio import write_sound
from photowave.cli.main import main
from photowave.generation import load
from photowave.settings import DrawSettings


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    time = torch.arange(16_000) / 16_000
    write_sound(
        tmp_path / "clip.wav", 0.3 * torch.sin(2 * math.pi * 440 * time) * torch.exp(-3 * time), 16_000
    )
    return tmp_path / "clip.wav"


def test_leaves_everything_in_the_folder(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "run"
    assert main(["overfit", str(clip), "--steps", "2", "--bands", "8", "--out", str(out), "--seed", "3"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert captured.out.splitlines()[-1] == f"-> {out}"
    assert "free run: correlation" in captured.out
    assert {path.name for path in out.iterdir()} == {
        "original.wav", "free_run.wav", "teacher_forced.wav", "spectrograms.png", "report.json",
        "model.safetensors",
    }  # fmt: skip
    report = json.loads((out / "report.json").read_text())
    assert (report["steps"], report["seed"]) == (2, 3)
    assert "undertrained" in report["diagnosis"]


def test_a_terminal_shows_one_living_line(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setattr("photowave.training.clip_report._LIVE_EVERY_S", 0.0)
    monkeypatch.setenv("COLUMNS", "60")
    assert main(["overfit", str(clip), "--steps", "3", "--out", str(tmp_path / "run")]) == 0
    shown = capsys.readouterr().out
    assert shown.count(" bits (linear") == 3
    living = shown[shown.index("step 1 | ") : shown.index("step 3 | ")]
    assert "\n" not in living  # each replaces the one before
    assert "step 2 | " in living
    assert [len(line) for line in living.split("\r\x1b[K")] == [59, 59, 0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.wav"], "nowhere.wav"),
        (["CLIP", "--minutes", "0"], "minutes=0: must be above 0"),
        (["CLIP", "--minutes", "soon"], "minutes"),
        (["CLIP", "--bands", "3"], "bands=3: must be 2, 4, 8 or 16"),
        (["CLIP", "--out", "CLIP"], "is called like a sound"),
        ([], "clip"),
    ],
)
def test_refuses_in_one_line(
    arguments: list[str], words: str, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [str(clip) if argument == "CLIP" else argument for argument in arguments]
    assert main(["overfit", *given]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert words in captured.err


def test_the_settings_file_trains_the_same_through_the_trainer(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = Path(__file__).parents[2] / "configs" / "one_clip.yaml"
    monkeypatch.chdir(tmp_path)
    few = ["--trainer.max_steps=2", "--data.clips_per_epoch=8", "--data.val_clips=2"]
    heard = ["--previews.every_n_epochs=1", "--previews.duration_s=0.5"]
    assert main(["fit", f"--config={config}", f"--data.pairs={clip}", *few, *heard]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert "step 2 | " in captured.out
    checkpoint = tmp_path / "runs" / "one_clip" / "version_0" / "checkpoints" / "last.ckpt"
    assert main(["export", str(checkpoint), str(tmp_path / "clip.safetensors")]) == 0
    model = load(tmp_path / "clip.safetensors")
    track = model.model.conditioner.photo_vector(torch.zeros(1, 1), torch.zeros(1)).detach()
    assert track.shape == (1, 1281, 32)
    assert model.draw(track, DrawSettings(duration_s=1.0), seeds=[0]).shape == (1, 16_000)


def test_position_needs_a_single_clip_that_fits(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = Path(__file__).parents[2] / "configs" / "one_clip.yaml"
    monkeypatch.chdir(tmp_path)
    few = ["--trainer.max_steps=1", "--data.clips_per_epoch=8", "--data.val_clips=2"]
    short = "--model.conditioning.longest_s=0.5"
    assert main(["fit", f"--config={config}", f"--data.pairs={clip}", short, *few]) == 2
    assert "clip.wav lasts 1 s; conditioning.longest_s is 0.5" in capsys.readouterr().err
    write_sound(tmp_path / "other.wav", torch.rand(16_000) - 0.5, 16_000)
    rows = "photo,sound,scene,split\n,clip.wav,a,train\n,other.wav,a,train\n,clip2.wav,a,val\n"
    write_sound(tmp_path / "clip2.wav", 0.5 * (torch.rand(16_000) - 0.5), 16_000)
    (tmp_path / "pairs.csv").write_text(rows)
    assert main(["fit", f"--config={config}", f"--data.pairs={tmp_path / 'pairs.csv'}", *few]) == 2
    assert "takes a single recording; the splits have 3" in capsys.readouterr().err
