"""Loads the embedding that lies in a folder of the user's; nothing is downloaded and nothing is unpickled."""

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from photowave.errors import ConfigError, PhotowaveError
from photowave.evaluation.embedding.clap import clap
from photowave.evaluation.embedding.network import Embedding
from photowave.evaluation.embedding.panns import cnn14
from photowave.evaluation.embedding.vggish import vggish

_REMEDY = (
    "Give a folder with CLAP (config.json, preprocessor_config.json, model.safetensors, as transformers "
    "saves it), or with the state dict of Cnn14 of PANNs or of VGGish as one .safetensors, .pth or .pt file."
)


def load_embedding(folder: str | Path) -> Embedding:
    """Load CLAP, Cnn14 of PANNs or VGGish, whichever is there.

    Args:
        folder: Holds the weights. A `.pth` or `.pt` file may hold tensors, numbers and text only.

    Raises:
        ConfigError: The folder is missing, incomplete or foreign.
        MissingPackageError: CLAP lacks the package `transformers`.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ConfigError(f"embedding={folder}: no such folder. {_REMEDY}")
    try:
        return clap(folder) if (folder / "config.json").is_file() else _from_state(folder)
    except PhotowaveError:
        raise
    except Exception as error:  # a foreign folder fails in many ways: unpickler, JSON, names, shapes
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise ConfigError(f"embedding={folder}: cannot be used ({reason}). {_REMEDY}") from error


def _from_state(folder: Path) -> Embedding:
    files = sorted(path for path in folder.iterdir() if path.suffix in (".safetensors", ".pth", ".pt"))
    if len(files) != 1:
        names = ", ".join(path.name for path in files) or "none"
        raise ConfigError(f"embedding={folder}: one file of weights is needed; there: {names}. {_REMEDY}")
    weights = _read(files[0])
    if "logmel_extractor.melW" in weights:
        return cnn14(weights)
    if "embeddings.4.weight" in weights:
        return vggish(weights)
    raise ConfigError(f"embedding={folder}: {files[0].name} holds no network that is known. {_REMEDY}")


def _read(file: Path) -> dict[str, Tensor]:
    """Tensors by name; those of PANNs lie under `model`, beside the state of their training."""
    if file.suffix == ".safetensors":
        return load_file(file)
    state = torch.load(file, map_location="cpu", weights_only=True)
    return dict(state.get("model", state))
