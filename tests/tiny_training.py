"""A tiny training, in Python and ready to run; `conftest.py` of those who train takes the fixtures."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import lightning as L
import pytest
import torch
from tiny_scenes import tiny_config, write_tiny_scenes

from photowave.image import PhotoEncoder, build_encoder
from photowave.settings import DataSettings, ModelConfig, TrainingSettings
from photowave.training.datamodule import PairsDataModule
from photowave.training.setup import read_splits
from photowave.training.task import SoundscapeTask


@cache
def tiny_encoder() -> PhotoEncoder:
    """The photo encoder of all tiny models, built once; random numbers go on as if nothing was built."""
    with torch.random.fork_rng(devices=[]):
        return build_encoder(tiny_config().image)


def tiny_data(manifest: Path, **changes: Any) -> DataSettings:
    """Few short clips of made-up scenes, with other settings if wanted."""
    small = {"clip_s": 0.1, "val_clip_s": 0.2, "window_s": 1.0, "batch_size": 2, "clips_per_epoch": 8}
    return DataSettings(**{"pairs": str(manifest), "val_clips": 4, **small, **changes})


@pytest.fixture(scope="session")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two made-up scenes."""
    return write_tiny_scenes(tmp_path_factory.mktemp("scenes"))


@pytest.fixture(autouse=True)
def feature_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep features out of the user's cache folder."""
    folder = tmp_path_factory.getbasetemp() / "cache"
    monkeypatch.setattr("photowave.image.cache.platformdirs.user_cache_path", lambda *a, **k: folder)


@pytest.fixture
def make_training(manifest: Path) -> Callable[..., tuple[SoundscapeTask, PairsDataModule]]:
    """Make a task and its pairs from a seed, with what a stage needs read and measured."""

    def make(
        config: ModelConfig | None = None,
        *,
        data: dict[str, Any] | None = None,
        seed: int = 0,
        stage: str | None = "fit",
        **training: Any,
    ) -> tuple[SoundscapeTask, PairsDataModule]:
        config = config or tiny_config()
        assert config.image == tiny_config().image
        # As `build_training` does, but with an encoder that is there already.
        L.seed_everything(seed, verbose=False)
        task = SoundscapeTask(tiny_encoder(), config=config, training=TrainingSettings(**training))
        settings = tiny_data(manifest, **(data or {}))
        pairs = PairsDataModule(settings, config=config, encoder=tiny_encoder(), seed=seed)
        if stage is not None:
            read_splits(task, pairs, stage)
        return task, pairs

    return make


@pytest.fixture
def make_trainer(tmp_path: Path) -> Callable[..., L.Trainer]:
    """Make a trainer on the CPU that is quiet and writes below the test's folder."""

    def make(**changes: Any) -> L.Trainer:
        quiet = {"enable_progress_bar": False, "enable_model_summary": False, "num_sanity_val_steps": 0}
        plain = {"accelerator": "cpu", "logger": False, "enable_checkpointing": False, "devices": 1}
        return L.Trainer(**{**quiet, **plain, "default_root_dir": tmp_path, **changes})

    return make
