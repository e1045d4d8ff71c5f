"""Lightning's notes: only those that call for action are shown."""

import logging
import warnings

_QUIET = (
    "lightning.pytorch",
    "lightning.fabric",
    "lightning.pytorch.utilities.rank_zero",
    "lightning.fabric.utilities.rank_zero",
)
"""Loggers whose notes on devices, tips and stops say what the report says better."""
_HARMLESS = (
    r".*`max_epochs` was not set",
    r".*`isinstance\(treespec, LeafSpec\)` is deprecated",
    r".*is smaller than the logging interval",
    # The clips know themselves where training is.
    r".*your dataloader is not resumable",
    # Fixed clips are cut in no time, and workers for training are a setting.
    r".*does not have many workers",
    r".*Checkpoint directory .* exists and is not empty",
    # Without validation there is no best model to keep; the last state is kept all the same.
    r".*could not find the monitored key in the returned metrics",
)


def quieten() -> None:
    """Silence the rest; photowave's own lines say it better."""
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    for message in _HARMLESS:
        warnings.filterwarnings("ignore", message=message)
