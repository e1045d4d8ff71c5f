"""Training on one clip until the network plays it: settings, run, and what is left in the folder."""

import datetime
import math
from collections.abc import Callable
from pathlib import Path

import lightning as L
from torch import Tensor

from photowave.audio import SOUND_SUFFIXES, HistogramBaseline, UniformBaseline, normalise, read_sound
from photowave.audio.likeness import Likeness, likeness
from photowave.checkpoint import save_model
from photowave.config import AudioConfig, ConditioningConfig, ModelConfig, WaveNetConfig
from photowave.errors import ConfigError, MediaError
from photowave.pairs.datamodule import PairsDataModule
from photowave.training import outcome
from photowave.training.averaging import MovingAverage
from photowave.training.clip_options import OverfitOptions
from photowave.training.clip_report import ClipBaselines, ClipReport, describe
from photowave.training.outcome import Drawing, Outcome
from photowave.training.settings import TrainingConfig
from photowave.training.task import SoundscapeTask

RATE = 16_000
"""Samples per second at which the clip is learned, in Hz."""
SHORTEST_S, LONGEST_S = 1.0, 30.0
MODEL, REPORT = "model.safetensors", "report.json"


def clip_model_config(*, duration_s: float, bands: int) -> ModelConfig:
    """Settings of the model for one clip; `configs/one_clip.yaml` holds the same for ten seconds.

    Args:
        duration_s: Length of the clip.
        bands: Bands of the filter bank.
    """
    # The receptive field is an eighth of a second whatever the bands.
    cycle = tuple(2**power for power in range(round(math.log2(64 * 16 / bands))))
    return ModelConfig(
        audio=AudioConfig(sample_rate=RATE, bands=bands),
        conditioning=ConditioningConfig(kind="position", channels=32, dropout=0.0, longest_s=duration_s),
        wavenet=WaveNetConfig(
            residual_channels=96,
            gate_channels=96,
            skip_channels=256,
            dilations=cycle * 2,
            output="mixture",
            mixtures=2,
        ),
    )


def clip_training_config() -> TrainingConfig:
    """Settings of the training on one clip."""
    return TrainingConfig(history_noise=1.0)


def clip_data(clip: str | Path, *, seed: int) -> PairsDataModule:
    """Many short crops of one clip: more steps for the same work."""
    return PairsDataModule(
        pairs=str(clip), clip_s=0.25, batch_size=4, clips_per_epoch=4000, val_clips=32, val_clip_s=0.25,
        window_s=1.0, seed=seed,
    )  # fmt: skip


def read_clip(path: str | Path) -> Tensor:
    """Read a clip at 16 kHz, [time].

    Raises:
        MediaError: It cannot be read, is silent, is too short or too long, or has an unknown suffix.
    """
    if Path(path).suffix.lower() not in SOUND_SUFFIXES:
        raise MediaError(
            f"{path}: not known as a sound by its suffix. Use one of {', '.join(sorted(SOUND_SUFFIXES))}."
        )
    samples, rate = read_sound(path, sample_rate=RATE)
    duration_s = len(samples) / rate
    if not SHORTEST_S <= duration_s <= LONGEST_S:
        raise MediaError(
            f"{path} lasts {duration_s:.3g} s; a clip must last {SHORTEST_S:g} to {LONGEST_S:g} s. "
            "Cut five to ten seconds out of it."
        )
    return samples


def check_folder(folder: Path) -> None:
    """See that nothing there would be overwritten: neither an earlier result nor the clip itself.

    Raises:
        ConfigError: A file that a run leaves is there already.
    """
    names = (REPORT, MODEL, outcome.PICTURE, *(f"{name}.wav" for name in outcome.SOUNDS))
    there = [name for name in names if (folder / name).exists()]
    if there:
        raise ConfigError(
            f"out={folder}: {there[0]} is there already. Choose another folder, or move what lies in it."
        )


