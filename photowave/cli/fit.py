"""`photowave fit | validate | test`: Lightning's command line over the task and the pairs."""

from collections.abc import Sequence
from typing import Any

from lightning.pytorch.cli import LightningArgumentParser, LightningCLI

from photowave.pairs.datamodule import PairsDataModule
from photowave.training.task import SoundscapeTask


class PhotowaveCLI(LightningCLI):
    """Lightning's CLI without what photowave does not use."""

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Keep the help short: the optimiser is set by `model.training`."""
        parser.set_defaults({"trainer.num_sanity_val_steps": 0})

    def _prepare_subcommand_kwargs(self, subcommand: str) -> dict[str, Any]:
        prepared: dict[str, Any] = super()._prepare_subcommand_kwargs(subcommand)
        # A checkpoint may come from anywhere: tensors and plain values only, nothing is unpickled.
        prepared["weights_only"] = True
        return prepared


def run(command: str, arguments: Sequence[str]) -> int:
    """Parse and run."""
    PhotowaveCLI(
        SoundscapeTask,
        PairsDataModule,
        args=[command, *arguments],
        save_config_kwargs={"overwrite": True},
        auto_configure_optimizers=False,
        seed_everything_default=0,
    )
    return 0
