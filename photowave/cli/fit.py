"""`photowave fit | validate | test`: Lightning's command line over the task and the pairs."""

import json
import logging
import os
import signal
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import lightning as L
from jsonargparse import ArgumentError, ArgumentParser
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch.accelerators import CPUAccelerator
from lightning.pytorch.cli import ArgsType, LightningArgumentParser, LightningCLI, SaveConfigCallback
from tqdm import tqdm

from photowave.checkpoint import load_training_checkpoint
from photowave.cli.parsing import did_you_mean, refuse_nulls
from photowave.cli.quiet import quieten
from photowave.cli.recipes import with_default, with_paths
from photowave.errors import ConfigError
from photowave.settings import (
    AverageSettings,
    CheckpointSettings,
    DataSettings,
    ModelConfig,
    PreviewSettings,
    TrainingSettings,
)
from photowave.training.averaging import MovingAverage
from photowave.training.checkpoints import RunCheckpoints, TrainingStopped
from photowave.training.previews import Previews
from photowave.training.report import ProgressReport, TrainingBar
from photowave.training.resuming import ModelIdentity, check_same_model, check_unfinished
from photowave.training.setup import build_training, read_splits, report_left_out

_SETTINGS = {
    "model": ModelConfig,
    "training": TrainingSettings,
    "data": DataSettings,
    "average": AverageSettings,
    "previews": PreviewSettings,
    "checkpoints": CheckpointSettings,
}
_LONGEST = 400  # letters of a message from a library
_NO_DEVICE = ("backend found", "accelerator is not available", "torch_xla")
"""Words with which Lightning says that this machine lacks the accelerator that was asked for."""


class _Built(Exception):  # noqa: N818 - no error: it carries a parser out of Lightning's constructor
    def __init__(self, parser: ArgumentParser):
        super().__init__()
        self.parser = parser


class _SaveConfig(SaveConfigCallback):
    """Keeps the settings of a run in its folder; one without a logger has none, and leaves nothing behind."""

    def setup(self, trainer: L.Trainer, pl_module: L.LightningModule, stage: str) -> None:
        if trainer.loggers:
            super().setup(trainer, pl_module, stage)


