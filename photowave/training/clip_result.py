"""What came of training on one clip: the clip drawn again, figures, and in words why it is noise if it is."""

import json
import math
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from photowave.atomic import replacing
from photowave.audio import write_sound
from photowave.audio.likeness import Likeness, likeness
from photowave.audio.spectrogram import spectrogram_db
from photowave.checkpoint import LoadedModel
from photowave.generation import SoundscapeGenerator
from photowave.generation.randomness import UniformStream
from photowave.model import PhotowaveModel
from photowave.settings import DrawSettings

SOUNDS, PICTURE = ("original", "free_run", "teacher_forced"), "spectrograms.png"
"""Names of what `save_drawings` leaves."""
GOOD = 0.8
"""Correlation from which on a copy counts as the clip, if noise with its spectrum has clearly less."""
_CLEARLY = 0.05  # of correlation: what a change must bring to be named as the cause
_CLIPPED_SHARE = 1e-3
_CHUNK = 2_000  # frames followed at once


@dataclass(frozen=True)
class ClipDrawings:
    """A clip and what the network makes of it; samples at the clip's level, float32 [time] on the CPU."""

    original: Tensor
    free_run: Tensor
    teacher_forced: Tensor
    sample_rate: int


@dataclass(frozen=True, kw_only=True)
class ClipResult:
    """The figures of `report.json`."""

    correlation: float
    """Likeness of the free run to the clip, at most 1."""
    noise_correlation: float
    """Likeness of noise that has the clip's spectrum and nothing else: a free run must be above it."""
    mean_abs_db: float
    """Mean absolute difference of their log-mel spectrograms, in dB."""
    teacher_forced_correlation: float
    """Likeness of what is drawn when every frame is given the true past."""
    bits_per_sample: float
    """Of the clip under the network, 16-bit PCM equivalent."""
    bits_per_sample_linear: float
    """Of the clip under a linear predictor fitted on it."""
    steps: int
    """Optimiser steps."""
    seconds: float
    """Seconds of training, drawing in between included."""
    parameters: int
    """Learned weights."""
    temperature: float
    """At which it was drawn."""
    seed: int
    """Of weights, crops and drawing."""
    diagnosis: str
    """What the figures say, in words."""

    def save(self, path: Path) -> None:
        """Write the figures as JSON; what is not finite becomes null."""
        tree = {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in asdict(self).items()
        }
        with replacing(path) as temporary:
            temporary.write_text(json.dumps(tree, indent=2) + "\n", encoding="utf-8")


def draw_free(model: PhotowaveModel, *, duration_s: float, seed: int, temperature: float) -> Tensor:
    """Draw the clip from silence, no teacher, by position alone.

    Returns:
        Samples at the level the model was trained at, [time]; silence if the training diverged.
    """
    model = deepcopy(model).cpu().eval()
    loaded = LoadedModel(
        model=model, path=Path("clip"), sha256="", encoder_fingerprint="", package_version=""
    )
    with torch.no_grad():
        track = model.conditioner.photo_vector(torch.zeros(1, model.feature_dim), torch.zeros(1))
    settings = DrawSettings(duration_s=duration_s, temperature=temperature)
    drawn = SoundscapeGenerator(loaded).draw(track, settings, seeds=[seed])
    return drawn[0].nan_to_num(0.0)


@torch.no_grad()
def follow(model: PhotowaveModel, samples: Tensor, *, seed: int, temperature: float) -> tuple[Tensor, float]:
    """Go along the clip: draw every frame given the true frames before it (teacher forcing), and score it.

    Args:
        model: The model, on the CPU.
        samples: The clip at the level the model was trained at, [time].
        seed: Of the random numbers.
        temperature: Of the drawing.

    Returns:
        What was drawn, [time], silence if the training diverged; and the bits per sample of the clip.
    """
    codec, output, rate = model.codec, model.wavenet.output, model.config.audio.frame_rate
    own, total = len(samples) // codec.bands, math.ceil((len(samples) + codec.delay) / codec.bands)
    frames = codec.encode(torch.nn.functional.pad(samples, (0, total * codec.bands - len(samples)))[None])
    stream, nothing, state, heard_state = UniformStream(seed), torch.zeros(1, 1), None, None
    heard, log2_probs = [], []
    for first in range(0, total, _CHUNK):
        part = frames[:, first : first + _CHUNK]
        count = part.shape[1]
        seconds = torch.arange(first, first + count)[None] / rate
        vectors = model.conditioner.training_vector(nothing, nothing, seconds=seconds)
        parameters, state = model.wavenet(part, vectors, state)
        log2_probs.append(output.log2_prob(parameters, part)[0])
        numbers = stream.take(count * output.uniforms).reshape(1, count, -1)
        chance = output.chance(torch.from_numpy(numbers)).float()
        drawn = output.sample(parameters, chance, temperature=temperature)
        sound, heard_state = codec.decode(drawn, heard_state)
        heard.append(sound[0])
    bits = -float(torch.cat(log2_probs)[:own].mean()) / codec.bands
    return torch.cat(heard)[codec.delay :][: len(samples)].nan_to_num(0.0), bits


