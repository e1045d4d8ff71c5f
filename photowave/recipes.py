"""Recipes: the YAML files of `configs/`, which ship in the package, by their names."""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from photowave.errors import ConfigError
from photowave.settings import DataSettings, ModelConfig, TrainingSettings


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The settings of a training."""

    model: ModelConfig
    """Settings of the model."""
    training: TrainingSettings
    """Settings of the training."""
    data: DataSettings
    """Which pairs, and how clips are cut."""
    seed: int
    """Of everything in the training that is left to chance."""


def names() -> list[str]:
    """List the recipes by name."""
    return sorted(file.stem for file in _folder().glob("*.yaml"))


def path(name: str) -> Path:
    """Find the file of a recipe, such as `scenes`.

    Raises:
        ConfigError: There is no recipe of that name.
    """
    if name not in names():
        raise ConfigError(f"there is no recipe '{name}'. Choose from: {', '.join(names())}.")
    return _folder() / f"{name}.yaml"


def summary(name: str) -> str:
    """Tell in a line what a recipe trains: its first comment.

    Raises:
        ConfigError: There is no recipe of that name.
    """
    with path(name).open(encoding="utf-8") as file:
        return file.readline().lstrip("#").strip()


def load(name: str) -> Recipe:
    """Read the settings of a recipe, to build the same model or training in Python.

    What it says of Lightning's trainer is left out.

    Args:
        name: Its name, or a file of settings; a file of that name goes first.

    Raises:
        ConfigError: There is no recipe of that name, or a value in it does not fit.
    """
    import yaml
    from jsonargparse import ArgumentError, ArgumentParser

    file = Path(name) if Path(name).is_file() else path(name)
    try:
        given: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"recipe '{name}' cannot be read: {' '.join(str(error).split())}") from error
    parser = ArgumentParser(exit_on_error=False)
    kinds = {"model": ModelConfig, "training": TrainingSettings, "data": DataSettings}
    for key, kind in kinds.items():
        parser.add_class_arguments(kind, key)
    try:
        settings = parser.instantiate(parser.parse_object({k: given[k] for k in kinds if k in given}))
    except ArgumentError as error:
        raise ConfigError(f"recipe '{name}': {' '.join(str(error).split())}") from error
    return Recipe(**{key: settings[key] for key in kinds}, seed=int(given.get("seed_everything", 0)))


def _folder() -> Path:
    """Where they lie: in the installed package, or in a checkout at the top level."""
    package = Path(str(files("photowave")))
    installed = package / "configs"
    return installed if installed.is_dir() else package.parent / "configs"
