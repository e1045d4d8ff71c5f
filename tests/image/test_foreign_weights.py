"""Weights in the layouts of others: training checkpoints, old DenseNets, CLIP."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
import torchvision
from PIL import Image
from torch import Tensor, nn
from transformers import CLIPConfig, CLIPModel, CLIPVisionConfig, CLIPVisionModel

from photowave.errors import CheckpointError, ConfigError
from photowave.image import build_encoder
from photowave.image.clip import CLIP_MEAN, CLIP_SIZES, CLIP_STD, ClipSize, ClipVision, image_tower
from photowave.image.weights import read_weights
from photowave.settings import ImageConfig

TINY = ClipSize(width=32, layers=2, heads=4, patch=8, usual=32)


def photo() -> Image.Image:
    values = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    return Image.fromarray(values)


def places365(network: nn.Module) -> dict[str, Any]:
    """As the training of Places365 saves it: on several GPUs, with what belongs to the training."""
    state = {
        f"module.{name}": tensor
        for name, tensor in network.state_dict().items()
        if not name.endswith("num_batches_tracked")  # younger than these files
    }
    return {"epoch": 90, "arch": "resnet", "state_dict": state, "best_prec1": torch.tensor(54.7)}


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize(("name", "resolution"), [("resnet18", 64), ("densenet161", 64), ("alexnet", 96)])
def test_places365_checkpoints(tmp_path: Path, name: str, resolution: int, zipped: bool) -> None:
    torch.manual_seed(0)
    network = torchvision.models.get_model(name, weights=None, num_classes=365)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean = torch.rand_like(module.bias) - 0.5
    checkpoint = places365(network)
    checkpoint["state_dict"] = {
        re.sub(r"(denselayer\d+\.(?:norm|conv))([12]\.)", r"\1.\2", name): tensor
        for name, tensor in checkpoint["state_dict"].items()
    }
    assert any("norm.1." in n for n in checkpoint["state_dict"]) == (name == "densenet161")
    path = tmp_path / f"{name}_places365.pth.tar"
    torch.save(checkpoint, path, _use_new_zipfile_serialization=zipped)
    encoder = build_encoder(ImageConfig(encoder=name, weights=str(path), resolution=resolution))
    last = [(n, m) for n, m in network.named_modules() if isinstance(m, nn.Linear)][-1][0]
    network.set_submodule(last, nn.Identity())
    pixels = torch.rand(2, 3, resolution, resolution)
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    with torch.no_grad():
        expected = network.eval()((pixels - mean) / std)
        torch.testing.assert_close(encoder(pixels), expected, rtol=0, atol=1e-5)


def test_weights_of_another_network_are_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "resnet18_places365.pth.tar"
    torch.save(places365(torchvision.models.resnet18(num_classes=365)), path)
    for name in ("resnet50", "clip_vit_b_32", "efficientnet_lite0"):
        with pytest.raises(CheckpointError, match=r"resnet18_places365.*do not fit the encoder") as refused:
            build_encoder(ImageConfig(encoder=name, weights=str(path), resolution=64))
        assert "\n" not in str(refused.value)


def reference(**settings: Any) -> CLIPVisionConfig:
    return CLIPVisionConfig(
        hidden_size=TINY.width,
        intermediate_size=4 * TINY.width,
        num_hidden_layers=TINY.layers,
        num_attention_heads=TINY.heads,
        image_size=TINY.usual,
        patch_size=TINY.patch,
        **settings,
    )


def loaded(state: dict[str, Tensor], *, resolution: int) -> ClipVision:
    tower = ClipVision(TINY, resolution=resolution).eval()
    tower.load_state_dict(image_tower(state, places=(resolution // TINY.patch) ** 2))
    return tower


@pytest.mark.parametrize("resolution", [32, 48])
@pytest.mark.parametrize("prefix", ["", "vision_model."])
def test_clip_agrees_with_transformers(resolution: int, prefix: str) -> None:
    torch.manual_seed(0)
    theirs = CLIPVisionModel(reference()).eval()
    for parameter in theirs.parameters():  # zeros and ones of the start hide what is mixed up
        parameter.data += 0.1 * torch.randn_like(parameter)
    bare = {name.removeprefix("vision_model."): tensor for name, tensor in theirs.state_dict().items()}
    ours = loaded({f"{prefix}{name}": tensor for name, tensor in bare.items()}, resolution=resolution)
    pixels = torch.randn(2, 3, resolution, resolution)
    with torch.no_grad():
        expected = theirs(pixel_values=pixels, interpolate_pos_encoding=True).pooler_output
        torch.testing.assert_close(ours(pixels), expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("suffix", [".safetensors", ".bin"])
def test_the_image_tower_is_found_in_clip_as_a_whole(tmp_path: Path, suffix: str) -> None:
    text = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    whole = CLIPModel(CLIPConfig(text_config=text, vision_config=reference().to_dict())).eval()
    state = {**whole.state_dict(), "vision_model.embeddings.position_ids": torch.arange(17)[None]}
    assert any(name.startswith("text_model.") for name in state)
    path = tmp_path / f"model{suffix}"
    if suffix == ".bin":
        torch.save(state, path)
    else:
        safetensors.torch.save_file(state, path)
    ours = loaded(read_weights(path), resolution=32)
    pixels = torch.randn(1, 3, 32, 32)
    with torch.no_grad():
        expected = whole.vision_model(pixel_values=pixels).pooler_output
        torch.testing.assert_close(ours(pixels), expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("name", CLIP_SIZES)
def test_the_published_sizes_have_the_shapes_of_transformers(name: str) -> None:
    size = CLIP_SIZES[name]
    with torch.device("meta"):
        ours = ClipVision(size, resolution=size.usual)
        config = CLIPVisionConfig(
            hidden_size=size.width,
            intermediate_size=4 * size.width,
            num_hidden_layers=size.layers,
            num_attention_heads=size.heads,
            image_size=size.usual,
            patch_size=size.patch,
        )
        theirs = CLIPVisionModel(config)
    shapes = {n.removeprefix("vision_model."): t.shape for n, t in theirs.state_dict().items()}
    assert {n: t.shape for n, t in ours.state_dict().items()} == shapes
    assert config.hidden_act == "quick_gelu"


def test_clip_by_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("photowave.image.networks.CLIP_SIZES", {"clip_tiny": TINY})
    config = ImageConfig(encoder="clip_tiny", weights=None, resolution=48)
    first = build_encoder(config)
    assert first.feature_dim == TINY.width
    assert first.mean.flatten().tolist() == pytest.approx(CLIP_MEAN)
    assert first.std.flatten().tolist() == pytest.approx(CLIP_STD)
    path = tmp_path / "model.safetensors"
    safetensors.torch.save_file(first.network.state_dict(), path)
    second = build_encoder(ImageConfig(encoder="clip_tiny", weights=str(path), resolution=48))
    assert torch.equal(first.encode([photo()]), second.encode([photo()]))
    assert first.fingerprint == second.fingerprint
    with pytest.raises(ConfigError, match=r"resolution=50 .*multiple of 8.*usual one is 32"):
        build_encoder(ImageConfig(encoder="clip_tiny", weights=None, resolution=50))
    with pytest.raises(CheckpointError, match=r"no weights='default'.*Set weights to a file"):
        build_encoder(ImageConfig(encoder="clip_tiny", resolution=48))


def test_positions_that_make_no_square() -> None:
    state = {"embeddings.position_embedding.weight": torch.zeros(12, 32)}
    with pytest.raises(CheckpointError, match="12 rows: must be 1 more than a square"):
        image_tower(state, places=16)
