"""Model files keep every bit; whatever else is handed in is refused in one line and never run."""

import json
import os
import pickle
import re
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from tiny_models import KINDS, tiny_config, tiny_model, with_envelope

from photowave import __version__
from photowave.checkpoint import (
    CHECKPOINT_FORMAT,
    FORMAT,
    checkpoint_metadata,
    load_model,
    load_training_checkpoint,
    save_model,
)
from photowave.errors import CheckpointError
from photowave.model import PhotowaveModel


@pytest.fixture
def model() -> PhotowaveModel:
    return tiny_model(tiny_config())


@pytest.fixture
def model_file(model: PhotowaveModel, tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    save_model(model, path, encoder_fingerprint="abc")
    return path


def refused(load: Callable[[Path], object], path: Path) -> str:
    with pytest.raises(CheckpointError) as caught:
        load(path)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    return message


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("conditioning", ["texture", "photo"])
def test_round_trip_keeps_every_bit(kind: tuple[str, int], conditioning: str, tmp_path: Path) -> None:
    model = tiny_model(tiny_config(*kind, kind=conditioning))
    path = tmp_path / "model.safetensors"
    save_model(model, path, encoder_fingerprint="abc")
    loaded = load_model(path)
    assert loaded.model.config == model.config
    assert loaded.model.feature_dim == model.feature_dim
    before, after = model.state_dict(), loaded.model.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert not loaded.model.training
    assert (loaded.path, loaded.encoder_fingerprint, loaded.package_version) == (path, "abc", __version__)
    assert len(loaded.sha256) == 64


def test_a_file_of_another_version_is_refused_by_what_it_lacks(model_file: Path, tmp_path: Path) -> None:
    metadata = metadata_of(model_file)
    tensors = load_file(model_file)
    del tensors["conditioner.groups"]
    old = tmp_path / "old.safetensors"
    save_file(tensors, old, {**metadata, "package_version": "0.0.7"})
    with pytest.raises(CheckpointError, match=r"photowave 0\.0\.7; .*conditioner\.groups") as caught:
        load_model(old)
    assert "\n" not in str(caught.value)


def test_a_file_that_leaves_out_whole_groups_is_refused(model_file: Path, tmp_path: Path) -> None:
    metadata = metadata_of(model_file)
    tensors = load_file(model_file)
    groups = tensors["conditioner.groups"]
    tensors["conditioner.left_out"] = groups == groups[0]
    bad = tmp_path / "bad.safetensors"
    save_file(tensors, bad, metadata)
    with pytest.raises(
        CheckpointError, match=re.escape(f"{bad} leaves out all textures of group {groups[0]}")
    ):
        load_model(bad)


@pytest.fixture
def led() -> PhotowaveModel:
    """A model with an envelope, whose every weight is away from zero."""
    return tiny_model(with_envelope(tiny_config("mixture", 2)))


def expected(model: PhotowaveModel) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and spread of the components that a few vectors tell."""
    assert model.envelope is not None
    vectors = torch.randn(4, model.config.conditioning.channels, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        return model.envelope.expected(vectors)


def both_ways(model: PhotowaveModel, folder: Path, *, without: Sequence[str] = ()) -> list[Callable[[], Any]]:
    """Two loaders: of a model file and of a training checkpoint, both without some tensors."""
    path, training = folder / "model.safetensors", folder / "last.ckpt"
    save_model(model, path, encoder_fingerprint="abc")
    tensors, checkpoint = load_file(path), lightning_checkpoint(model)
    for name in without:
        del tensors[name], checkpoint["state_dict"][f"model.{name}"]
    rewrite(path, tensors)
    torch.save(checkpoint, training)
    return [lambda: load_model(path).model, lambda: load_training_checkpoint(training).model]


def test_what_the_conditioning_tells_of_an_envelope_is_kept(led: PhotowaveModel, tmp_path: Path) -> None:
    for load in both_ways(led, tmp_path):
        for before, after in zip(expected(led), expected(load()), strict=True):
            assert before.std() > 0.01
            assert torch.equal(before, after)


@pytest.mark.parametrize("name", ["envelope.basis", "envelope.moments.bias", "envelope.correction"])
def test_an_envelope_that_lacks_anything_is_refused_by_name(
    name: str, led: PhotowaveModel, tmp_path: Path
) -> None:
    for load in both_ways(led, tmp_path, without=[name]):
        with pytest.raises(CheckpointError, match=name):
            load()


def test_the_same_model_gives_the_same_bytes(model: PhotowaveModel, model_file: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.safetensors"
    for _ in range(5):
        save_model(model, again, encoder_fingerprint="abc")
        assert again.read_bytes() == model_file.read_bytes()
    assert load_model(again).sha256 == load_model(model_file).sha256
    save_model(model, again, encoder_fingerprint="other")
    assert load_model(again).sha256 != load_model(model_file).sha256


def test_weights_lie_at_multiples_of_eight_bytes(model: PhotowaveModel, tmp_path: Path) -> None:
    for length in range(9):
        path = tmp_path / "model.safetensors"
        save_model(model, path, encoder_fingerprint="é" * length)
        assert int.from_bytes(path.read_bytes()[:8], "little") % 8 == 0
        assert load_model(path).encoder_fingerprint == "é" * length


def test_nothing_but_the_file_is_left(model_file: Path) -> None:
    assert list(model_file.parent.iterdir()) == [model_file]


class Trap:
    """Pickled, it would make a file when it is unpickled."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def metadata_of(path: Path) -> dict[str, str]:
    """All that a model file says beside its tensors, but for its hash."""
    with safe_open(path, framework="pt") as file:
        metadata: dict[str, str] = file.metadata()
    metadata.pop("content_sha256", None)
    return metadata


def rewrite(path: Path, tensors: dict[str, torch.Tensor] | None = None, **metadata: str) -> None:
    """Write a model file again with other tensors, or with changes to its metadata, and without its hash."""
    metadata = metadata_of(path) | metadata
    save_file(load_file(path) if tensors is None else tensors, path, metadata=metadata)


def poison(path: Path, value: float) -> None:
    tensors = load_file(path)
    tensors["wavenet.skip.bias"][0] = value
    rewrite(path, tensors)


def without_one_tensor(path: Path) -> None:
    tensors = load_file(path)
    del tensors["wavenet.hidden.weight"]
    rewrite(path, tensors)


def with_another_shape(path: Path) -> None:
    tensors = load_file(path)
    tensors["wavenet.hidden.weight"] = torch.zeros(3, 3)
    rewrite(path, tensors)


def other_settings(path: Path, part: str, **values: Any) -> None:
    tree = json.loads(tiny_config().to_json())
    tree[part] |= values
    rewrite(path, config=json.dumps(tree))


DAMAGE: dict[str, Callable[[Path], object]] = {
    "missing": Path.unlink,
    "folder": lambda path: (path.unlink(), path.mkdir()),
    "empty": lambda path: path.write_bytes(b""),
    "short": lambda path: path.write_bytes(b"abc"),
    "text": lambda path: path.write_text("this is no model\n" * 20),
    "truncated header": lambda path: path.write_bytes(path.read_bytes()[:100]),
    "truncated weights": lambda path: path.write_bytes(path.read_bytes()[:-100]),
    "longer than it says": lambda path: path.write_bytes(path.read_bytes() + b"more"),
    "no metadata": lambda path: save_file(load_file(path), path),
    "foreign": lambda path: save_file({"weight": torch.zeros(3)}, path, metadata={"format": "pt"}),
    "another format": lambda path: rewrite(path, format="photowave-99"),
    "settings no JSON": lambda path: rewrite(path, config="{"),
    "settings nested without end": lambda path: rewrite(path, config="[" * 100_000),
    "settings from elsewhere": lambda path: rewrite(path, config='{"hidden_size": 768}'),
    "settings out of range": lambda path: other_settings(path, "audio", sample_rate=1),
    "settings of another kind": lambda path: other_settings(path, "wavenet", residual_channels=6.5),
    "settings of endless size": lambda path: other_settings(path, "audio", texture_mels=float("inf")),
    "settings of absurd size": lambda path: other_settings(path, "wavenet", skip_channels=10**12),
    "rate no whole number": lambda path: other_settings(path, "audio", sample_rate=16000.5),
    "dilations no whole numbers": lambda path: other_settings(path, "wavenet", dilations=[1.5, 2]),
    "dilations true": lambda path: other_settings(path, "wavenet", dilations=[True, True]),
    "dilations without end": lambda path: other_settings(path, "wavenet", dilations=[2**40]),
    "sharpness negative": lambda path: other_settings(path, "conditioning", sharpness=-1.0),
    "sharpness endless": lambda path: other_settings(path, "conditioning", sharpness=float("inf")),
    "dilations of another kind": lambda path: other_settings(path, "wavenet", dilations=["a"]),
    "another network": lambda path: other_settings(path, "wavenet", dilations=[1]),
    "feature_dim no number": lambda path: rewrite(path, feature_dim="many"),
    "feature_dim negative": lambda path: rewrite(path, feature_dim="-1"),
    "a tensor is missing": without_one_tensor,
    "a tensor has another shape": with_another_shape,
    "NaN": lambda path: poison(path, float("nan")),
    "infinity": lambda path: poison(path, float("inf")),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_or_foreign_file_is_refused(name: str, model_file: Path) -> None:
    DAMAGE[name](model_file)
    refused(load_model, model_file)


def test_messages_say_what_is_wrong(model_file: Path) -> None:
    poison(model_file, float("nan"))
    assert "not finite" in refused(load_model, model_file)
    rewrite(model_file, format="photowave-99")
    assert "'photowave-99'" in refused(load_model, model_file)
    rewrite(model_file, format=FORMAT)
    other_settings(model_file, "audio", sample_rate=4000.5)
    assert "audio.sample_rate=4000.5: must be a whole number" in refused(load_model, model_file)
    model_file.unlink()
    assert "no such model file" in refused(load_model, model_file)


def test_the_damages_above_start_from_a_good_file(model_file: Path) -> None:
    rewrite(model_file)
    poison(model_file, 1.0)
    assert load_model(model_file).model.wavenet.skip.bias[0] == 1.0


# torch.load warns of pickles that torch did not write.
@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("load", [load_model, load_training_checkpoint])
@pytest.mark.parametrize("suffix", [".safetensors", ".ckpt"])
@pytest.mark.parametrize("zipped", [False, True])
def test_a_pickle_is_never_run(
    load: Callable[[Path], object], suffix: str, zipped: bool, tmp_path: Path
) -> None:
    sprung, path, plain = tmp_path / "sprung", tmp_path / f"model{suffix}", tmp_path / "trap.pt"
    trap = {"photowave": {"config": Trap(sprung)}, "state_dict": {}}
    torch.save(trap, plain) if zipped else plain.write_bytes(pickle.dumps(trap))
    shutil.copy(plain, path)
    refused(load, path)
    assert not sprung.exists()
    torch.load(plain, weights_only=False) if zipped else pickle.loads(plain.read_bytes())
    assert sprung.exists()  # the trap would have worked


def lightning_checkpoint(model: PhotowaveModel, **changes: Any) -> dict[str, Any]:
    """What training writes, as far as it matters here."""
    metadata = checkpoint_metadata(model, encoder_fingerprint="abc", free_run=None)
    weights = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    return {"photowave": metadata, "state_dict": weights, "epoch": 3} | changes


def test_a_training_checkpoint_gives_its_model(model: PhotowaveModel, tmp_path: Path) -> None:
    path = tmp_path / "last.ckpt"
    torch.save(lightning_checkpoint(model), path)
    read = load_training_checkpoint(path)
    assert read.encoder_fingerprint == "abc"
    assert not read.model.training
    before, after = model.state_dict(), read.model.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


FOREIGN: dict[str, Callable[[PhotowaveModel], object]] = {
    "a list": lambda model: [1, 2],
    "a tensor": lambda model: torch.zeros(3),
    "another project's": lambda model: {"state_dict": model.state_dict()},
    "no weights": lambda model: lightning_checkpoint(model, state_dict=None),
    "weights without a prefix": lambda model: lightning_checkpoint(model, state_dict=model.state_dict()),
    "names that are no text": lambda model: lightning_checkpoint(model, state_dict={3: torch.zeros(1)}),
    "weights that are no tensors": lambda model: lightning_checkpoint(
        model, state_dict={f"model.{name}": 3 for name in model.state_dict()}
    ),
    "metadata no table": lambda model: lightning_checkpoint(model, photowave=3),
    "another version's": lambda model: lightning_checkpoint(
        model, photowave={"format": "photowave-checkpoint-1", "package_version": "0.0.7"}
    ),
    "metadata empty": lambda model: lightning_checkpoint(model, photowave={}),
    "feature_dim missing": lambda model: lightning_checkpoint(
        model, photowave={"format": CHECKPOINT_FORMAT, "config": "{}"}
    ),
    "feature_dim no number": lambda model: lightning_checkpoint(
        model,
        photowave={"format": CHECKPOINT_FORMAT, "config": model.config.to_json(), "feature_dim": None},
    ),
    "NaN": lambda model: lightning_checkpoint(
        model, state_dict={f"model.{n}": t * float("nan") for n, t in model.state_dict().items()}
    ),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_foreign_training_checkpoint_is_refused(name: str, model: PhotowaveModel, tmp_path: Path) -> None:
    path = tmp_path / "last.ckpt"
    torch.save(FOREIGN[name](model), path)
    refused(load_training_checkpoint, path)


@pytest.mark.parametrize("content", [None, b"", b"text", b"PK\x03\x04", b"\x80\x02."], ids=repr)
def test_a_damaged_training_checkpoint_is_refused(
    content: bytes | None, model: PhotowaveModel, tmp_path: Path
) -> None:
    path = tmp_path / "last.ckpt"
    if content is not None:
        path.write_bytes(content)
    refused(load_training_checkpoint, path)


def test_a_truncated_training_checkpoint_is_refused(model: PhotowaveModel, tmp_path: Path) -> None:
    path = tmp_path / "last.ckpt"
    torch.save(lightning_checkpoint(model), path)
    path.write_bytes(path.read_bytes()[:-200])
    refused(load_training_checkpoint, path)


def test_a_file_where_the_folder_should_be(model: PhotowaveModel, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine")
    for folder in ("taken", "missing"):
        path = tmp_path / folder / "model.safetensors"
        message = refused(lambda p: save_model(model, p, encoder_fingerprint=""), path)
        assert "cannot be written" in message
    assert [p.name for p in tmp_path.iterdir()] == ["taken"]
    assert (tmp_path / "taken").read_text() == "mine"


def test_another_suffix_is_refused(model: PhotowaveModel, tmp_path: Path) -> None:
    path = tmp_path / "model.ckpt"
    assert ".safetensors" in refused(lambda p: save_model(model, p, encoder_fingerprint=""), path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), RuntimeError("bug")])
def test_a_failed_write_keeps_the_old_file_and_leaves_nothing(
    failure: Exception, model: PhotowaveModel, model_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = model_file.read_bytes()

    def half(path: Path, content: bytes) -> None:
        with path.open("wb") as file:
            file.write(content[: len(content) // 2])
        raise failure

    monkeypatch.setattr(Path, "write_bytes", half)
    expected = CheckpointError if isinstance(failure, OSError) else RuntimeError
    with pytest.raises(expected, match=failure.args[-1]):
        save_model(model, model_file, encoder_fingerprint="")
    assert model_file.read_bytes() == old
    assert list(model_file.parent.iterdir()) == [model_file]


def test_a_file_can_be_moved(model_file: Path, tmp_path: Path) -> None:
    moved = tmp_path / "a folder" / "renamed"
    moved.parent.mkdir()
    shutil.move(model_file, moved)
    assert load_model(moved).model.config == tiny_config()


def test_the_format_is_written(model_file: Path) -> None:
    rewrite(model_file, format=FORMAT)
    assert load_model(model_file).encoder_fingerprint == "abc"


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7, 0.9])
def test_a_flipped_byte_of_a_training_checkpoint_is_found(
    share: float, model: PhotowaveModel, tmp_path: Path
) -> None:
    path = tmp_path / "last.ckpt"
    torch.save(lightning_checkpoint(model), path)
    content = bytearray(path.read_bytes())
    content[round(share * len(content))] ^= 0x41
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"damaged|cannot be read"):
        load_training_checkpoint(path)


def test_any_flipped_byte_of_a_model_file_is_found(model_file: Path) -> None:
    good = model_file.read_bytes()
    size = int.from_bytes(good[:8], "little")
    header = good[8 : 8 + size]
    config = 8 + header.index(b"rms_dbfs")
    places = [config + 13, 8 + size + 3, len(good) - 1, *range(9, len(good), len(good) // 60)]
    for place in places:
        content = bytearray(good)
        content[place] ^= 0x01
        model_file.write_bytes(content)
        with pytest.raises(CheckpointError):
            load_model(model_file)
    content = bytearray(good)
    content[8 + size + 3] ^= 0x40
    model_file.write_bytes(content)
    with pytest.raises(CheckpointError, match="is damaged: its content is not what was written"):
        load_model(model_file)


def test_a_file_without_a_hash_is_read_as_before(model_file: Path) -> None:
    before = load_model(model_file).model.state_dict()
    rewrite(model_file)
    after = load_model(model_file).model.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


@pytest.mark.skipif(sys.platform == "win32", reason="names are text there")
def test_a_name_that_is_no_text_is_read_and_written(model: PhotowaveModel, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.safetensors")
    save_model(model, path, encoder_fingerprint="abc")
    assert load_model(path).encoder_fingerprint == "abc"
