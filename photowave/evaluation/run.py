"""One evaluation from model and manifest to figures."""

import platform
from pathlib import Path
from typing import Any

import numpy as np
import sklearn
import torch

from photowave._version import __version__
from photowave.evaluation.definitions import DEFINITIONS
from photowave.evaluation.figures import likelihood_figures
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
        ConfigError: A setting is out of range, or `clap` cannot be used.
        PairError: The split has no photos, a scene has no recordings, or there are too few of either.
        MediaError: A photo cannot be read.
        CheckpointError: The photo encoder is not the one the model was trained with.
    """
    check_evaluation(
        split=split, seeds=seeds, duration_s=duration_s, seed=seed, temperature=temperature, guidance=guidance
    )
    tell = progress or tell_nobody
    if clap is not None:
        from photowave.evaluation.optional import ClapScorer

        ClapScorer(clap)  # what is wrong with it is told before the long work
    photos = load_photos(manifest.split(split))
    real = _real(model, manifest, duration_s, tell)
    drawn_s = len(photos.images) * seeds * duration_s
    drawn = draw_model(
        model, photos, seeds=seeds, duration_s=duration_s, temperature=temperature, guidance=guidance,
        progress=lambda done: tell("drawing", done, drawn_s),
    )  # fmt: skip
    systems = [
        real_sounds(photos, real, seeds=seeds, duration_s=duration_s, seed=seed),
        drawn,
        shuffle_photos(drawn, photos, seed=seed),
        nearest_photo(model, photos, real, manifest=manifest, seeds=seeds, duration_s=duration_s, seed=seed),
        filtered_noise(photos, real, seeds=seeds, duration_s=duration_s, seed=seed),
        sonified(photos, real, seeds=seeds, duration_s=duration_s, seed=seed),
    ]
    figures, answer = judge_systems(
        systems, real, photos, mels=model.model.config.audio.texture_mels, seed=seed, progress=progress
    )
    likelihood = measure_likelihood(
        model, real, photos, split=split, seed=seed,
        progress=lambda done: tell("scoring recordings", done, CLIPS),
    )  # fmt: skip
    figures += likelihood_figures(likelihood, seed=seed)
    figures.sort(key=lambda figure: list(DEFINITIONS).index(figure.name))
    definitions = {name: known.text for name, known in DEFINITIONS.items()}
    if clap is not None:
        from photowave.evaluation.optional import CLAP_DEFINITIONS, clap_figures

        figures += clap_figures(systems, real, photos, clap, seed)
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
        **_counts(photos, real),
        "versions": _versions(),
    }
    return EvaluationResult(
        figures=tuple(figures),
        photos=photos,
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


def _counts(photos: EvaluatedPhotos, real: RealSounds) -> dict[str, Any]:
    return {
        "photos": len(photos.scenes),
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
