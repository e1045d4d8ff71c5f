"""The photo encoder: a pretrained classifier without its last layer turns a photo into one vector."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from photowave.errors import ConfigError
from photowave.image.colours import COUNT, measure_colours
from photowave.image.decode import read_photo
from photowave.image.networks import build_network
from photowave.image.places import PlaceTable, default_places_path, read_places
from photowave.image.source import PhotoSource
from photowave.settings import ImageConfig


class PhotoEncoder(nn.Module):
    """Normalises pixels and computes pooled features with a classifier whose last layer was taken off.

    While frozen, the weights take no gradients and `train()` leaves the network in evaluation mode, so that
    batch normalisation and dropout stay still.

    Args:
        network: Maps normalised pixels [batch, 3, height, width] to features [batch, feature_dim].
        name: What the network is called; part of the fingerprint.
        feature_dim: Length of the network's features.
        resolution: Side of the square to which `encode` resizes a photo, in pixels.
        mirror: Whether `encode` averages with the features of the mirror image.
        mean: Mean of red, green and blue that is subtracted, on the scale 0 to 1.
        std: Spread of red, green and blue by which is divided.
        frozen: Whether the weights are kept as they are.
        head: From features to logits of classes; needed with `table`, and unused without.
        table: Scores places by these classes; the scores are appended to the features.
        colours: Whether `measure_colours` adds to the features.

    Attributes:
        feature_dim (int): Length of the feature vector, colours and scores included.
        frozen (bool): Whether the weights are kept as they are.
        places (tuple[str, ...]): The place that each of the last features scores.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        network: nn.Module,
        *,
        name: str,
        feature_dim: int,
        resolution: int,
        mirror: bool,
        mean: Sequence[float],
        std: Sequence[float],
        frozen: bool = True,
        head: nn.Linear | None = None,
        table: PlaceTable | None = None,
        colours: bool = False,
    ) -> None:
        super().__init__()
        assert table is None or head is not None
        self.network = network
        self.head = None if table is None else head
        self.table = table
        self.places: tuple[str, ...] = () if table is None else table.names
        self.colours = colours
        self.feature_dim = feature_dim + COUNT * colours + len(self.places)
        self.resolution = resolution
        self.mirror = mirror
        self.frozen = frozen
        self.register_buffer("mean", torch.tensor(mean).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(3, 1, 1), persistent=False)
        self._settings = {
            "name": name,
            "preparation": "square, bicubic",
            "resolution": resolution,
            "mirror": mirror,
            "mean": list(mean),
            "std": list(std),
        } | ({"colours": COUNT} if colours else {})
        self._fingerprint: str | None = None
        # A hook, because a model that holds the encoder loads its weights without calling it.
        self.register_load_state_dict_post_hook(_forget_fingerprint)  # type: ignore[no-untyped-call]
        self.requires_grad_(not frozen)
        self.train(not frozen)

    def train(self, mode: bool = True) -> Self:
        """Switch to training mode, unless the encoder is frozen."""
        return super().train(mode and not self.frozen)

    def forward(self, pixels: Tensor) -> Tensor:
        """Compute features.

        Args:
            pixels (Tensor): Red, green and blue in 0 to 1, float32, [batch, 3, height, width].

        Returns:
            Tensor: Features, float32, [batch, feature_dim].
        """
        normalised = (pixels - self.mean) / self.std
        # With the channels of a place side by side, convolutions are quicker.
        features: Tensor = self.network(normalised.clone(memory_format=torch.channels_last))
        parts = [features]
        if self.colours:
            parts.append(measure_colours(pixels))
        if self.head is not None and self.table is not None:
            parts.append(self.table(self.head(features)))
        return torch.cat(parts, -1)

    def encode(self, photos: Sequence[PhotoSource]) -> Tensor:
        """Compute the features of whole photos, in evaluation mode and without gradients.

        A photo is squeezed into a square of `resolution` pixels. Each passes the network alone (with its
        mirror image), so that its features do not depend on its company to the last bit.

        Args:
            photos: Photos, decoded or not.

        Returns:
            Tensor: Features, float32, on the encoder's device, [photos, feature_dim].

        Raises:
            MediaError: A photo cannot be read.
        """
        was_training = self.training
        self.eval()
        try:
            with torch.no_grad():
                rows = [self._encode_one(read_photo(photo)) for photo in photos]
        finally:
            self.train(was_training)
        return torch.stack(rows) if rows else self.mean.new_zeros(0, self.feature_dim)

    def _encode_one(self, photo: Image.Image) -> Tensor:
        # Pillow's filters widen when they shrink a picture, so that nothing aliases.
        square = photo.resize((self.resolution, self.resolution), Image.Resampling.BICUBIC)
        pixels = torch.from_numpy(np.array(square)).to(self.mean.device).permute(2, 0, 1).float() / 255.0
        views = [pixels, pixels.flip(-1)] if self.mirror else [pixels]
        features: Tensor = self(torch.stack(views)).mean(dim=0)
        return features

    @property
    def fingerprint(self) -> str:
        """SHA-256 in hexadecimal over name, settings and weights: equal only where features are.

        It is computed once while the encoder is frozen, and anew after weights were loaded.
        """
        if self._fingerprint is None or not self.frozen:
            digest = hashlib.sha256(json.dumps(self._settings, sort_keys=True).encode())
            tensors = {**self.network.state_dict()}
            if self.head is not None and self.table is not None:
                digest.update(json.dumps(self.places).encode())
                tensors |= self.head.state_dict(prefix="last layer ")
                tensors |= self.table.state_dict(prefix="table ")
            for name, tensor in sorted(tensors.items()):
                digest.update(f"\n{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
                flat = tensor.detach().cpu().contiguous().reshape(-1)
                digest.update(flat.view(torch.uint8).numpy().tobytes())
            self._fingerprint = digest.hexdigest()
        return self._fingerprint


def build_encoder(config: ImageConfig, *, frozen: bool = True) -> PhotoEncoder:
    """Build the encoder that the settings name, with its weights.

    Args:
        config: Which network, which weights, which resolution.
        frozen: Whether the weights are kept as they are.

    Returns:
        The encoder, on the CPU.

    Raises:
        ConfigError: There is no network of that name, it cannot read photos of that resolution, or there is
            no such table of places, or none that fits its classes.
        CheckpointError: The weights are missing, damaged, of another network or cannot be downloaded.
    """
    network = build_network(config)
    return PhotoEncoder(
        network.body,
        name=config.encoder,
        feature_dim=network.feature_dim,
        resolution=config.resolution,
        mirror=config.mirror,
        mean=network.mean,
        std=network.std,
        frozen=frozen,
        head=network.head,
        table=_table(config, network.head),
        colours=config.colours,
    )


def _table(config: ImageConfig, head: nn.Linear | None) -> PlaceTable | None:
    if config.places is None:
        return None
    if head is None:
        raise ConfigError(
            f"places={config.places!r}: encoder {config.encoder} with weights {config.weights} has no last "
            "layer that tells classes, as the table needs. Set places to null or use another encoder."
        )
    path = default_places_path() if config.places == "default" else config.places
    return read_places(path, classes=head.out_features)


def _forget_fingerprint(module: nn.Module, _incompatible_keys: Any) -> None:
    assert isinstance(module, PhotoEncoder)
    module._fingerprint = None
