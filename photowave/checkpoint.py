"""Model files: tensors in safetensors with the settings beside them as text. Nothing is ever unpickled."""

import errno
import hashlib
import json
import zipfile
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import safetensors
import torch
from safetensors.torch import load, save
from torch import Tensor

from photowave._version import __version__
from photowave.atomic import replacing, unwritten
from photowave.errors import CheckpointError, ConfigError
from photowave.model import Catalogue, PhotowaveModel, TextureConditioner
from photowave.settings import ModelConfig

FORMAT = "photowave-1"
"""Written into every model file; another value is another layout."""
CHECKPOINT_FORMAT = "photowave-checkpoint-2"
"""Written into every training checkpoint; another value is another layout."""
_SEAL = "content_sha256"
"""Name of the hash in a model file; the model that ships was written before there was one."""
_CHECKPOINT_REMEDY = "Give a checkpoint that 'photowave fit' wrote."
_REMEDY = "Give a file that 'photowave export' wrote, or 'default' for the model that ships."


@dataclass(frozen=True)
class LoadedModel:
    """A model and where it comes from.

    Attributes:
        model: In evaluation mode, on the CPU.
        path: The file.
        sha256: Hash of the file.
        encoder_fingerprint: Hash of the photo encoder it was trained with.
        package_version: Version of photowave that wrote it.
    """

    model: PhotowaveModel
    path: Path
    sha256: str
    encoder_fingerprint: str
    package_version: str


@dataclass(frozen=True)
class TrainingProgress:
    """How far the training behind a checkpoint has come.

    Attributes:
        steps: Optimiser steps.
        elapsed_s: Seconds of training that count towards its longest time; 0 where that had no limit.
        missing: What a training needs to go on from it, and is not there.
    """

    steps: int = 0
    elapsed_s: float = 0.0
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class TrainedModel:
    """A model out of a training checkpoint.

    Attributes:
        model: With the averaged weights, in evaluation mode, on the CPU.
        encoder_fingerprint: Hash of the photo encoder it was trained with.
        free_run: What its free runs shall come to, see `photowave.calibration`; None where there is nothing.
        progress: How far its training has come.
    """

    model: PhotowaveModel
    encoder_fingerprint: str
    free_run: dict[str, Tensor] | None
    progress: TrainingProgress = TrainingProgress()


def default_model_path() -> Path:
    """Path of the model that ships inside the package."""
    return Path(str(files("photowave"))) / "pretrained" / "default.safetensors"


def save_model(model: PhotowaveModel, path: str | Path, *, encoder_fingerprint: str) -> None:
    """Write a model file; it appears only when it is complete. The same model gives the same bytes.

    Args:
        model: What to write.
        path: Ends in .safetensors.
        encoder_fingerprint: Hash of the photo encoder it was trained with.

    Raises:
        CheckpointError: The suffix is another, or the folder cannot be written.
    """
    path = Path(path)
    check_target(path)
    metadata = {
        "format": FORMAT,
        "config": model.config.to_json(),
        "feature_dim": str(model.feature_dim),
        "encoder_fingerprint": encoder_fingerprint,
        "package_version": __version__,
    }
    if model.catalogue is not None:
        metadata["catalogue"] = model.catalogue.to_json()
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    content = _sealed(save(tensors, metadata))
    try:
        with replacing(path) as temporary:
            temporary.write_bytes(content)
    except OSError as error:
        raise CheckpointError(unwritten(path, error)) from error


def check_target(path: Path) -> None:
    """See, before work that takes minutes, that a path has the suffix of a model file and a folder.

    Raises:
        CheckpointError: It has not.
    """
    if path.suffix != ".safetensors":
        raise CheckpointError(f"{path}: a model file must end in .safetensors. Choose such a name.")
    if not path.parent.is_dir():
        raise CheckpointError(unwritten(path, FileNotFoundError(errno.ENOENT, "its folder is missing")))


