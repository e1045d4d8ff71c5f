"""Two made-up scenes, small enough to train on in a test: hiss with red photos, rumble with blue ones."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from PIL import Image

from photowave.settings import (
    AudioConfig,
    ConditioningConfig,
    EnvelopeConfig,
    ImageConfig,
    ModelConfig,
    WaveNetConfig,
)

RATE = 4_000
"""Sample rate of the recordings, in Hz."""
SPLITS = ("train", "train", "train", "val", "test")
"""Split of each photo and each recording of a scene."""


def noise(seed: int, *, rumble: bool, seconds: float = 2.0) -> np.ndarray:
    """White noise, or noise whose power falls steeply with frequency; peak 0.5."""
    samples = np.random.default_rng(seed).standard_normal(round(seconds * RATE))
    if rumble:
        spectrum = np.fft.rfft(samples)
        spectrum /= 1.0 + (np.arange(len(spectrum)) / (len(spectrum) / 20)) ** 2
        samples = np.fft.irfft(spectrum, len(samples))
    return 0.5 * samples / np.abs(samples).max()


def write_tiny_scenes(folder: Path) -> Path:
    """Write photos, recordings and a manifest.

    Returns:
        The manifest.
    """
    rows = []
    for scene, rumble, colour in (("hiss", False, (220, 40, 30)), ("rumble", True, (20, 60, 210))):
        for index, split in enumerate(SPLITS):
            photo, sound = f"{scene}{index}.png", f"{scene}{index}.wav"
            shade = tuple(min(255, c + 7 * index) for c in colour)
            Image.new("RGB", (40, 30), shade).save(folder / photo)
            soundfile.write(folder / sound, noise(10 * index + rumble, rumble=rumble), RATE)
            rows += [(photo, "", scene, split), ("", sound, scene, split)]
    manifest = folder / "pairs.csv"
    with manifest.open("w", newline="") as file:
        csv.writer(file).writerows([("photo", "sound", "scene", "split"), *rows])
    return manifest


def tiny_config(kind: Any = "texture", *, components: int = 0, **wavenet: Any) -> ModelConfig:
    """Settings of a model that trains in milliseconds a step; `components` above 0 give it an envelope."""
    bands = wavenet.pop("bands", 1)
    small = {"residual_channels": 8, "gate_channels": 8, "skip_channels": 16, "dilations": (1, 2, 4, 8)}
    return ModelConfig(
        audio=AudioConfig(sample_rate=RATE, texture_mels=8, bands=bands),
        image=ImageConfig(resolution=32),
        conditioning=ConditioningConfig(kind=kind, channels=8, codebook_size=4),
        envelope=EnvelopeConfig(
            components=components, channels=8, skip_channels=16, dilations=(1, 2), mixtures=2
        ),
        wavenet=WaveNetConfig(**{**small, **wavenet}),
    )


def tiny_settings(manifest: Path, **changes: Any) -> dict[str, Any]:
    """Settings of a training that takes milliseconds a step, by their dotted names.

    Args:
        manifest: What to train on.
        **changes: Further settings, or other values; `__` stands for a dot.
    """
    settings = {
        "config": "seed_everything: 0",  # and nothing else, in place of the default recipe
        "model.audio.sample_rate": RATE,
        "model.audio.texture_mels": 8,
        "model.image.resolution": 32,
        "model.conditioning.channels": 8,
        "model.conditioning.codebook_size": 4,
        "model.envelope.channels": 8,
        "model.envelope.skip_channels": 16,
        "model.envelope.dilations": [1, 2],
        "model.envelope.mixtures": 2,
        "model.wavenet.residual_channels": 8,
        "model.wavenet.gate_channels": 8,
        "model.wavenet.skip_channels": 16,
        "model.wavenet.dilations": [1, 2, 4, 8],
        "data.pairs": str(manifest),
        "data.clip_s": 0.1,
        "data.batch_size": 2,
        "data.clips_per_epoch": 8,
        "data.val_clips": 4,
        "data.val_clip_s": 0.2,
        "data.window_s": 1.0,
        "trainer.accelerator": "cpu",
    }
    return settings | {name.replace("__", "."): value for name, value in changes.items()}
