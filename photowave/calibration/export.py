"""From a training checkpoint to a model that draws: what its free runs miss is measured and corrected."""

from dataclasses import replace

from photowave.calibration.free_run import FreeRunTargets, correct_free_runs, leave_out_strays
from photowave.calibration.settling import settle
from photowave.checkpoint import TrainedModel
from photowave.errors import CheckpointError, ConfigError
from photowave.model import PhotowaveModel, TextureConditioner
from photowave.wavenet import SpectralOutput


def needs_finishing(trained: TrainedModel) -> bool:
    """Whether there is anything to measure: models without envelope or spectral output stay as they are."""
    return trained.free_run is not None or _is_spectral(trained.model)


def finish(trained: TrainedModel) -> bool:
    """Let a trained model run freely, correct what it misses, and leave out textures that stay off.

    Args:
        trained: Its model is changed in place.

    Returns:
        Whether there was anything to measure; see `needs_finishing`.

    Raises:
        CheckpointError: What the checkpoint tells of the recordings does not fit its model.
    """
    if not needs_finishing(trained):
        return False
    if trained.free_run is not None:
        _follow_targets(trained.model, FreeRunTargets.from_checkpoint(trained.free_run))
    if _is_spectral(trained.model):
        settle(trained.model)
    return True


def set_contrast(model: PhotowaveModel, contrast: float) -> None:
    """Let a model draw with another contrast than its recipe says; see `WaveNetConfig.contrast`.

    Args:
        model: Changed in place.
        contrast: From 0 to 4; 1 draws as learned.

    Raises:
        ConfigError: The contrast is out of range, or the model's output has none.
    """
    output = model.wavenet.output
    if not isinstance(output, SpectralOutput):
        raise ConfigError(
            f"contrast={contrast}: this model's output, {model.config.wavenet.output!r}, has none. "
            "Leave it out."
        )
    model.config = replace(model.config, wavenet=replace(model.config.wavenet, contrast=contrast))
    output.contrast = contrast


def _is_spectral(model: PhotowaveModel) -> bool:
    return isinstance(model.conditioner, TextureConditioner) and model.conditioner.usual is not None


def _follow_targets(model: PhotowaveModel, targets: FreeRunTargets) -> None:
    """Correct envelopes; where the decoder is not settled after them, leave out those that stay off."""
    try:
        correct_free_runs(model, targets)
        if not _is_spectral(model):
            leave_out_strays(model, targets)
    except (RuntimeError, AssertionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise CheckpointError(
            f"what the checkpoint tells of free runs does not fit its model ({reason}). Give a checkpoint "
            "that 'photowave fit' wrote."
        ) from error
