"""Training on one clip until the network plays it: settings, run, and what is left in the folder."""

import datetime
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import lightning as L
from torch import Tensor

from photowave import recipes
from photowave.audio import (
    SOUND_SUFFIXES,
    HistogramBaseline,
    LinearPredictorBaseline,
    UniformBaseline,
    normalise,
    read_sound,
)
from photowave.audio.likeness import Likeness, likeness, noise_likeness
from photowave.checkpoint import save_model
from photowave.errors import ConfigError, MediaError
from photowave.recipes import Recipe
from photowave.settings import OverfitSettings
from photowave.training import clip_result
from photowave.training.averaging import MovingAverage
from photowave.training.baselines import BaselineScores
from photowave.training.clip_report import ClipReport, describe
from photowave.training.clip_result import ClipDrawings, ClipResult
from photowave.training.setup import build_training, read_splits

SHORTEST_S, LONGEST_S = 1.0, 30.0
MODEL, REPORT = "model.safetensors", "report.json"


def clip_recipe(clip: str | Path, *, duration_s: float, bands: int) -> Recipe:
    """Fit the recipe `one_clip` to a clip.

    Args:
        clip: The sound file.
        duration_s: Its length.
        bands: Bands of the filter bank.
    """
    recipe = recipes.load("one_clip")
    model = recipe.model
    # The receptive field is an eighth of a second whatever the bands.
    cycle = tuple(2**power for power in range(round(math.log2(64 * 16 / bands))))
    model = replace(
        model,
        audio=replace(model.audio, bands=bands),
        conditioning=replace(model.conditioning, longest_s=duration_s),
        wavenet=replace(model.wavenet, dilations=cycle * 2),
    )
    return replace(recipe, model=model, data=replace(recipe.data, pairs=str(clip)))


def read_clip(path: str | Path) -> tuple[Tensor, int]:
    """Read a clip at the rate of the recipe: samples [time] and their rate in Hz.

    Raises:
        MediaError: It cannot be read, is silent, is too short or too long, or has an unknown suffix.
    """
    if Path(path).suffix.lower() not in SOUND_SUFFIXES:
        raise MediaError(
            f"{path}: not known as a sound by its suffix. Use one of {', '.join(sorted(SOUND_SUFFIXES))}."
        )
    samples, rate = read_sound(path, sample_rate=recipes.load("one_clip").model.audio.sample_rate)
    duration_s = len(samples) / rate
    if not SHORTEST_S <= duration_s <= LONGEST_S:
        raise MediaError(
            f"{path} lasts {duration_s:.3g} s; a clip must last {SHORTEST_S:g} to {LONGEST_S:g} s. "
            "Cut five to ten seconds out of it."
        )
    return samples, rate


def check_folder(folder: Path) -> None:
    """See that nothing there would be overwritten: neither an earlier result nor the clip itself.

    Raises:
        ConfigError: A file that a run leaves is there already.
    """
    names = (REPORT, MODEL, clip_result.PICTURE, *(f"{name}.wav" for name in clip_result.SOUNDS))
    there = [name for name in names if (folder / name).exists()]
    if there:
        raise ConfigError(
            f"out={folder}: {there[0]} is there already. Choose another folder, or move what lies in it."
        )


def overfit(
    clip: str | Path,
    options: OverfitSettings,
    *,
    tell: Callable[[str], None],
    show: Callable[[str], None] | None = None,
) -> ClipResult:
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
    original, rate = read_clip(clip)
    folder = Path(options.out)
    check_folder(folder)
    folder.mkdir(parents=True, exist_ok=True)
    recipe = clip_recipe(clip, duration_s=len(original) / rate, bands=options.bands)
    samples = normalise(original, rms_dbfs=recipe.model.audio.rms_dbfs)
    task, data = build_training(
        config=recipe.model, training=recipe.training, data=recipe.data, seed=options.seed
    )
    read_splits(task, data, "fit")
    duration_s = len(samples) / rate
    baselines = _baselines(samples)
    noise = noise_likeness(samples, sample_rate=rate)

    def free_run(temperature: float) -> Tensor:
        return clip_result.draw_free(
            task.model, duration_s=duration_s, seed=options.seed, temperature=temperature
        )

    def like(drawn: Tensor) -> Likeness:
        return likeness(samples, drawn, sample_rate=rate)

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
    tell(f"noise with the clip's spectrum and phases left to chance: correlation {noise:.3f}")
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
    clip_result.draw_free(task.model, duration_s=1 / rate, seed=0, temperature=1.0)
    trainer.fit(task, data)
    seconds = report.seconds
    task.eval()
    save_model(task.model, folder / MODEL, encoder_fingerprint=task.encoder_fingerprint)
    gain = clip_result.gain_of(original, samples)
    followed, bits = clip_result.follow(
        task.model, samples, seed=options.seed, temperature=options.temperature
    )
    drawings = ClipDrawings(original, free_run(options.temperature) / gain, followed / gain, rate)
    free, forced = clip_result.compare(drawings)
    linear = baselines.linear_predictor
    found = ClipResult(
        correlation=free.correlation,
        noise_correlation=noise,
        mean_abs_db=free.mean_abs_db,
        teacher_forced_correlation=forced.correlation,
        bits_per_sample=bits,
        bits_per_sample_linear=linear,
        steps=report.steps,
        seconds=seconds,
        parameters=parameters,
        temperature=options.temperature,
        seed=options.seed,
        diagnosis=clip_result.diagnose(
            free=free,
            calmer=like(free_run(options.temperature / 2)),
            forced=forced,
            noise=noise,
            bits=bits,
            bits_linear=linear,
            bits_histogram=baselines.histogram,
            samples=original,
        ),
    )
    clip_result.save_drawings(drawings, folder)
    found.save(folder / REPORT)
    tell(f"free run: {describe(free)} (noise: {noise:.3f}); {found.diagnosis}")
    return found


def _baselines(samples: Tensor) -> BaselineScores:
    """Score the baselines, fitted on the clip itself: what can be said of it without a network."""
    return BaselineScores(
        uniform=UniformBaseline().score([samples]),
        histogram=HistogramBaseline(levels=256).fit([samples]).score([samples]),
        linear_predictor=LinearPredictorBaseline(levels=None).fit([samples]).score([samples]),
    )