def load_model(path: str | Path) -> LoadedModel:
    """Read a model file.

    Raises:
        CheckpointError: The file is missing, damaged, foreign or of another version. A file that holds its
            hash must have it, too.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f"{path}: no such model file. {_REMEDY}")
    try:
        content = path.read_bytes()  # the library opens no file whose name is not text
        tensors = load(content)
        metadata = _parts(content)[0].get("__metadata__") or {}
    except (safetensors.SafetensorError, OSError, ValueError, KeyError) as error:
        raise CheckpointError(
            f"{path} is no readable safetensors file ({_one_line(error)}). {_REMEDY}"
        ) from error
    if metadata.get("format") != FORMAT:
        found = metadata.get("format", "none")
        raise CheckpointError(
            f"{path} is no photowave model: its format is '{found}', not '{FORMAT}'. {_REMEDY}"
        )
    if _SEAL in metadata and metadata[_SEAL] != _seal(content):
        raise CheckpointError(
            f"{path} is damaged: its content is not what was written. Copy it again, or take another."
        )
    return LoadedModel(
        model=_rebuild(path, metadata, tensors),
        path=path,
        sha256=hashlib.sha256(content).hexdigest(),
        encoder_fingerprint=metadata.get("encoder_fingerprint", ""),
        package_version=metadata.get("package_version", ""),
    )


def checkpoint_metadata(
    model: PhotowaveModel, *, encoder_fingerprint: str, free_run: dict[str, Tensor] | None
) -> dict[str, Any]:
    """Say what a training checkpoint keeps beside the weights: text, numbers and tensors.

    Args:
        model: The model.
        encoder_fingerprint: Hash of its photo encoder.
        free_run: See `TrainedModel`.
    """
    return {
        "format": CHECKPOINT_FORMAT,
        "package_version": __version__,
        "config": model.config.to_json(),
        "feature_dim": model.feature_dim,
        "encoder_fingerprint": encoder_fingerprint,
        "free_run": free_run,
        "catalogue": None if model.catalogue is None else model.catalogue.to_json(),
    }


def check_checkpoint(path: str | Path, metadata: Any) -> dict[str, Any]:
    """See that metadata are those of a checkpoint of this version.

    Args:
        path: The file, for the message.
        metadata: What stands beside the weights.

    Returns:
        The metadata.

    Raises:
        CheckpointError: They are of something else, or of another version.
    """
    if not isinstance(metadata, dict):
        raise CheckpointError(
            f"{path} is a checkpoint of something else: it names no photowave model. {_CHECKPOINT_REMEDY}"
        )
    if (found := metadata.get("format", "none")) != CHECKPOINT_FORMAT:
        raise CheckpointError(
            f"{path} was written by another version of photowave "
            f"({metadata.get('package_version', 'an early one')}, format '{found}'); version {__version__} "
            f"reads '{CHECKPOINT_FORMAT}'. Use that version, or train again."
        )
    return metadata


def load_training_checkpoint(path: str | Path) -> TrainedModel:
    """Read the (averaged) model out of a checkpoint that training wrote.

    Raises:
        CheckpointError: The file is missing, damaged, foreign, of another version, or holds more than tensors
            and plain values.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f"{path}: no such checkpoint. {_CHECKPOINT_REMEDY}")
    _check_crc(path)
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a foreign file fails in many ways: unpickler, zip, header, end of file
        raise CheckpointError(
            f"{path} cannot be read as a checkpoint: it is damaged, foreign, or holds more than tensors and "
            f"plain values ({type(error).__name__}). {_CHECKPOINT_REMEDY}"
        ) from error
    read = checkpoint if isinstance(checkpoint, dict) else {}
    metadata = check_checkpoint(path, read.get("photowave"))
    weights = read.get("state_dict")
    if not isinstance(weights, dict):
        raise CheckpointError(f"{path} is a checkpoint without weights. {_CHECKPOINT_REMEDY}")
    prefix = "model."
    tensors = {str(k).removeprefix(prefix): v for k, v in weights.items() if str(k).startswith(prefix)}
    model, fingerprint = _rebuild(path, metadata, tensors), str(metadata.get("encoder_fingerprint", ""))
    return TrainedModel(model, fingerprint, metadata.get("free_run"), _progress(read))


