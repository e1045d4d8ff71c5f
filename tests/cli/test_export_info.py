"""`photowave export` and `info`: what they do, and one line for what goes wrong."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from tiny_models import tiny_config, tiny_model

from photowave.checkpoint import checkpoint_metadata, load_model, save_model
from photowave.cli.main import main
from photowave.model import Catalogue, Origin, PhotowaveModel, TextureConditioner
from photowave.model.conditioning import NEVER


def refused(code: int, told: Path | str, capsys: pytest.CaptureFixture[str]) -> None:
    """Check for exit code 2 and one line that names what is wrong."""
    assert code == 2
    out, err = capsys.readouterr()
    assert not out
    assert err.startswith("photowave: ")
    assert err.count("\n") == 1
    assert str(told) in err


@pytest.fixture
def trained(tmp_path: Path) -> tuple[PhotowaveModel, Path]:
    """A model, and a checkpoint as training writes it."""
    model, path = tiny_model(tiny_config("mixture", 2)), tmp_path / "last.ckpt"
    metadata = checkpoint_metadata(model, encoder_fingerprint="abc", free_run=None)
    weights = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    torch.save({"photowave": metadata, "state_dict": weights, "global_step": 9}, path)
    return model, path


def test_export_writes_a_model_file(
    trained: tuple[PhotowaveModel, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (model, path), out = trained, tmp_path / "model.safetensors"
    assert main(["export", str(path), str(out)]) == 0
    told, err = capsys.readouterr()
    assert told.startswith(f"{path} -> {out}  (")
    assert told.endswith(" MB)\n")
    assert not err
    loaded = load_model(out)
    assert loaded.encoder_fingerprint == "abc"
    assert loaded.model.config == model.config
    before, after = model.state_dict(), loaded.model.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_export_sets_another_contrast(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, path = tiny_model(tiny_config("spectral", 16)), tmp_path / "last.ckpt"
    metadata = checkpoint_metadata(model, encoder_fingerprint="abc", free_run=None)
    weights = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    torch.save({"photowave": metadata, "state_dict": weights, "global_step": 9}, path)
    out = tmp_path / "model.safetensors"
    assert main(["export", str(path), str(out), "--contrast", "2.5"]) == 0
    assert load_model(out).model.config.wavenet.contrast == 2.5
    capsys.readouterr()
    other = tmp_path / "other.safetensors"
    refused(main(["export", str(path), str(other), "--contrast", "5"]), "contrast=5.0", capsys)


def test_export_replaces_a_model_file_only_when_asked(
    trained: tuple[PhotowaveModel, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "model.safetensors"
    out.write_text("hours of training")
    refused(main(["export", str(trained[1]), str(out)]), f"{out} is there already. Give --overwrite", capsys)
    assert out.read_text() == "hours of training"
    assert main(["export", str(trained[1]), str(out), "--overwrite"]) == 0
    assert load_model(out).encoder_fingerprint == "abc"


def test_export_knows_who_has_no_contrast(
    trained: tuple[PhotowaveModel, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "model.safetensors"
    refused(main(["export", str(trained[1]), str(out), "--contrast", "2"]), "'mixture', has none", capsys)


BAD: dict[str, Callable[[Path], object]] = {
    "missing": Path.unlink,
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("no checkpoint"),
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:-300]),
    "foreign": lambda path: torch.save({"state_dict": {}}, path),
}


@pytest.mark.parametrize("name", BAD)
def test_export_refuses_a_bad_checkpoint(
    name: str,
    trained: tuple[PhotowaveModel, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path, out = trained[1], tmp_path / "model.safetensors"
    BAD[name](path)
    refused(main(["export", str(path), str(out)]), path, capsys)
    assert not out.exists()


@pytest.mark.parametrize("name", ["model.ckpt", "model", "missing/model.safetensors"])
def test_export_refuses_a_bad_target(
    name: str,
    trained: tuple[PhotowaveModel, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / name
    refused(main(["export", str(trained[1]), str(out)]), out, capsys)
    assert [path.name for path in tmp_path.iterdir()] == ["last.ckpt"]
    refused(main(["export", str(tmp_path / "none.ckpt"), str(out)]), out, capsys)  # told before any work


def test_info_tells_what_a_file_holds(tiny_model_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", str(tiny_model_file)]) == 0
    out, err = capsys.readouterr()
    assert not err
    loaded = load_model(tiny_model_file)
    count = sum(p.numel() for p in loaded.model.parameters())
    for part in (
        str(tiny_model_file),
        loaded.sha256,
        f"{count:,}",
        "9 frames, 4 ms",
        "sample_rate=2000",
        "kind=texture",
        "dilations=(1, 2, 4)",
        "encoder=efficientnet_lite0",
    ):
        assert part in out


def test_info_counts_the_textures_that_photos_are_given(
    tiny_model_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, path = load_model(tiny_model_file).model, tmp_path / "model.safetensors"
    assert isinstance(model.conditioner, TextureConditioner)
    size = len(model.conditioner.codebook)
    model.conditioner.groups.copy_(torch.arange(size) // 2)
    model.conditioner.left_out[0] = True
    model.conditioner.prior.bias.data[-2:] = 10 * NEVER
    gulls = Origin(name="gulls.wav", place="sea", seconds=7.5, licence="CC0")
    wind = Origin(name="wind.wav", place="peak", seconds=3.25)
    model.catalogue = Catalogue(recordings=(gulls, wind), owners=(0, 0, 0, *[1] * (size - 3)))
    save_model(model, path, encoder_fingerprint="abc")
    assert main(["info", str(path)]) == 0
    out = capsys.readouterr().out
    assert f"textures          {size - 3} in {size // 2 - 1} groups, 1 left out\n" in out
    assert out.splitlines()[-3:] == [
        "place                    textures  recordings  seconds  licences",
        f"peak                     {size - 5:8}           1        3  unknown",
        "sea                             2           1        8  CC0",
    ]


def test_info_fits_the_terminal(
    tiny_model_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["info", str(tiny_model_file)]) == 0
    wide = capsys.readouterr().out
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert main(["info", str(tiny_model_file)]) == 0
    narrow = capsys.readouterr().out
    assert max(map(len, narrow.splitlines()[5:])) <= 80 < max(map(len, wide.splitlines()[5:]))
    assert narrow.split() == wide.split()


def test_info_refuses_a_bad_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "model.safetensors"
    refused(main(["info", str(path)]), path, capsys)
    path.write_text("no model")
    refused(main(["info", str(path)]), path, capsys)
