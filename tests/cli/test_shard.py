"""`photowave pairs shard`, and a training from what it writes."""

from pathlib import Path

import pytest
import yaml
from tiny_models import save_photo
from tiny_scenes import tiny_settings, write_tiny_scenes

from photowave import extras
from photowave.cli.main import main

MODEL = {
    "audio": {"sample_rate": 4_000, "texture_mels": 8},
    "image": {"resolution": 32},
    "conditioning": {"channels": 8, "codebook_size": 4},
}
DATA = {"clip_s": 0.1, "val_clip_s": 0.2, "window_s": 0.5}


@pytest.fixture(autouse=True)
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in a folder of its own, and keep everything out of the user's cache folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("image.cache", "pairs.split_data"):
        monkeypatch.setattr(
            f"photowave.{name}.platformdirs.user_cache_path", lambda *a, **k: tmp_path / "cache"
        )


def shard(*more: str, out: str = "shards") -> int:
    Path("tiny.yaml").write_text(yaml.safe_dump({"model": MODEL, "data": DATA}))
    given = ["pairs.csv", "--out", out, "--config", "tiny.yaml", "--piece_s", "1", "--chunk_mb", "0.05"]
    return main(["pairs", "shard", *given, *more])


@pytest.mark.slow
def test_a_model_that_was_trained_from_shards_draws(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny_scenes(tmp_path)
    assert shard() == 0
    assert capsys.readouterr() == ("shards: 12 pieces train, 4 pieces val, 4 pieces test\n", "")
    settings = tiny_settings(Path("shards"), data__window_s=0.5, trainer__max_steps=6)
    assert main(["fit", *(f"--{name}={value}" for name, value in settings.items())]) == 0
    told, err = capsys.readouterr()
    assert not err
    assert "train: 12 of 12 pieces are measured" in told
    assert "step 6 |" in told
    last = "runs/photowave/version_0/checkpoints/last.ckpt"
    # A resumed training finds its place in the pass.
    settings |= {"trainer.max_steps": 8, "ckpt_path": last}
    assert main(["fit", *(f"--{name}={value}" for name, value in settings.items())]) == 0
    told, err = capsys.readouterr()
    assert not err
    assert "begins anew" not in told
    assert main(["test", "--data.pairs=shards", f"--ckpt_path={last}", *SCORED]) == 0
    assert main(["export", last, "tiny.safetensors"]) == 0
    save_photo(tmp_path / "photo.png", 1)
    drawn = ["generate", "photo.png", "--model", "tiny.safetensors", "--out", "drawn"]
    assert main([*drawn, "--duration_s", "0.5"]) == 0
    (sound,) = Path("drawn").glob("*.wav")
    assert sound.stat().st_size > 4_000


SCORED = [f"--data.{name}={value}" for name, value in DATA.items()] + ["--data.val_clips=2"]


def test_what_cannot_be_used_is_named_and_the_code_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny_scenes(tmp_path)
    (tmp_path / "hiss1.wav").write_bytes(b"RIFF")
    assert shard() == 1
    out, err = capsys.readouterr()
    assert out == "shards: 10 pieces train, 4 pieces val, 4 pieces test\n"
    assert err.startswith("photowave: left out: ")
    assert "hiss1.wav" in err
    assert err.count("\n") == 1
    assert shard() == 2
    assert "--overwrite" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["pairs", "fit"])
def test_a_missing_package_is_named(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = extras.find_spec
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name == "litdata" else found(name))
    write_tiny_scenes(tmp_path)
    if command == "pairs":
        assert shard() == 2
    else:
        settings = tiny_settings(Path("s3://bucket/shards"))
        settings["data.pairs"] = "s3://bucket/shards"
        assert main(["fit", *(f"--{name}={value}" for name, value in settings.items())]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "needs litdata, which is not installed" in err
    assert "pip install 'photowave[shards]'" in err
    assert not Path("shards").exists()
