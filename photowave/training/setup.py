"""The way of a training from settings to what Lightning runs, one way and each part built once.

::

    settings --> photo encoder --> task (the model)
        |             |             ^
        |             v             | calibrate
        `-------> data module --> splits --> report, previews
"""

import logging
from pathlib import Path

import lightning as L

from photowave.calibration.calibrate import check_single
from photowave.errors import ConfigError
from photowave.image import build_encoder
from photowave.pairs.left_out import FILE_NAME, tell_left_out, write_left_out
from photowave.settings import DataSettings, ModelConfig, TrainingSettings
from photowave.training.datamodule import PairsDataModule
from photowave.training.task import SoundscapeTask

_log = logging.getLogger(__name__)


def build_training(
    *, config: ModelConfig, training: TrainingSettings, data: DataSettings, seed: int = 0
) -> tuple[SoundscapeTask, PairsDataModule]:
    """Build the photo encoder, the task and the data module; nothing is read yet, see `read_splits`.

    Args:
        config: Settings of the model.
        training: Settings of the training.
        data: Which pairs, and how clips are cut.
        seed: Of everything in the training that is left to chance: weights, clips, noise.

    Raises:
        ConfigError: The photo encoder has random weights.
        CheckpointError: The weights of the photo encoder cannot be used.
    """
    if config.image.weights is None:
        raise ConfigError(
            "model.image.weights=null: the photo encoder would be another one each time it is built, and no "
            "trained model could be used. Name weights, such as 'default'."
        )
    L.seed_everything(seed, workers=True, verbose=False)
    encoder = build_encoder(config.image)
    task = SoundscapeTask(encoder, config=config, training=training)
    return task, PairsDataModule(data, config=config, encoder=encoder, seed=seed)


def read_splits(task: SoundscapeTask, data: PairsDataModule, stage: str) -> None:
    """Read the splits that a stage needs, and before a training measure what is not learned step by step.

    Args:
        task: Calibrated in place where the stage is `fit`.
        data: Its splits are read.
        stage: `fit`, `validate` or `test`.

    Raises:
        ConfigError: A model that is told the position has more than one clip.
        PairError: See `PairsDataModule.setup`.
    """
    data.setup(stage)
    check_single(task.model, data.parts.values())
    if stage == "fit":
        task.calibrate(data.parts["train"].thinned())


def report_left_out(data: PairsDataModule, folder: Path | None) -> None:
    """Tell in one line how many rows were left out, and write the list of them.

    Args:
        data: Its splits were read.
        folder: Where the list goes; None: the line names the rows itself.
    """
    if not (rows := data.left_out):
        return
    count = "1 row" if len(rows) == 1 else f"{len(rows)} rows"
    if folder is None:
        _log.warning("%s cannot be used and left out: %s", count, tell_left_out(rows))
        return
    path = folder / FILE_NAME
    write_left_out(path, rows)
    _log.warning("%s cannot be used and left out: %s says which and why", count, path)
