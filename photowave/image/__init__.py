"""From a photo to one feature vector: decoding, the pretrained encoder, and a cache of its features.

The names are loaded when they are first used, so that reading photos alone does not import torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from photowave.image.cache import FeatureCache
    from photowave.image.decode import PHOTO_SUFFIXES, find_photos, photo_sha256, photo_size, read_photo
    from photowave.image.encoder import PhotoEncoder, build_encoder
    from photowave.image.source import PhotoSource

__all__ = [
    "PHOTO_SUFFIXES",
    "FeatureCache",
    "PhotoEncoder",
    "PhotoSource",
    "build_encoder",
    "find_photos",
    "photo_sha256",
    "photo_size",
    "read_photo",
]

_HOMES = {
    "FeatureCache": "cache",
    "PhotoEncoder": "encoder",
    "PhotoSource": "source",
    "build_encoder": "encoder",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'decode')}"), name)