class PhotowaveCLI(LightningCLI):
    """Lightning's command line over photowave's settings, with errors of one line and no unpickling.

    Args:
        command: `fit`, `validate` or `test`.
        arguments: What follows it; None raises `_Built` in place of parsing.
    """

    def __init__(self, command: str, arguments: Sequence[str] | None):
        self._only_build = arguments is None
        self._command = command
        self._resumed: ModelIdentity | None = None
        self._began_at: tuple[Path, int] | None = None
        strict = {"exit_on_error": False, "allow_abbrev": False}
        super().__init__(
            args=[command, *(arguments or [])],
            save_config_callback=_SaveConfig,
            save_config_kwargs={"overwrite": True},
            auto_configure_optimizers=False,
            seed_everything_default=0,
            parser_kwargs={"prog": "photowave", **strict, command: dict(strict)},
            load_from_checkpoint_support=False,
        )

    def subcommands(self) -> dict[str, set[str]]:  # type: ignore[override]
        """Build the parser of the one that was given; each takes a third of a second."""
        return {self._command: LightningCLI.subcommands()[self._command]}

    def add_core_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Take settings instead of classes: the parts are built from them, see `instantiate_classes`."""
        parser.add_lightning_class_args(L.Trainer, "trainer")
        for key, kind in _SETTINGS.items():
            parser.add_class_arguments(kind, key)
        parser.set_defaults(
            {
                "trainer.logger": {
                    "class_path": "lightning.pytorch.loggers.TensorBoardLogger",
                    "init_args": {"save_dir": "runs", "name": "photowave"},
                },
                "trainer.devices": 1,
                "trainer.gradient_clip_val": 1.0,
                "trainer.log_every_n_steps": 10,
                "trainer.num_sanity_val_steps": 0,
                "trainer.enable_model_summary": False,
            }
        )

    def instantiate_classes(self) -> None:
        """Build the parts from the settings, each from those before it; a checkpoint must fit them."""
        for key, kind in _SETTINGS.items():
            refuse_nulls(kind, self.config[self.subcommand][key], f"{key}.")
        self.config_init = self.parser.instantiate(self.config)
        given = self.config_init[self.subcommand]
        self.model, self.datamodule = build_training(
            config=given.model, training=given.training, data=given.data, seed=given.seed_everything
        )
        if self._resumed is not None:
            check_same_model(self._resumed, self.model.identity)
        self.trainer_defaults["callbacks"] = [
            ProgressReport(self.datamodule),
            MovingAverage(given.average),
            Previews(self.datamodule, given.previews),
            RunCheckpoints(given.checkpoints),
        ]
        self.trainer = self.instantiate_trainer()

    def before_fit(self) -> None:
        """Read the pairs and calibrate the model, before the trainer starts."""
        read_splits(self.model, self.datamodule, self._command)
        if self.trainer.is_global_zero:
            report_left_out(self.datamodule, self._run_folder())

    def after_fit(self) -> None:
        """Say so if nothing was left to do.

        Raises:
            ConfigError: The epochs are used up.
        """
        if self._began_at is None or self.trainer.global_step > self._began_at[1]:
            return
        path, step = self._began_at
        raise ConfigError(
            f"nothing was left to train: {path} has {step} steps, and that is all of trainer.max_epochs="
            f"{self.trainer.max_epochs}. Give more to go on, or make a model file of it: photowave export "
            f"{path} MODEL.safetensors"
        )

    def _run_folder(self) -> Path | None:
        """Where this run leaves its files; None if it leaves none."""
        dry = self.config_init[self.subcommand].trainer.fast_dev_run
        folder = None if dry or not self.trainer.loggers else self.trainer.log_dir
        return None if folder is None else Path(folder)

    before_validate = before_test = before_fit

    def parse_arguments(self, parser: LightningArgumentParser, args: ArgsType) -> None:
        """Parse; what does not fit becomes an error of one line."""
        if self._only_build:
            raise _Built(self._parser(self._command))
        assert isinstance(args, list)
        try:
            self.config = parser.parse_args(args)
        except ArgumentError as error:
            meant = did_you_mean(args[1:], known=self._parser(args[0]).get_defaults().keys())
            raise ConfigError(f"{_sentence(error)}{meant} See 'photowave {args[0]} --help'.") from error

    def _parse_ckpt_path(self) -> None:
        """Check the checkpoint before anything else; score it with the settings it was trained with."""
        given = self.config[self.config.subcommand]
        if not given.ckpt_path:
            if self.config.subcommand != "fit":
                raise ConfigError("there is nothing to score. Give --ckpt_path CHECKPOINT.")
            return
        path = Path(given.ckpt_path)
        trained = load_training_checkpoint(path)
        self._resumed = ModelIdentity(
            config=trained.model.config, encoder_fingerprint=trained.encoder_fingerprint
        )
        if self.config.subcommand != "fit":
            settings = {"model": json.loads(trained.model.config.to_json())}
            self.config = self.parser.parse_object({self.config.subcommand: settings}, self.config)
            return
        limits = given.trainer
        check_unfinished(path, trained.progress, max_steps=limits.max_steps, max_time=limits.max_time)
        self._began_at = (path, trained.progress.steps)
        if path.parent.name == "checkpoints" and given.trainer.logger:
            self._go_on_beside(path.resolve().parents[1], given.trainer.logger.get("init_args"))

    @staticmethod
    def _go_on_beside(folder: Path, logger: Any) -> None:
        """Let a resumed run log and save where the run before did."""
        if logger is None or logger.get("version", "") is not None:
            return
        if folder.parent == (Path(logger.save_dir) / logger.name).resolve():
            logger.version = folder.name

    def before_instantiate_classes(self) -> None:
        """Scoring a checkpoint leaves no files."""
        if self.subcommand != "fit":
            self.save_config_callback = None
            self.config[self.subcommand].verbose = False
            self.config[self.subcommand].trainer.logger = False
            warnings.filterwarnings("ignore", message="The dirpath has changed")

    def instantiate_trainer(self, **kwargs: Any) -> L.Trainer:
        """Show a bar on a terminal only."""
        given = self.config_init[self.subcommand]["trainer"]
        if given.get("enable_progress_bar") is None:
            kwargs["enable_progress_bar"] = sys.stdout.isatty() and not given.get("barebones")
        if kwargs.get("enable_progress_bar", given.get("enable_progress_bar")):
            self.trainer_defaults["callbacks"].append(TrainingBar())
        if "spawn" in str(given.get("strategy")):
            raise ConfigError(
                f"trainer.strategy={given.strategy}: what a training holds cannot be sent to a new process. "
                "Use ddp, which starts each anew."
            )
        try:
            trainer = super().instantiate_trainer(**kwargs)
            self._check_devices(trainer)
            return trainer
        except (MisconfigurationException, ModuleNotFoundError) as error:
            accelerator = given.get("accelerator")
            if not any(words in str(error) for words in _NO_DEVICE):
                raise
            raise ConfigError(
                f"trainer.accelerator={accelerator}: {_sentence(error)} Leave it out or use cpu."
            ) from error

    @staticmethod
    def _check_devices(trainer: L.Trainer) -> None:
        """More processes than processors would fill the memory before the first step."""
        most = max(2, os.cpu_count() or 1)
        if isinstance(trainer.accelerator, CPUAccelerator) and trainer.num_devices > most:
            raise ConfigError(
                f"trainer.devices={trainer.num_devices}: each is a process on the CPU, and this machine has "
                f"{os.cpu_count()} processors. Use at most {most}."
            )

    def _prepare_subcommand_kwargs(self, subcommand: str) -> dict[str, Any]:
        prepared: dict[str, Any] = super()._prepare_subcommand_kwargs(subcommand)
        # A checkpoint may come from anywhere: tensors and plain values only, nothing is unpickled.
        prepared["weights_only"] = True
        return prepared


class _LineHandler(logging.Handler):
    """Writes records as plain lines that do not tear a progress bar."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        tqdm.write(self.format(record), file=sys.stdout)


