"""The work that is measured: training steps, drawing, reading a photo, a cold start.

Each function measures in the process it is called in, sets torch's threads there, and gives the seconds of
each run. Without a model file, weights are random: how long they take does not depend on their values.
"""

import dataclasses
import subprocess
import sys
from pathlib import Path

import torch
from PIL import Image
from torch import nn

from photowave import recipes
from photowave.benchmark.clock import seconds
from photowave.checkpoint import LoadedModel, save_model
from photowave.errors import PhotowaveError
from photowave.generation import SoundscapeGenerator, load
from photowave.image import build_encoder
from photowave.model import PhotowaveModel, build_wavenet
from photowave.model.envelope import EnvelopeClip
from photowave.model.scoring import bits_per_sample, follow
from photowave.settings import ConditioningConfig, DrawSettings, ModelConfig
from photowave.wavenet import WaveNet

REFERENCE_STEP = 100_000
"""Samples of one optimisation step of the reference network."""
_FEATURES = 1280
"""Length of a photo's features; EfficientNet-Lite0's."""


def reference_config() -> ModelConfig:
    """Settings of the recipe `reference`, tensorflow-wavenet at its defaults, without a photo."""
    return dataclasses.replace(
        recipes.load("reference").model, conditioning=ConditioningConfig(kind="photo", channels=1)
    )


def multiply_adds(wavenet: WaveNet) -> int:
    """Count the multiply-adds of one frame: every linear map but the conditioning's, which is done once."""
    maps = [(name, m) for name, m in wavenet.named_modules() if isinstance(m, nn.Linear)]
    return sum(m.weight.numel() for name, m in maps if not name.startswith("condition_"))


def time_training(
    config: ModelConfig, *, clip_s: float, batch_size: int, threads: int, runs: int
) -> list[float]:
    """Measure optimisation steps on random clips: what a step of `photowave fit` does, without Lightning.

    Where an envelope is drawn by a network of its own, that network does not train here.
    """
    torch.set_num_threads(threads)
    model = PhotowaveModel(config, feature_dim=_FEATURES)
    samples = 0.2 * torch.rand(batch_size, clip_samples(config, clip_s)) - 0.1
    features = torch.randn(batch_size, _FEATURES)
    textures = torch.randn(batch_size, config.audio.texture_channels)
    around = _envelopes(model, samples)
    learned = [p for p in model.parameters() if p.requires_grad]
    optimiser = torch.optim.Adam(learned, lr=1e-3, fused=True)

    def step() -> None:
        optimiser.zero_grad()
        vector = model.conditioner.training_vector(features, textures)
        drop = torch.rand(batch_size) < config.conditioning.dropout
        frames = model.codec.encode(samples)
        vector = model.conditioner.with_dropout(vector, drop)
        track = follow(model, vector, around, steps=frames.shape[1])
        loss = bits_per_sample(model, frames, track).mean()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(learned, 1.0)
        optimiser.step()

    return seconds(step, runs=runs)


def _envelopes(model: PhotowaveModel, samples: torch.Tensor) -> EnvelopeClip:
    """Made-up envelopes of clips, as they lie in the cache of a training."""
    knots = 1 if model.spectra is None else 1 + samples.shape[1] // model.spectra.step
    spectra = torch.randn(len(samples), knots, model.config.audio.texture_mels)
    return EnvelopeClip(spectra, torch.zeros(len(samples)), spectra, torch.ones(len(samples), knots).bool())


def clip_samples(config: ModelConfig, clip_s: float) -> int:
    """Samples of a clip, in whole frames."""
    bands = config.audio.bands
    return max(1, round(clip_s * config.audio.sample_rate / bands)) * bands


def time_reference_training(
    *, crop: int, threads: int, runs: int, samples: int = REFERENCE_STEP
) -> list[float]:
    """Measure optimisation steps of the reference network, `crop` samples at a time; gradients add up."""
    torch.set_num_threads(threads)
    config = reference_config()
    wavenet = build_wavenet(config)
    optimiser = torch.optim.Adam(wavenet.parameters(), lr=1e-3, fused=True)
    levels = torch.randint(config.wavenet.quantization_levels, (1, samples))
    crops = [levels[:, first : first + crop] for first in range(0, samples, crop)]
    vector = torch.zeros(1, config.conditioning.channels)

    def step() -> None:
        optimiser.zero_grad()
        for part in crops:
            loss = -wavenet.score(part, vector).sum() / samples
            loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(wavenet.parameters(), 1.0)
        optimiser.step()

    return seconds(step, runs=runs)


def time_drawing(model: Path, *, sounds: int, duration_s: float, threads: int, runs: int) -> list[float]:
    """Measure the drawing of sounds together, with code compiled and the photo read."""
    torch.set_num_threads(1)
    generator, settings = load(model), DrawSettings(duration_s=duration_s, threads=threads)
    reading = generator.read(_photo(), settings)
    readings = [reading.take(seed) for seed in range(sounds)]
    return seconds(lambda: generator.generate_read(readings, settings), runs=runs)


def time_reference_drawing(*, sounds: int, duration_s: float, threads: int, runs: int) -> list[float]:
    """Measure the drawing of the reference network, which sees no photo."""
    torch.set_num_threads(1)
    model = PhotowaveModel(reference_config(), feature_dim=_FEATURES).eval()
    loaded = LoadedModel(model=model, path=Path(), sha256="", encoder_fingerprint="", package_version="")
    generator = SoundscapeGenerator(loaded)
    vectors = model.conditioner.null.detach().expand(sounds, -1)
    seeds, settings = range(sounds), DrawSettings(duration_s=duration_s, threads=threads)
    return seconds(lambda: generator.draw(vectors, settings, seeds=seeds), runs=runs)


def time_photo(config: ModelConfig, *, threads: int, runs: int) -> list[float]:
    """Measure the photo encoder on one photo of 1024 x 768 pixels."""
    torch.set_num_threads(threads)
    encoder = build_encoder(dataclasses.replace(config.image, weights=None))
    photo = _photo()
    return seconds(lambda: encoder.encode([photo]), runs=runs)


def time_streaming(model: Path, *, threads: int, runs: int) -> list[float]:
    """Measure the way from a photo to the first 0.25 s of its sound, with model and encoder loaded."""
    torch.set_num_threads(threads)
    generator, photo = load(model), _photo()
    return seconds(lambda: next(generator.stream(photo, chunk_s=0.25)), runs=runs)


def time_cold_start(model: Path, folder: Path, *, duration_s: float, runs: int) -> list[float]:
    """Measure `photowave generate` for one photo in a fresh process, compiled code being cached.

    Photo and sound go into `folder`. A command that fails raises `PhotowaveError` with its own message.
    """
    photo = folder / "photo.png"
    _photo().save(photo)
    command = [
        sys.executable, "-m", "photowave.cli.main", "generate", str(photo), "--out", str(folder / "sounds"),
        "--model", str(model), "--duration_s", f"{duration_s:g}",
    ]  # fmt: skip

    def start() -> None:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise PhotowaveError(
                f"'photowave generate' ended with {done.returncode}: {last} "
                "Mend that, or measure another model with --model."
            )

    return seconds(start, runs=runs)


def write_random_model(config: ModelConfig, path: Path) -> None:
    """Write a model file with random weights and the real photo encoder's fingerprint."""
    encoder = build_encoder(config.image)
    model = PhotowaveModel(config, feature_dim=encoder.feature_dim)
    save_model(model, path, encoder_fingerprint=encoder.fingerprint)


def _photo() -> Image.Image:
    return Image.linear_gradient("L").resize((1024, 768)).convert("RGB")
