"""Features of photos kept on disk, by the content of the photo and the encoder that read it."""

from collections.abc import Callable, Sequence
from pathlib import Path

import platformdirs
import safetensors
import safetensors.torch
import torch
from torch import Tensor

from photowave.atomic import replacing
from photowave.image.decode import photo_sha256
from photowave.image.encoder import PhotoEncoder
from photowave.image.source import PhotoSource, held

_KEY = "features"


class FeatureCache:
    """Keeps each photo's features in `FOLDER/ENCODER'S FINGERPRINT/PHOTO'S SHA-256.safetensors`.

    A damaged file is computed again. Where the folder cannot be written, nothing is kept and the work goes
    on: the cache saves time and changes no result.

    Args:
        folder: Where to keep them; made when needed. Default: `features` in the user's cache folder.
    """

    def __init__(self, folder: Path | None = None) -> None:
        if folder is None:
            folder = platformdirs.user_cache_path("photowave", appauthor=False) / "features"
        self.folder = folder

    def features(
        self,
        encoder: PhotoEncoder,
        sources: Sequence[PhotoSource],
        *,
        progress: Callable[[int], None] | None = None,
        hashed: Callable[[PhotoSource], str] = photo_sha256,
    ) -> Tensor:
        """Look up the features of photos, and compute those that are not there.

        Args:
            encoder: Reads the photos that are new.
            sources: The photos.
            progress: Called after each photo with the number of photos done so far.
            hashed: Names photos by their content.

        Returns:
            Tensor: Features, float32, on the CPU, [photos, feature_dim].

        Raises:
            MediaError: A photo cannot be read.
        """
        found = torch.empty(len(sources), encoder.feature_dim)
        folder = self.folder / encoder.fingerprint
        for index, source in enumerate(sources):
            photo = held(source)
            path = folder / f"{hashed(photo)}.safetensors"
            row = _read(path, encoder.feature_dim)
            if row is None:
                row = encoder.encode([photo])[0].cpu()
                _write(path, row)
            found[index] = row
            if progress is not None:
                progress(index + 1)
        return found


def _read(path: Path, feature_dim: int) -> Tensor | None:
    try:
        # Read whole, not mapped: Windows cannot replace a file that is mapped.
        row = safetensors.torch.load(path.read_bytes()).get(_KEY)
    except (OSError, safetensors.SafetensorError):
        return None
    if row is None or row.shape != (feature_dim,) or row.dtype != torch.float32:
        return None
    return row if bool(torch.isfinite(row).all()) else None


def _write(path: Path, row: Tensor) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary:
            temporary.write_bytes(safetensors.torch.save({_KEY: row.contiguous()}))
    except OSError:
        return
