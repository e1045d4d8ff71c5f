"""The image tower of CLIP in plain torch, with weights from a local file.

Radford et al. 2021 (arXiv:2103.00020): a vision transformer (Dosovitskiy et al. 2020, arXiv:2010.11929) that
was trained to tell which caption goes with a photo, and so knows places that no list of classes names.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from photowave.errors import CheckpointError

CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)

_PREFIX = "vision_model."
_POSITIONS = "embeddings.position_embedding.weight"


class ClipSize(NamedTuple):
    """What tells the published towers apart."""

    width: int
    layers: int
    heads: int
    patch: int
    """Side of a patch, in pixels."""
    usual: int
    """Side of the photos it was trained on, in pixels."""


CLIP_SIZES: Mapping[str, ClipSize] = {
    "clip_vit_b_32": ClipSize(768, 12, 12, 32, 224),
    "clip_vit_b_16": ClipSize(768, 12, 12, 16, 224),
    "clip_vit_l_14": ClipSize(1024, 24, 16, 14, 224),
}


class ClipVision(nn.Module):
    """The tower up to its pooled features, which come before the projection into the space of captions.

    The layers bear the names that `transformers` gives them, down to the misspelt one, so that files load as
    they are.

    Args:
        size: Which tower.
        resolution: Side of the square that it reads, in pixels, a multiple of the patch.
    """

    def __init__(self, size: ClipSize, *, resolution: int) -> None:
        super().__init__()
        self.embeddings = _Embeddings(size, places=(resolution // size.patch) ** 2)
        self.pre_layrnorm = nn.LayerNorm(size.width)
        layers = [_Layer(width=size.width, heads=size.heads) for _ in range(size.layers)]
        self.encoder = nn.ModuleDict({"layers": nn.ModuleList(layers)})
        self.post_layernorm = nn.LayerNorm(size.width)

    def forward(self, pixels: Tensor) -> Tensor:
        """Normalised pixels [batch, 3, resolution, resolution] to features [batch, width]."""
        x = self.pre_layrnorm(self.embeddings(pixels))
        layers = self.encoder["layers"]
        assert isinstance(layers, nn.ModuleList)
        for layer in layers:
            x = layer(x)
        features: Tensor = self.post_layernorm(x[:, 0])
        return features


class _Embeddings(nn.Module):
    """Patches of the photo as vectors, behind one vector that gathers what the layers find."""

    def __init__(self, size: ClipSize, *, places: int) -> None:
        super().__init__()
        self.class_embedding = nn.Parameter(torch.randn(size.width) * size.width**-0.5)
        self.patch_embedding = nn.Conv2d(3, size.width, size.patch, stride=size.patch, bias=False)
        self.position_embedding = nn.Embedding(places + 1, size.width)

    def forward(self, pixels: Tensor) -> Tensor:
        patches = self.patch_embedding(pixels).flatten(2).transpose(1, 2)
        first = self.class_embedding.expand(len(patches), 1, -1)
        return torch.cat([first, patches], 1) + self.position_embedding.weight


class _Layer(nn.Module):
    """Attention and two dense layers, each after a normalisation and added to its input."""

    def __init__(self, *, width: int, heads: int) -> None:
        super().__init__()
        self.layer_norm1 = nn.LayerNorm(width)
        self.self_attn = _Attention(width=width, heads=heads)
        self.layer_norm2 = nn.LayerNorm(width)
        self.mlp = nn.ModuleDict({"fc1": nn.Linear(width, 4 * width), "fc2": nn.Linear(4 * width, width)})

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.self_attn(self.layer_norm1(x))
        hidden = self.mlp["fc1"](self.layer_norm2(x))
        # OpenAI's stand-in for GELU: the weights were trained with it.
        y: Tensor = x + self.mlp["fc2"](hidden * torch.sigmoid(1.702 * hidden))
        return y


class _Attention(nn.Module):
    def __init__(self, *, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q_proj = nn.Linear(width, width)
        self.k_proj = nn.Linear(width, width)
        self.v_proj = nn.Linear(width, width)
        self.out_proj = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = (
            projection(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for projection in (self.q_proj, self.k_proj, self.v_proj)
        )
        mixed = F.scaled_dot_product_attention(query, key, value)
        y: Tensor = self.out_proj(mixed.transpose(1, 2).flatten(2))
        return y


def image_tower(state: Mapping[str, Tensor], *, places: int) -> dict[str, Tensor]:
    """Take the image tower out of a file of `transformers`, and fit its positions to another resolution.

    Args:
        state: Of CLIP as a whole or of its image tower, with `vision_model.` before its names or without.
        places: Patches of a photo.

    Raises:
        CheckpointError: The positions of the file make no square.
    """
    inside = {n.removeprefix(_PREFIX): t for n, t in state.items() if n.startswith(_PREFIX)}
    tower = {name: tensor for name, tensor in (inside or state).items() if not name.endswith("position_ids")}
    positions = tower.get(_POSITIONS)
    if positions is not None and positions.dim() == 2 and len(positions) != places + 1:
        tower[_POSITIONS] = _stretched(positions, round(math.sqrt(places)))
    return tower


def _stretched(positions: Tensor, side: int) -> Tensor:
    """Positions [1 + squared side, width] between which others lie, for another side."""
    old = math.isqrt(max(len(positions) - 1, 0))
    if old < 1 or old * old != len(positions) - 1:
        raise CheckpointError(
            f"{_POSITIONS} has {len(positions)} rows: must be 1 more than a square number. "
            "Give weights of CLIP's image tower."
        )
    grid = torch.unflatten(positions[1:], 0, (old, old)).permute(2, 0, 1)[None].float()
    grid = F.interpolate(grid, size=(side, side), mode="bicubic", align_corners=False)
    return torch.cat([positions[:1], grid[0].flatten(1).t().to(positions)])
