"""Model files to what draws."""

from pathlib import Path

from photowave import checkpoint
from photowave.generation.generator import SoundscapeGenerator


def load(model: str | Path = "default", *, device: str = "cpu") -> SoundscapeGenerator:
    """Load a model to draw with.

    Args:
        model: `default`, the one that ships inside the package, or a model file.
        device: `cpu`, or a torch device such as `cuda`.

    Returns:
        What draws soundscapes.

    Raises:
        CheckpointError: The file is missing, damaged, foreign or of another version.
        ConfigError: The device is not there.
    """
    path = checkpoint.default_model_path() if model == "default" else Path(model)
    return SoundscapeGenerator(checkpoint.load_model(path), device=device)
