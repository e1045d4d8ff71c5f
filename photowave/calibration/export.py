"""From a training checkpoint to a model that draws: what its free runs miss is measured and corrected."""

from photowave.calibration.free_run import FreeRunTargets, correct_free_runs, leave_out_strays
from photowave.calibration.settling import settle
from photowave.checkpoint import TrainedModel
from photowave.errors import CheckpointError
from photowave.model import TextureConditioner


def needs_finishing(trained: TrainedModel) -> bool:
    """Whether there is anything to measure: models without envelope or spectral output stay as they are."""
    conditioner = trained.model.conditioner
    spectral = isinstance(conditioner, TextureConditioner) and conditioner.usual is not None
    return trained.free_run is not None or spectral


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
    if trained.free_run is None:
        settle(trained.model)
        return True
    targets = FreeRunTargets.from_checkpoint(trained.free_run)
    try:
        correct_free_runs(trained.model, targets)
        leave_out_strays(trained.model, targets)
    except (RuntimeError, AssertionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise CheckpointError(
            f"what the checkpoint tells of free runs does not fit its model ({reason}). Give a checkpoint "
            "that 'photowave fit' wrote."
        ) from error
    return True
