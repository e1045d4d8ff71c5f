"""A training that streams shards: each process hears pieces of its own, and a resumed one goes on."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning as L
import pytest
from tiny_scenes import tiny_config
from tiny_shards import shard_data, shards

from photowave.training.datamodule import PairsDataModule
from photowave.training.task import SoundscapeTask

__all__ = ["shards"]

RUN = """
import sys
import torch.distributed
from tiny_scenes import tiny_config
from tiny_shards import shard_data
from tiny_training import tiny_encoder
from photowave.pairs.shard_stream import stream_clips

shards, rank, store = sys.argv[1:]
torch.distributed.init_process_group("gloo", init_method=f"file://{store}", rank=int(rank), world_size=2)
settings = shard_data(shards, clips_per_epoch=12)
batches = stream_clips(shards, settings, config=tiny_config(), encoder=tiny_encoder(), seed=0, devices=2)
print([seed for batch in batches for seed in batch["seed"].tolist()])
"""


@pytest.mark.slow
def test_two_processes_hear_all_pieces_and_none_twice(shards: Path, tmp_path: Path) -> None:
    tests = Path(__file__).parents[1]
    path = os.pathsep.join([str(tests), str(tests.parent), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-c", RUN, str(shards)]
    env = {**os.environ, "PYTHONPATH": path, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    both = [
        subprocess.Popen([*command, str(rank), str(tmp_path / "store")], env=env, stdout=subprocess.PIPE)
        for rank in (0, 1)
    ]
    told = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    one, other = (set(eval_list(text)) for text in told)
    assert len(one) == len(other) == 6
    assert not one & other


def eval_list(text: bytes) -> list[int]:
    """Numbers as Python prints a list of them, on the last line."""
    return [int(number) for number in text.decode().splitlines()[-1].strip("[]").split(",")]


class Heard(L.Callback):
    """Keeps what tells clips apart."""

    def __init__(self) -> None:
        self.seeds: list[list[int]] = []

    def on_train_batch_start(self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int) -> None:
        self.seeds.append(batch["seed"].tolist())


def test_a_resumed_training_hears_the_clips_it_would_have_heard(
    shards: Path,
    tmp_path: Path,
    make_training: Callable[..., tuple[SoundscapeTask, PairsDataModule]],
    make_trainer: Callable[..., L.Trainer],
) -> None:
    settings = shard_data(shards, clips_per_epoch=8)
    changes = {name: getattr(settings, name) for name in ("window_s", "cache", "clips_per_epoch")}

    def train(steps: int, **given: Any) -> tuple[list[list[int]], L.Trainer]:
        heard = Heard()
        task, pairs = make_training(tiny_config(), data={**changes, "pairs": str(shards)})
        trainer = make_trainer(max_steps=steps, callbacks=[heard], limit_val_batches=0)
        trainer.fit(task, datamodule=pairs, **given)
        return heard.seeds, trainer

    whole, _ = train(11)
    assert len({seed for batch in whole for seed in batch}) == 22
    first, trainer = train(7)
    trainer.save_checkpoint(tmp_path / "seven.ckpt")
    rest, _ = train(11, ckpt_path=tmp_path / "seven.ckpt", weights_only=True)
    assert first + rest == whole
