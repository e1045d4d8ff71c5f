"""Classifiers by name, without their last layer, and with their weights."""

import difflib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from photowave.errors import CheckpointError, ConfigError
from photowave.extras import require
from photowave.image.clip import CLIP_MEAN, CLIP_SIZES, CLIP_STD, ClipVision, image_tower
from photowave.image.efficientnet_lite import EfficientNetLite0
from photowave.image.efficientnet_lite_weights import (
    LITE_MEAN,
    LITE_STD,
    default_weights_path,
    from_original,
)
from photowave.image.weights import read_weights
from photowave.settings import ImageConfig

LITE0 = "efficientnet_lite0"


class Network(NamedTuple):
    """A network and what belongs to it; see `PhotoEncoder`."""

    body: nn.Module
    """It ends with pooled features."""
    feature_dim: int
    """Their length."""
    mean: Sequence[float]
    """Of the pixels."""
    std: Sequence[float]
    """Of the pixels."""
    head: nn.Linear | None
    """From features to classes; None where the network or its file has no such layer."""


def build_network(config: ImageConfig) -> Network:
    """Build a network, take off its last layer and load its weights; see `build_encoder` for the errors."""
    if config.encoder == LITE0:
        module: nn.Module = EfficientNetLite0()
        name, head = _take_off_head(module, config.encoder)
        classes: nn.Linear | None = head
        if config.weights is not None:
            path = default_weights_path() if config.weights == "default" else config.weights
            state = from_original(read_weights(path))
            classes = _load(module, state, head=name, what=f"{path} ({LITE0})")
        return Network(module, head.in_features, LITE_MEAN, LITE_STD, classes)
    return _clip(config) if config.encoder in CLIP_SIZES else _torchvision_network(config)


def _clip(config: ImageConfig) -> Network:
    name, size = config.encoder, CLIP_SIZES[config.encoder]
    if config.resolution % size.patch:
        raise ConfigError(
            f"resolution={config.resolution} does not fit encoder {name}: it must be a multiple of "
            f"{size.patch}. Its usual one is {size.usual}."
        )
    if config.weights == "default":
        raise CheckpointError(
            f"encoder {name} has no weights='default': photowave does not download them. Set weights to a "
            "file of CLIP as transformers saves it (model.safetensors or pytorch_model.bin)."
        )
    module = ClipVision(size, resolution=config.resolution)
    if config.weights is not None:
        state = image_tower(read_weights(config.weights), places=(config.resolution // size.patch) ** 2)
        _load(module, state, head=None, what=f"{config.weights} ({name})")
    return Network(module, size.width, CLIP_MEAN, CLIP_STD, None)


def _torchvision_network(config: ImageConfig) -> Network:
    # Takes seconds to import, and is needed for its own networks only.
    require("encoders", f"encoder={config.encoder!r}: every encoder but {LITE0}")
    from torchvision import models

    name = config.encoder
    known = [LITE0, *CLIP_SIZES, *models.list_models(module=models)]
    if name not in known:
        near = difflib.get_close_matches(name, known, n=5, cutoff=0.4) or [LITE0, "resnet18"]
        raise ConfigError(
            f"encoder={name!r}: there is no such network. Use one of photowave's or torchvision's names, "
            f"such as {', '.join(near)}."
        )
    default = models.get_model_weights(name).DEFAULT
    preparation = default.transforms()
    (size,) = preparation.crop_size
    module = models.get_model(name, weights=None, **_options(name, size))
    path, head = _take_off_head(module, name)
    classes: nn.Linear | None = head
    if config.weights == "default":
        classes = _load(module, _download(default, name), head=path, what=f"the default weights of {name}")
    elif config.weights is not None:
        classes = _load(module, read_weights(config.weights), head=path, what=f"{config.weights} ({name})")
    _try_out(module, config, size)
    return Network(module, head.in_features, preparation.mean, preparation.std, classes)


def _options(name: str, size: int) -> dict[str, Any]:
    """What torchvision sets by itself only when it loads the default weights."""
    if name in ("googlenet", "inception_v3"):
        return {"transform_input": True, "init_weights": False}
    return {"image_size": size} if name.startswith("vit_") else {}


def _take_off_head(module: nn.Module, name: str) -> tuple[str, nn.Linear]:
    """Replace the last linear layer by nothing; give its name and the layer."""
    linear = [(path, layer) for path, layer in module.named_modules() if isinstance(layer, nn.Linear)]
    if not linear:
        raise ConfigError(
            f"encoder={name!r}: this classifier has no last linear layer to take off. "
            f"Use another, such as {LITE0} or resnet18."
        )
    path, layer = linear[-1]
    module.set_submodule(path, nn.Identity())
    return path, layer


def _load(module: nn.Module, state: dict[str, Tensor], *, head: str | None, what: str) -> nn.Linear | None:
    """Load the body; give the file's last layer, which may be there or not, for any number of classes."""
    body = {n: tensor for n, tensor in state.items() if head is None or not n.startswith(f"{head}.")}
    try:
        module.load_state_dict(body)
    except RuntimeError as error:
        details = " ".join(str(error).split())[:200]
        raise CheckpointError(
            f"weights {what} do not fit the encoder: {details}... Give weights of this very network."
        ) from error
    if not all(torch.isfinite(tensor).all() for tensor in state.values()):
        raise CheckpointError(f"weights {what} hold NaN or infinity. Give a sound file.")
    return None if head is None else _linear(state, head)


def _linear(state: Mapping[str, Tensor], name: str) -> nn.Linear | None:
    weight, bias = state.get(f"{name}.weight"), state.get(f"{name}.bias")
    if weight is None or bias is None or weight.dim() != 2 or bias.shape != weight.shape[:1]:
        return None
    layer = nn.Linear(weight.shape[1], weight.shape[0])
    layer.load_state_dict({"weight": weight, "bias": bias})
    return layer


def _download(default: Any, name: str) -> dict[str, Tensor]:
    try:
        state: dict[str, Tensor] = default.get_state_dict(progress=False, check_hash=True, weights_only=True)
    except Exception as error:  # no network, a broken download, a full disk: urllib, torch and the system
        reason = " ".join(str(error).split())[:200]
        raise CheckpointError(
            f"the default weights of encoder {name} cannot be downloaded: {reason}. Without a network, set "
            f"weights to a file or to null, or use encoder {LITE0}, whose weights are installed."
        ) from error
    return state


def _try_out(module: nn.Module, config: ImageConfig, usual: int) -> None:
    # Some networks are tied to one size; each refuses others in its own way, so one is asked.
    was_training = module.training
    try:
        with torch.no_grad():
            module.eval()(torch.zeros(1, 3, config.resolution, config.resolution))
    except (RuntimeError, AssertionError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ConfigError(
            f"resolution={config.resolution} does not fit encoder {config.encoder}: {reason}. "
            f"Its usual one is {usual}."
        ) from error
    module.train(was_training)
