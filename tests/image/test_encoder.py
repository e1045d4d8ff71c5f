"""The default network equals its original; encoders of every kind give each photo its own features."""

import contextlib
import copy
import io
import pickle
import subprocess
import sys
from pathlib import Path

import efficientnet_lite_pytorch
import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch import nn

from photowave.errors import CheckpointError, ConfigError, MissingPackageError
from photowave.image import PhotoEncoder, build_encoder
from photowave.image.efficientnet_lite import EfficientNetLite0
from photowave.image.efficientnet_lite_weights import default_weights_path, from_original
from photowave.image.weights import read_weights
from photowave.settings import ImageConfig


@pytest.fixture(scope="module")
def lite0() -> EfficientNetLite0:
    network = EfficientNetLite0()
    network.load_state_dict(from_original(read_weights(default_weights_path())))
    return network.eval()


@pytest.fixture(scope="module")
def encoder() -> PhotoEncoder:
    return build_encoder(ImageConfig(resolution=64))


def original(image_size: int | None) -> nn.Module:
    with contextlib.redirect_stdout(io.StringIO()):
        network: nn.Module = efficientnet_lite_pytorch.EfficientNet.from_pretrained(
            "efficientnet-lite0", weights_path=default_weights_path(), image_size=image_size
        )
    return network.eval()


def noise(seed: int, width: int = 50, height: int = 40) -> Image.Image:
    values = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(values)


