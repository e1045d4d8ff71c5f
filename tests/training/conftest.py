"""A tiny training, in Python and ready to run."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning as L
import pytest
from tiny_scenes import tiny_config, write_tiny_scenes

from photowave.config import ModelConfig
from photowave.pairs.datamodule import PairsDataModule
from photowave.training.settings import TrainingConfig
from photowave.training.task import SoundscapeTask


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
def make_data(manifest: Path) -> Callable[..., PairsDataModule]:
    """Make the pairs, with other settings if wanted."""

    def make(**changes: Any) -> PairsDataModule:
        settings = {"clip_s": 0.1, "val_clip_s": 0.2, "window_s": 1.0, "batch_size": 2, "clips_per_epoch": 8}
        return PairsDataModule(**{"pairs": str(manifest), "val_clips": 4, **settings, **changes})

    return make


@pytest.fixture
def make_task() -> Callable[..., SoundscapeTask]:
    """Make a task from seed 0."""

    def make(config: ModelConfig | None = None, **training: Any) -> SoundscapeTask:
        L.seed_everything(0)
        return SoundscapeTask(config=config or tiny_config(), training=TrainingConfig(**training))

    return make


@pytest.fixture
def make_trainer(tmp_path: Path) -> Callable[..., L.Trainer]:
    """Make a trainer on the CPU that is quiet and writes below the test's folder."""

    def make(**changes: Any) -> L.Trainer:
        quiet = {"enable_progress_bar": False, "enable_model_summary": False, "num_sanity_val_steps": 0}
        plain = {"accelerator": "cpu", "logger": False, "enable_checkpointing": False, "devices": 1}
        return L.Trainer(**{**quiet, **plain, "default_root_dir": tmp_path, **changes})

    return make