def diagnose(
    *,
    free: Likeness,
    calmer: Likeness,
    forced: Likeness,
    noise: float,
    bits: float,
    bits_linear: float,
    bits_histogram: float,
    samples: Tensor,
) -> str:
    """Say whether it worked, and if not, why.

    Args:
        free: Likeness of the free run.
        calmer: Likeness of a free run at half the temperature.
        forced: Likeness under teacher forcing.
        noise: Correlation of noise with the clip's spectrum.
        bits: Bits per sample of the clip.
        bits_linear: The same of the linear predictor.
        bits_histogram: The same of the histogram.
        samples: The clip as it was given, [time].
    """
    good = max(GOOD, min(noise + _CLEARLY, (1 + noise) / 2))
    said = ["it plays the clip" if free.correlation >= good else "it does not play the clip"]
    if GOOD <= free.correlation < good:
        said[0] += f" more than noise with its spectrum, which has a correlation of {noise:.2f}"
    if not math.isfinite(bits) or bits > bits_histogram:
        said.append("the training diverged: the learning rate is too high for this clip")
    elif bits >= bits_linear:
        said.append(
            f"undertrained: {bits:.2f} bits per sample, not below the linear predictor's {bits_linear:.2f}; "
            "give it more --minutes"
        )
    elif free.correlation < good:
        said.append(_cause(free.correlation, calmer.correlation, forced.correlation, good=good))
    clipped = float((samples.abs() >= 0.999).float().mean())
    if clipped > _CLIPPED_SHARE:
        said.append(
            f"the clip is clipped: {clipped:.1%} of its samples are at full scale; record it at a lower gain"
        )
    return "; ".join(said)


def _cause(free: float, calmer: float, forced: float, *, good: float) -> str:
    """Why a network that predicts well does not play: from three correlations."""
    if calmer >= max(good, min(free + _CLEARLY, (1 + free) / 2)):
        return (
            f"temperature too high: half of it gives a correlation of {calmer:.2f} and not {free:.2f}; "
            "lower --temperature"
        )
    if forced >= good:
        return (
            f"exposure bias: with the true past it plays the clip ({forced:.2f}), on its own it leaves the "
            f"path ({free:.2f}); give it more --minutes"
        )
    return f"not learned yet: even with the true past the correlation is {forced:.2f}; give it more --minutes"


def picture(drawings: ClipDrawings) -> Any:
    """Spectrograms of all three, one above the other, as a matplotlib figure."""
    from matplotlib.figure import Figure

    rows = {
        "original": drawings.original,
        "free run": drawings.free_run,
        "teacher-forced": drawings.teacher_forced,
    }
    figure = Figure(figsize=(10, 7.5), layout="constrained")
    axes = figure.subplots(len(rows), 1, sharex=True)
    duration_s = len(drawings.original) / drawings.sample_rate
    for axis, (name, samples) in zip(axes, rows.items(), strict=True):
        db = spectrogram_db(samples, drawings.sample_rate).numpy()
        shown = axis.imshow(
            db,
            origin="lower",
            aspect="auto",
            cmap="magma",
            extent=(0, duration_s, 0, len(db)),
            vmin=-70,
            vmax=0,
        )
        axis.set_title(name, loc="left", fontsize=10)
        axis.set_ylabel("mel band")
    axes[-1].set_xlabel("seconds")
    figure.colorbar(shown, ax=list(axes), label="dB below the peak")
    return figure


def save_drawings(drawings: ClipDrawings, folder: Path) -> None:
    """Write the three sounds and their picture into a folder."""
    for name in SOUNDS:
        samples = getattr(drawings, name)
        write_sound(folder / f"{name}.wav", samples.clamp(-1, 1), drawings.sample_rate)
    with replacing(folder / PICTURE) as temporary:
        picture(drawings).savefig(temporary, format="png", dpi=100)


def compare(drawings: ClipDrawings) -> tuple[Likeness, Likeness]:
    """Likeness of the free run and of the teacher-forced drawing to the clip."""
    rate, original = drawings.sample_rate, drawings.original
    return (
        likeness(original, drawings.free_run, sample_rate=rate),
        likeness(original, drawings.teacher_forced, sample_rate=rate),
    )


def gain_of(samples: Tensor, normalised: Tensor) -> float:
    """Factor by which a clip was made louder; both [time]."""
    at = int(np.argmax(np.abs(samples.numpy())))
    return float(normalised[at] / samples[at])