@pytest.mark.parametrize(
    ("image_size", "height", "width"), [(224, 224, 224), (None, 320, 320), (None, 75, 101), (None, 33, 64)]
)
def test_lite0_agrees_with_the_original(
    lite0: EfficientNetLite0, image_size: int | None, height: int, width: int
) -> None:
    reference = original(image_size)
    pixels = torch.randn(2, 3, height, width, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(lite0(pixels), reference(pixels), rtol=0, atol=1e-4)
        features = lite0.features(pixels)
        torch.testing.assert_close(features, reference.extract_features(pixels), rtol=0, atol=1e-4)
    assert features.shape == (2, 1280, -(-height // 32), -(-width // 32))
    for ours, theirs in zip(norms(lite0), norms(reference), strict=True):
        assert ours == pytest.approx(theirs)


def norms(network: nn.Module) -> list[tuple[float, float | None]]:
    return [(m.eps, m.momentum) for m in network.modules() if isinstance(m, nn.BatchNorm2d)]


def test_encoder_normalises_and_pools_like_the_original(encoder: PhotoEncoder) -> None:
    pixels = torch.rand(2, 3, 96, 96, generator=torch.Generator().manual_seed(1))
    reference = original(None)
    with torch.no_grad():
        expected = reference.extract_features((pixels * 255 - 127) / 128).mean((2, 3))
        torch.testing.assert_close(encoder(pixels), expected, rtol=0, atol=1e-4)
    assert encoder.feature_dim == expected.shape[1]


def test_encode_resizes_and_averages_with_the_mirror_image() -> None:
    config = ImageConfig(resolution=64, mirror=False)
    plain, mirrored = build_encoder(config), build_encoder(ImageConfig(resolution=64, mirror=True))
    photo = noise(0)
    flipped = photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    square = np.asarray(photo.resize((64, 64), Image.Resampling.BICUBIC), dtype=np.float32) / 255
    with torch.no_grad():
        torch.testing.assert_close(plain.encode([photo]), plain(torch.tensor(square).permute(2, 0, 1)[None]))
    both = plain.encode([photo, flipped]).mean(0, keepdim=True)
    torch.testing.assert_close(mirrored.encode([photo]), both, rtol=1e-4, atol=1e-5)
    assert plain.fingerprint != mirrored.fingerprint


@given(st.permutations(range(4)), st.integers(1, 4))
@settings(deadline=None, max_examples=5)
def test_company_changes_nothing(encoder: PhotoEncoder, order: list[int], count: int) -> None:
    photos = [noise(seed, width=30 + 20 * seed) for seed in range(4)]
    alone = torch.cat([encoder.encode([photo]) for photo in photos])
    chosen = order[:count]
    assert torch.equal(encoder.encode([photos[i] for i in chosen]), alone[chosen])
    assert torch.unique(alone, dim=0).shape[0] == 4


def test_no_photos_give_no_rows(encoder: PhotoEncoder) -> None:
    assert encoder.encode([]).shape == (0, 1280)


def test_frozen_encoder_stays_still(encoder: PhotoEncoder) -> None:
    before = encoder.encode([noise(0)])
    assert not any(p.requires_grad for p in encoder.parameters())
    assert not encoder.train().network.training
    encoder(torch.rand(2, 3, 64, 64))
    assert torch.equal(encoder.encode([noise(0)]), before)
    assert not before.requires_grad


def test_thawed_encoder_learns_and_its_fingerprint_follows() -> None:
    thawed = build_encoder(ImageConfig(resolution=64), frozen=False)
    before = thawed.fingerprint
    thawed.encode([noise(0)])
    assert thawed.network.training
    thawed(torch.rand(2, 3, 64, 64)).sum().backward()
    assert all(p.grad is not None for p in thawed.parameters())
    assert thawed.fingerprint != before, "batch normalisation has moved"


def test_fingerprint_is_equal_only_for_equal_features(encoder: PhotoEncoder) -> None:
    assert encoder.fingerprint == build_encoder(ImageConfig(resolution=64)).fingerprint
    assert encoder.fingerprint != build_encoder(ImageConfig(resolution=65)).fingerprint
    changed = copy.deepcopy(encoder)
    state = changed.state_dict()
    state["network.head.1.bias"] = state["network.head.1.bias"] + 1e-3
    nn.Sequential(changed).load_state_dict({f"0.{name}": tensor for name, tensor in state.items()})
    assert changed.fingerprint != encoder.fingerprint


@pytest.mark.parametrize(
    ("name", "resolution", "feature_dim"),
    [
        ("resnet18", 64, 512),
        ("mobilenet_v3_small", 64, 1024),
        ("efficientnet_b0", 64, 1280),
        ("convnext_tiny", 64, 768),
        ("vit_b_16", 224, 768),
        ("googlenet", 64, 1024),
    ],
)
def test_torchvision_classifiers(name: str, resolution: int, feature_dim: int) -> None:
    encoder = build_encoder(ImageConfig(encoder=name, weights=None, resolution=resolution))
    features = encoder.encode([noise(0), noise(1)])
    assert features.shape == (2, feature_dim)
    assert encoder.feature_dim == feature_dim
    assert torch.isfinite(features).all()
    assert encoder.mean.flatten().tolist() == pytest.approx([0.485, 0.456, 0.406])


def test_settings_that_do_not_fit() -> None:
    with pytest.raises(ConfigError, match=r"'resnet81'.*resnet18"):
        build_encoder(ImageConfig(encoder="resnet81"))
    with pytest.raises(ConfigError, match="efficientnet_lite0"):
        build_encoder(ImageConfig(encoder="efficientnet_lite7"))
    with pytest.raises(ConfigError, match=r"resolution=96 does not fit encoder vit_b_16.*usual one is 224"):
        build_encoder(ImageConfig(encoder="vit_b_16", weights=None, resolution=96))
    with pytest.raises(ConfigError, match="no last linear layer"):
        build_encoder(ImageConfig(encoder="squeezenet1_1", weights=None))


@pytest.mark.parametrize("suffix", [".safetensors", ".pth", ".pt"])
@pytest.mark.parametrize("name", ["efficientnet_lite0", "resnet18"])
def test_weights_file_round_trip(tmp_path: Path, name: str, suffix: str) -> None:
    first = build_encoder(ImageConfig(encoder=name, weights=None, resolution=64))
    path = tmp_path / f"weights{suffix}"
    head = {"efficientnet_lite0": "classifier", "resnet18": "fc"}[name]
    state = {**first.network.state_dict(), f"{head}.weight": torch.zeros(7, first.feature_dim)}
    if suffix == ".safetensors":
        safetensors.torch.save_file(state, path)
    else:
        torch.save(state, path)
    second = build_encoder(ImageConfig(encoder=name, weights=str(path), resolution=64))
    assert torch.equal(first.encode([noise(0)]), second.encode([noise(0)]))
    assert first.fingerprint == second.fingerprint


def test_the_original_weights_file_can_be_named(encoder: PhotoEncoder) -> None:
    named = build_encoder(ImageConfig(weights=default_weights_path(), resolution=64))
    assert named.fingerprint == encoder.fingerprint


class Malice:
    """Leaves a mark if it is ever unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.mark,)


@pytest.mark.parametrize("suffix", [".safetensors", ".pth", ".pt"])
def test_pickle_is_refused_unread(tmp_path: Path, suffix: str) -> None:
    path, mark = tmp_path / f"evil{suffix}", tmp_path / "mark"
    for content in (pickle.dumps(Malice(mark), protocol=2), _saved(Malice(mark))):
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match="cannot be read as tensors"):
            build_encoder(ImageConfig(weights=str(path)))
        assert not mark.exists()
    pickle.loads(pickle.dumps(Malice(mark)))
    assert mark.exists(), "the trap works"


def _saved(thing: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(thing, buffer)
    return buffer.getvalue()


def test_unfit_weights_files(tmp_path: Path) -> None:
    def refused(name: str, content: bytes | None, rule: str) -> None:
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(CheckpointError, match=rule) as caught:
            build_encoder(ImageConfig(weights=str(path), resolution=64))
        assert name in str(caught.value)
        assert "\n" not in str(caught.value)

    sound = build_encoder(ImageConfig(weights=None, resolution=64)).network.state_dict()
    spoilt = {**sound, "head.1.bias": torch.full((1280,), float("nan"))}
    refused("gone.safetensors", None, "does not exist")
    refused("empty.pth", b"", "cannot be read")
    refused("text.safetensors", b"no weights", "cannot be read")
    refused("weights.onnx", b"x", "known are .safetensors, .pth, .pth.tar, .pt and .bin")
    refused("list.pt", _saved([torch.zeros(1)]), "does not hold tensors by name")
    refused("nested.pt", _saved({"state_dict": {"inner": sound}}), "does not hold tensors by name")
    refused("foreign.safetensors", safetensors.torch.save({"a": torch.zeros(1)}), "do not fit")
    refused("spoilt.safetensors", safetensors.torch.save(spoilt), "NaN")


def test_failed_download_tells_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*_: object, **__: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", offline)
    with pytest.raises(CheckpointError, match=r"resnet18 cannot be downloaded: no route to host.*to null"):
        build_encoder(ImageConfig(encoder="resnet18", resolution=64))


def test_default_torchvision_weights_are_loaded_without_unpickling(monkeypatch: pytest.MonkeyPatch) -> None:
    first = build_encoder(ImageConfig(encoder="resnet18", weights=None, resolution=64))
    state = {**first.network.state_dict(), "fc.weight": torch.zeros(1000, 512), "fc.bias": torch.zeros(1000)}

    def download(
        url: str, *, weights_only: bool, check_hash: bool, progress: bool
    ) -> dict[str, torch.Tensor]:
        assert "resnet18" in url
        assert weights_only
        assert check_hash
        return state

    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", download)
    second = build_encoder(ImageConfig(encoder="resnet18", resolution=64))
    assert torch.equal(first.encode([noise(0)]), second.encode([noise(0)]))


def test_torchvision_is_imported_only_when_needed() -> None:
    code = (
        "import sys; from photowave.image import build_encoder; from photowave.settings import ImageConfig\n"
        "build_encoder(ImageConfig()); sys.exit('torchvision' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_without_torchvision_its_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("photowave.extras.find_spec", lambda module: None)
    with pytest.raises(MissingPackageError) as refused:
        build_encoder(ImageConfig(encoder="resnet18"))
    assert str(refused.value) == (
        "encoder='resnet18': every encoder but efficientnet_lite0 needs torchvision, which is not installed. "
        "Install it with: pip install 'photowave[encoders]'"
    )
    build_encoder(ImageConfig(weights=None))