def build_parser(command: str) -> ArgumentParser:
    """Make the parser."""
    try:
        PhotowaveCLI(command, None)
    except _Built as built:
        return built.parser
    raise AssertionError("Lightning's command line parses in its constructor")


def run(command: str, arguments: Sequence[str]) -> int:
    """Parse and run.

    Returns:
        0, or 128 and the number of the signal that stopped the training.

    Raises:
        PhotowaveError: Settings, pairs or a checkpoint cannot be used.
    """
    _calm_down()
    arguments = with_paths(arguments)
    if command == "fit":
        arguments, chosen = with_default(arguments)
        if chosen:
            logging.getLogger("photowave").info(chosen)
    try:
        PhotowaveCLI(command, arguments)
    except TrainingStopped as stop:
        name = signal.Signals(stop.number).name
        how = f" Go on with --ckpt_path {stop.path}" if stop.path else ""
        print(f"photowave: stopped by {name}.{how}", file=sys.stderr)
        return 128 + stop.number
    except OSError as error:
        reason = error.strerror or _one_line(error)
        raise ConfigError(
            f"{error.filename or 'a file'}: {reason}. Choose folders that can be read and written."
        ) from error
    except (ArgumentError, MisconfigurationException, ValueError, TypeError) as error:
        if not _is_refusal(error):
            raise
        raise ConfigError(_sentence(error)) from error
    except SystemExit as end:
        # Lightning leaves like this after Ctrl-C; --help does with 0.
        if end.code != 1:
            raise
        print("photowave: stopped.", file=sys.stderr)
        return 128 + signal.SIGINT
    return 0


def _calm_down() -> None:
    """Show photowave's own lines, and from Lightning only what calls for action."""
    quieten()
    log = logging.getLogger("photowave")
    if not log.handlers:
        log.addHandler(_LineHandler())
    log.setLevel(logging.INFO if os.environ.get("LOCAL_RANK", "0") == "0" else logging.WARNING)


def _is_refusal(error: Exception) -> bool:
    """Whether Lightning or the parser refused a setting; anything else is a mistake of photowave's."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    origin = "" if trace is None else str(trace.tb_frame.f_globals.get("__name__"))
    return origin.split(".")[0] in ("lightning", "jsonargparse")


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."


def _sentence(error: Exception) -> str:
    """A library's message on one line, closed so that a hint can follow."""
    text = _one_line(error)
    return text if text.endswith((".", "!", "?")) else f"{text}."
