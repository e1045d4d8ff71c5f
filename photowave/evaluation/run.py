"""One evaluation from model and manifest to figures."""

import platform
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import sklearn
import torch

from photowave._version import __version__
from photowave.errors import ConfigError
from photowave.evaluation.choosing import Choice, choose_photos
from photowave.evaluation.definitions import DEFINITIONS
from photowave.evaluation.judge import SceneJudge
from photowave.evaluation.judging import Progress, judge_systems, tell_nobody
from photowave.evaluation.likelihood import CLIPS, measure_likelihood
from photowave.evaluation.options import check_evaluation
from photowave.evaluation.real import load_photos, load_real
from photowave.evaluation.result import EvaluationResult
from photowave.evaluation.systems import (
    draw_model,
    filtered_noise,
    nearest_photo,
    real_sounds,
    shuffle_photos,
    shuffled_order,
    sonified,
)
from photowave.evaluation.types import EvaluatedPhotos, RealSounds
from photowave.generation import SoundscapeGenerator
from photowave.pairs.manifest import Manifest


def evaluate(
    model: SoundscapeGenerator,
    manifest: Manifest,
    *,
    split: str = "test",
    photos: int = 50,
    seeds: int = 3,
    duration_s: float = 5.0,
    seed: int = 0,
    temperature: float = 1.0,
    guidance: float = 1.0,
    clap: str | Path | None = None,
    progress: Progress | None = None,
) -> EvaluationResult:
    """Draw sounds for the photos of one split and judge them beside real recordings and simple systems.

    The same inputs give the same figures, bit for bit, on one machine; only `real_time_factor` is a time.

    Args:
        model: What draws.
        manifest: All splits: the real recordings of every split are what is compared with.
        split: Whose photos, and whose recordings for the bits per sample: `train`, `val` or `test`.
        photos: The most photos that are evaluated; of more, as many are chosen by lot, evenly over the
            scenes. Photos of scenes without any recording are left out. The settings of the result tell both.
        seeds: Sounds per photo; the model's seeds are 0, 1 and so on.
        duration_s: Length of each sound in seconds.
        seed: What all chance but the model's own follows from.
        temperature: See `SoundscapeGenerator.generate`.
        guidance: See `SoundscapeGenerator.generate`.
        clap: Folder of a CLAP network for further figures; see `ClapScorer`. None leaves them out.
        progress: Called as the work goes on.

    Returns:
        Figures, sounds and the verdict.

    Raises:
        ConfigError: A setting is out of range, the model knows no photos, or `clap` cannot be used.
        PairError: The split has no photos, no scene of theirs has recordings, or there are too few of either.
            That is told before the long work.
        MediaError: A photo cannot be read.
        CheckpointError: The photo encoder is not the one the model was trained with.
    """
    check_evaluation(
        split=split, photos=photos, seeds=seeds, duration_s=duration_s, seed=seed,
        temperature=temperature, guidance=guidance,
    )  # fmt: skip
    _refuse_one_clip(model)
    tell = progress or tell_nobody
    if clap is not None:
        from photowave.evaluation.optional import ClapScorer

        ClapScorer(clap)  # what is wrong with it is told before the long work
    choice = choose_photos(manifest, split=split, most=photos, seed=seed)
    given = load_photos(choice.manifest)
    shuffled_order(given, seed=seed)
    real = _real(model, manifest, duration_s, tell)
    with _no_advice_on_folds():
        # What the judge refuses depends on scenes and recordings alone, not on how they sound.
        SceneJudge(np.zeros((len(real.scenes), 1)), real.scenes, real.recordings, seed=seed)
    audio = model.model.config.audio
    recordings = real_sounds(given, real, seeds=seeds, duration_s=duration_s, seed=seed)
    others = [
        nearest_photo(model, given, real, manifest=manifest, seeds=seeds, duration_s=duration_s, seed=seed),
        filtered_noise(given, real, seeds=seeds, duration_s=duration_s, seed=seed),
        sonified(given, real, seeds=seeds, duration_s=duration_s, seed=seed, rms_dbfs=audio.rms_dbfs),
    ]
    drawn_s = len(given.images) * seeds * duration_s
    drawn = draw_model(
        model, given, seeds=seeds, duration_s=duration_s, temperature=temperature, guidance=guidance,
        progress=lambda done: tell("drawing", done, drawn_s),
    )  # fmt: skip
    systems = [recordings, drawn, shuffle_photos(drawn, given, seed=seed), *others]
    likelihood = measure_likelihood(
        model, real, given, split=split, seed=seed,
        progress=lambda done: tell("scoring recordings", done, CLIPS),
    )  # fmt: skip
    with _no_advice_on_folds():
        figures, answer = judge_systems(
            systems, real, given, mels=audio.texture_mels, seed=seed, likelihood=likelihood, progress=progress
        )
    definitions = {name: known.text for name, known in DEFINITIONS.items()}
    if clap is not None:
        from photowave.evaluation.optional import CLAP_DEFINITIONS, clap_figures

        figures += clap_figures(systems, real, given, clap, seed)
        definitions |= CLAP_DEFINITIONS
    shown = {figure.name for figure in figures}
    settings = {
        "model": model.loaded.path.name,
        "model_sha256": model.loaded.sha256,
        "pairs": manifest.path.name,
        "split": split,
        "seeds": seeds,
        "seed": seed,
        "duration_s": duration_s,
        "temperature": temperature,
        "guidance": guidance,
        **_counts(choice, given, real),
        "versions": _versions(),
    }
    return EvaluationResult(
        figures=tuple(figures),
        photos=given,
        sounds=tuple(systems),
        sample_rate=real.sample_rate,
        settings=settings,
        verdict=answer,
        definitions={name: text for name, text in definitions.items() if name in shown},
    )


def _real(model: SoundscapeGenerator, manifest: Manifest, duration_s: float, tell: Progress) -> RealSounds:
    files = len({row.sound for row in manifest.rows if row.sound is not None and row.scene is not None})
    return load_real(
        manifest,
        audio=model.model.config.audio,
        duration_s=duration_s,
        progress=lambda done: tell("reading recordings", done, files),
    )


def _refuse_one_clip(model: SoundscapeGenerator) -> None:
    if model.model.config.conditioning.kind == "position":
        raise ConfigError(
            f"model={model.loaded.path.name}: was trained on one clip and knows no photos; an evaluation "
            "compares what is drawn for photos. Take a model that was trained on photos and recordings."
        )


@contextmanager
def _no_advice_on_folds() -> Iterator[None]:
    """Keep scikit-learn from warning of scenes with fewer recordings than folds: nothing goes wrong there."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The least populated class", category=UserWarning)
        yield


def _counts(choice: Choice, given: EvaluatedPhotos, real: RealSounds) -> dict[str, Any]:
    return {
        "photos": len(given.scenes),
        "photos_found": choice.found,
        "scenes_without_recordings": list(choice.left_out),
        "recordings": len(real.names),
        "excerpts": len(real.scenes),
        "scenes": np.unique(real.scenes).tolist(),
    }


def _versions() -> dict[str, str]:
    return {
        "photowave": __version__,
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "numpy": np.__version__,
        "scikit-learn": sklearn.__version__,
    }
