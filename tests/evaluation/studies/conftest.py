"""A model that was trained for three steps on two scenes, for the studies."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tiny_scenes import tiny_settings, write_tiny_scenes

from photowave.cli.main import main


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """A manifest of two scenes and a model with an envelope that was trained on it."""
    folder = tmp_path_factory.mktemp("trained")
    manifest = write_tiny_scenes(tmp_path_factory.mktemp("scenes"))
    settings = tiny_settings(
        manifest, model__envelope__components=3, model__wavenet__output="mixture",
        trainer__max_steps=3, trainer__default_root_dir=str(folder),
    )  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert main(["fit", *(f"--{name}={value}" for name, value in settings.items())]) == 0
        (checkpoint,) = folder.rglob("last.ckpt")
        assert main(["export", str(checkpoint), str(folder / "model.safetensors")]) == 0
        yield manifest, folder / "model.safetensors"
