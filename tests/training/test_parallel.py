"""Two processes give the gradients of one that takes both their batches at once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

RUN = """
import sys
from pathlib import Path
import lightning as L
import torch
from tiny_scenes import tiny_config
from tiny_training import tiny_data, tiny_encoder
from photowave.settings import TrainingSettings
from photowave.training.datamodule import PairsDataModule
from photowave.training.setup import read_splits
from photowave.training.task import SoundscapeTask
import dataclasses

class Keep(L.Callback):
    def on_before_optimizer_step(self, trainer, pl_module, optimizer):
        if trainer.is_global_zero:
            named = pl_module.named_parameters()
            torch.save({name: p.grad for name, p in named if p.grad is not None}, sys.argv[2])

if __name__ == "__main__":
    manifest, _, devices, batch_size = sys.argv[1:]
    L.seed_everything(0, verbose=False)
    config = tiny_config(components=3)
    # Without what is left to chance in a step: it hangs on the first clip of each process's batch.
    config = dataclasses.replace(config, conditioning=dataclasses.replace(config.conditioning, dropout=0.0))
    still = TrainingSettings(envelope_noise=0.0, envelope_shift=0.0, envelope_share=1.0)
    task = SoundscapeTask(tiny_encoder(), config=config, training=still)
    data = tiny_data(Path(manifest), batch_size=int(batch_size), cache=False)
    pairs = PairsDataModule(data, config=config, encoder=tiny_encoder())
    read_splits(task, pairs, "fit")
    L.Trainer(
        accelerator="cpu", devices=int(devices), strategy="ddp" if int(devices) > 1 else "auto", max_steps=1,
        logger=False, enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
        limit_val_batches=0, callbacks=[Keep()],
    ).fit(task, datamodule=pairs)
"""


@pytest.mark.slow
def test_two_processes_have_the_gradients_of_one_with_the_double_batch(
    manifest: Path, tmp_path: Path
) -> None:
    script = tmp_path / "train.py"
    script.write_text(RUN)
    found = []
    tests = Path(__file__).parents[1]
    path = os.pathsep.join([str(tests), str(tests.parent), os.environ.get("PYTHONPATH", "")])
    for devices, batch_size in ((1, 4), (2, 2)):
        out = tmp_path / f"{devices}.pt"
        subprocess.run(
            [sys.executable, str(script), str(manifest), str(out), str(devices), str(batch_size)],
            env={**os.environ, "PYTHONPATH": path, "XDG_CACHE_HOME": str(tmp_path / "cache")},
            check=True,
        )
        found.append(torch.load(out, weights_only=True))
    alone, together = found
    assert alone.keys() == together.keys()
    assert any(float(gradient.abs().max()) > 1e-3 for gradient in alone.values())
    for name, gradient in alone.items():
        torch.testing.assert_close(together[name], gradient, atol=1e-6, rtol=1e-4, msg=name)