def _progress(checkpoint: dict[str, Any]) -> TrainingProgress:
    """How far the training has come, and what is missing to go on; only what is there is believed."""
    named = {"optimizer_states": "optimiser", "lr_schedulers": "schedule", "loops": "place in the epoch"}
    missing = tuple(word for name, word in named.items() if not checkpoint.get(name))
    steps, elapsed_s = checkpoint.get("global_step"), 0.0
    callbacks = checkpoint.get("callbacks")
    timer = callbacks.get("Timer") if isinstance(callbacks, dict) else None
    spent = timer.get("time_elapsed") if isinstance(timer, dict) else None
    if isinstance(spent, dict) and isinstance(trained := spent.get("train"), int | float):
        elapsed_s = float(trained)
    return TrainingProgress(steps if isinstance(steps, int) else 0, elapsed_s, missing)


def _check_crc(path: Path) -> None:
    """See that the bytes of a checkpoint are those that were written; torch itself does not look.

    Raises:
        CheckpointError: A part of the archive has another checksum than its directory says.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
    except Exception:  # what is no archive fails in many ways, and is told when it is loaded
        return
    if damaged is not None:
        raise CheckpointError(
            f"{path} is damaged: its part {damaged} is not what was written. Copy it again, or take another."
        )


def _rebuild(path: Path, metadata: dict[str, Any], tensors: dict[str, Tensor]) -> PhotowaveModel:
    """Build the model the settings describe and fill it."""
    try:
        config = ModelConfig.from_json(str(metadata["config"]))
        model = PhotowaveModel(config, feature_dim=int(metadata["feature_dim"]))
        model.load_state_dict(tensors)
        model.catalogue = read_catalogue(model, metadata)
    except (ConfigError, CheckpointError) as error:
        raise CheckpointError(f"{path}: {_one_line(error)} {_REMEDY}") from error
    except Exception as error:  # settings from elsewhere fail in many ways, down to memory for absurd sizes
        raise CheckpointError(
            f"{path} was written by photowave {metadata.get('package_version', '?')}; in version "
            f"{__version__} its settings and weights do not fit together ({_one_line(error)}). {_REMEDY}"
        ) from error
    if not all(bool(torch.isfinite(t).all()) for t in model.state_dict().values()):
        raise CheckpointError(f"{path} holds weights that are not finite: its training diverged. {_REMEDY}")
    if isinstance(model.conditioner, TextureConditioner):
        empty = set(model.conditioner.groups.tolist())
        empty -= set(model.conditioner.groups[~model.conditioner.left_out].tolist())
        if empty:
            raise CheckpointError(
                f"{path} leaves out all textures of group {min(empty)}: its photos have none. {_REMEDY}"
            )
    return model.eval()


def read_catalogue(model: PhotowaveModel, metadata: dict[str, Any]) -> Catalogue | None:
    """Read where a model's textures come from out of its metadata; None: they do not say it.

    Raises:
        CheckpointError: What stands there is something else, or of another model.
    """
    text = metadata.get("catalogue")
    if text is None or not isinstance(model.conditioner, TextureConditioner):
        return None
    return Catalogue.from_json(str(text), textures=len(model.conditioner.codebook))


def _sealed(content: bytes) -> bytes:
    """Add its hash to a safetensors file and sort its header, whose order is another each time."""
    header, weights = _parts(content)
    header["__metadata__"][_SEAL] = _seal(content)
    ordered = _ordered(header)
    ordered += b" " * (-len(ordered) % 8)  # the weights start at a multiple of eight bytes
    return len(ordered).to_bytes(8, "little") + ordered + weights


def _seal(content: bytes) -> str:
    """The hash of all that a safetensors file says, but for the hash that it may hold itself."""
    header, weights = _parts(content)
    header["__metadata__"].pop(_SEAL, None)
    return hashlib.sha256(_ordered(header) + weights).hexdigest()


def _parts(content: bytes) -> tuple[dict[str, Any], bytes]:
    size = int.from_bytes(content[:8], "little")
    return json.loads(content[8 : 8 + size]), content[8 + size :]


def _ordered(header: dict[str, Any]) -> bytes:
    return json.dumps(header, sort_keys=True, separators=(",", ":")).encode()


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
