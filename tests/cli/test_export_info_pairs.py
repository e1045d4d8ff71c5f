"""`photowave export`, `info` and `pairs`: what they do, and one line for what goes wrong."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from tiny_models import save_photo, tiny_config, tiny_model

from photowave.checkpoint import checkpoint_metadata, load_model, save_model
from photowave.cli.main import main
from photowave.model import Catalogue, Origin, PhotowaveModel, TextureConditioner
from photowave.model.conditioning import NEVER
from photowave.pairs.manifest import read_manifest


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
    refused(main(["export", str(path), str(out), "--contrast", "5"]), "contrast=5.0", capsys)


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


def test_info_refuses_a_bad_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "model.safetensors"
    refused(main(["info", str(path)]), path, capsys)
    path.write_text("no model")
    refused(main(["info", str(path)]), path, capsys)


@pytest.fixture
def scenes(tmp_path: Path) -> Path:
    """Two scenes of eight photos and eight sounds, all different."""
    folder, random = tmp_path / "scenes", np.random.default_rng(0)
    for number, scene in enumerate(("sea", "wood")):
        for kind in ("photos", "sounds"):
            (folder / scene / kind).mkdir(parents=True)
        for index in range(8):
            save_photo(folder / scene / "photos" / f"photo {'abcdefgh'[index]}.png", 10 * number + index)
            noise = random.normal(size=400) / 10
            soundfile.write(folder / scene / "sounds" / f"sound {'abcdefgh'[index]}.wav", noise, 2_000)
    return folder


def test_pairs_writes_a_manifest(scenes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "pairs.csv"
    assert main(["pairs", str(scenes), str(out), "--splits.val", "0.25", "--splits.test", "0.25"]) == 0
    told, err = capsys.readouterr()
    assert not err
    manifest = read_manifest(out)
    counts = {name: len(manifest.split(name).rows) for name in ("train", "val", "test")}
    assert sum(counts.values()) == 32
    assert told == f"{out}: " + ", ".join(f"{n} {name}" for name, n in counts.items()) + "\n"
    assert manifest.scenes == ("sea", "wood")
    assert len(manifest.photos) == len(manifest.sounds) == 16


def test_pairs_keeps_what_may_have_been_edited(
    scenes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "pairs.csv"
    out.write_text("mine", encoding="utf-8")
    refused(main(["pairs", str(scenes), str(out)]), "--overwrite", capsys)
    assert out.read_text(encoding="utf-8") == "mine"
    assert main(["pairs", str(scenes), str(out), "--overwrite"]) == 0
    assert len(read_manifest(out).rows) == 32


def test_pairs_depend_on_the_seed_alone(scenes: Path, tmp_path: Path) -> None:
    texts = []
    for name, seed in (("first", 0), ("again", 0), ("other", 1)):
        out = tmp_path / f"{name}.csv"
        assert main(["pairs", str(scenes), str(out), "--splits.seed", str(seed)]) == 0
        texts.append(out.read_text(encoding="utf-8"))
    assert texts[0] == texts[1] != texts[2]


@pytest.mark.parametrize(
    ("folder", "out", "options", "told"),
    [
        ("nowhere", "pairs.csv", [], "nowhere is not a folder"),
        ("empty", "pairs.csv", [], "holds no scenes"),
        ("scenes", "pairs.csv", ["--splits.val", "1.5"], "1.5"),
        ("scenes", "pairs.csv", ["--splits.test=-0.1"], "-0.1"),
        ("scenes", "missing/pairs.csv", [], "pairs.csv cannot be written"),
        ("lacking", "pairs.csv", [], "wood/sounds"),
    ],
)
def test_pairs_refuses_what_cannot_be(
    folder: str,
    out: str,
    options: list[str],
    told: str,
    scenes: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "empty").mkdir()
    if folder == "lacking":
        for path in (scenes / "wood" / "sounds").iterdir():
            path.unlink()
        scenes.rename(tmp_path / "lacking")
    refused(main(["pairs", str(tmp_path / folder), str(tmp_path / out), *options]), told, capsys)
    assert not list(tmp_path.glob("**/*.csv"))