def overfit(
    clip: str | Path,
    options: OverfitOptions,
    *,
    tell: Callable[[str], None],
    show: Callable[[str], None] | None = None,
) -> Outcome:
    """Train on one clip from nothing and draw it.

    Leaves in `options.out`: `original.wav`, `free_run.wav` (drawn from silence, no teacher),
    `teacher_forced.wav`, `spectrograms.png`, `report.json` and `model.safetensors`.

    Args:
        clip: A sound file.
        options: How long and where to.
        tell: Takes a line of progress.
        show: Takes a line that the next one replaces; None: there is no terminal.

    Returns:
        The figures.

    Raises:
        MediaError: The clip cannot be used.
        ConfigError: The folder holds an earlier result.
        OSError: The folder cannot be written.
    """
    original = read_clip(clip)
    folder = Path(options.out)
    check_folder(folder)
    folder.mkdir(parents=True, exist_ok=True)
    config = clip_model_config(duration_s=len(original) / RATE, bands=options.bands)
    samples = normalise(original, rms_dbfs=config.audio.rms_dbfs)
    L.seed_everything(options.seed, verbose=False)
    task = SoundscapeTask(config=config, training=clip_training_config())
    data = clip_data(clip, seed=options.seed)
    duration_s = len(samples) / config.audio.sample_rate
    baselines = _baselines(samples)

    def free_run(temperature: float) -> Tensor:
        return outcome.draw_free(
            task.model, duration_s=duration_s, seed=options.seed, temperature=temperature
        )

    def like(drawn: Tensor) -> Likeness:
        return likeness(samples, drawn, sample_rate=config.audio.sample_rate)

    report = ClipReport(
        baselines=baselines,
        draw=lambda: like(free_run(options.temperature)),
        tell=tell,
        show=show,
    )
    parameters = sum(p.numel() for p in task.parameters() if p.requires_grad)
    tell(
        f"{clip}: {duration_s:.2f} s; {parameters:,} learned weights; training for "
        + (f"{options.minutes:g} min" if options.steps is None else f"{options.steps} steps")
        + "; bits are per sample, beside those of a linear predictor, a histogram and a uniform guess"
    )
    trainer = L.Trainer(
        max_time=datetime.timedelta(minutes=options.minutes) if options.steps is None else None,
        max_steps=-1 if options.steps is None else options.steps,
        max_epochs=-1,
        accelerator="cpu",
        callbacks=[MovingAverage(), report],
        limit_val_batches=0,
        gradient_clip_val=1.0,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    # Compiles the sampler, or loads what was compiled, before the clock starts.
    outcome.draw_free(task.model, duration_s=1 / RATE, seed=0, temperature=1.0)
    trainer.fit(task, data)
    seconds = report.seconds
    task.eval()
    save_model(task.model, folder / MODEL, encoder_fingerprint=task.encoder_fingerprint)
    gain = outcome.gain_of(original, samples)
    followed, bits = outcome.follow(task.model, samples, seed=options.seed, temperature=options.temperature)
    drawing = Drawing(original, free_run(options.temperature) / gain, followed / gain, RATE)
    free, forced = outcome.compare(drawing)
    linear = baselines.linear
    found = Outcome(
        correlation=free.correlation,
        mean_abs_db=free.mean_abs_db,
        teacher_forced_correlation=forced.correlation,
        bits_per_sample=bits,
        bits_per_sample_linear=linear,
        steps=report.steps,
        seconds=seconds,
        parameters=parameters,
        temperature=options.temperature,
        seed=options.seed,
        diagnosis=outcome.diagnose(
            free=free,
            calmer=like(free_run(options.temperature / 2)),
            forced=forced,
            bits=bits,
            bits_linear=linear,
            bits_histogram=baselines.histogram,
            samples=original,
        ),
    )
    outcome.save_drawing(drawing, folder)
    found.save(folder / REPORT)
    tell(f"free run: {describe(free)}; {found.diagnosis}")
    return found


def _baselines(samples: Tensor) -> ClipBaselines:
    """Score the baselines, fitted on the clip itself: what can be said of it without a network."""
    return ClipBaselines(
        uniform=UniformBaseline().score([samples]),
        histogram=HistogramBaseline(levels=256).fit([samples]).score([samples]),
        linear=outcome.linear_score(samples),
    )
