"""One evaluation from model and manifest to metrics."""

import platform
from typing import Any

import numpy as np
import sklearn
import torch

from photowave._version import __version__
from photowave.errors import ConfigError
from photowave.evaluation.embedding.distances import embedding_metrics
from photowave.evaluation.embedding.loading import load_embedding
from photowave.evaluation.judging.systems import Progress, judge_systems
from photowave.evaluation.metrics.definitions import DEFINITIONS
from photowave.evaluation.metrics.judge import deal_recordings
from photowave.evaluation.metrics.likelihood import CLIPS, measure_likelihood
from photowave.evaluation.report.result import EvaluationResult
from photowave.evaluation.sounds.noise import filtered_noise
from photowave.evaluation.sounds.photos import choose_photos, load_photos
from photowave.evaluation.sounds.recordings import load_real
from photowave.evaluation.sounds.retrieved import nearest_photo, real_sounds
from photowave.evaluation.sounds.systems import draw_model, shuffle_photos, shuffled_order, sonified
from photowave.evaluation.sounds.types import Request
from photowave.generation import SoundscapeGenerator
from photowave.names import legible
from photowave.pairs.manifest import Manifest
from photowave.settings import DrawSettings, EvaluateSettings, check_judged_length

_DEFAULTS, _DRAWN = EvaluateSettings(), DrawSettings()


def evaluate(
    model: SoundscapeGenerator,
    manifest: Manifest,
    settings: EvaluateSettings = _DEFAULTS,
    draw: DrawSettings = _DRAWN,
    *,
    progress: Progress | None = None,
) -> EvaluationResult:
    """Draw sounds for the photos of one split and judge them beside real recordings and simple systems.

    The same inputs give the same metrics, bit for bit, on one machine; only `real_time_factor` is a time.

    Args:
        model: What draws.
        manifest: All splits: the real recordings of every split are what is compared with.
        settings: What is judged. Photos of scenes without any recording are left out; the settings of the
            result tell how many.
        draw: How the sounds are drawn. Seed and variation are not used: those of the sounds of a photo are 0,
            1 and so on, and 0.
        progress: Called as the work goes on.

    Returns:
        Metrics, sounds and the verdict.

    Raises:
        ConfigError: A setting is out of range, the model knows no photos, or the embedding cannot be used.
        PairError: The split has no photos, no scene of theirs has recordings, or there are too few of either.
            That is told before the long work.
        MediaError: A photo cannot be read.
        CheckpointError: The photo encoder is not the one the model was trained with.
    """
    check_judged_length(draw)
    split, seeds, seed, duration_s = settings.split, settings.seeds, settings.seed, draw.duration_s
    if model.model.config.conditioning.kind == "position":
        raise ConfigError(
            f"model={model.loaded.path.name}: was trained on one clip and knows no photos; an evaluation "
            "compares what is drawn for photos. Take a model that was trained on photos and recordings."
        )
    tell = progress or (lambda what, done, total: None)
    # What is wrong with it is told before the long work.
    embedding = None if settings.embedding is None else load_embedding(settings.embedding)
    choice = choose_photos(manifest, split=split, most=settings.photos, seed=seed)
    given = load_photos(choice.manifest)
    shuffled_order(given, seed=seed)
    audio = model.model.config.audio
    files = len({row.sound for row in manifest.rows if row.sound is not None and row.scene is not None})
    real = load_real(
        manifest, audio=audio, duration_s=duration_s, level=settings.level,
        progress=lambda done: tell("reading recordings", done, files),
    )  # fmt: skip
    # What the judge refuses depends on scenes and recordings alone, not on how they sound.
    deal_recordings(real.scenes, real.recordings, seed=seed)
    request = Request(given, real, seeds, duration_s, seed)
    recordings = real_sounds(request)
    others = [
        nearest_photo(request, model, manifest),
        filtered_noise(request),
        sonified(request, rms_dbfs=audio.rms_dbfs),
    ]
    drawn_s = len(given.images) * seeds * duration_s
    drawn = draw_model(
        model, given, draw, seeds=seeds,
        progress=lambda done: tell("drawing", done, drawn_s),
    )  # fmt: skip
    systems = [recordings, drawn, shuffle_photos(drawn, given, seed=seed), *others]
    likelihood = measure_likelihood(
        model, real, given, split=split, seed=seed,
        progress=lambda done: tell("scoring recordings", done, CLIPS),
    )  # fmt: skip
    metrics, answer = judge_systems(
        systems, real, given, mels=audio.texture_mels, seed=seed, likelihood=likelihood, progress=progress
    )
    definitions = {name: known.text for name, known in DEFINITIONS.items()}
    if embedding is not None:
        tell("embedding sounds", 0, 1)
        further, protocols = embedding_metrics(embedding, systems, real, seed=seed)
        tell("embedding sounds", 1, 1)
        metrics, definitions = metrics + further, definitions | protocols
    shown = {metric.name for metric in metrics}
    run_with: dict[str, Any] = {
        "model": legible(model.loaded.path.name),
        "model_sha256": model.loaded.sha256,
        "pairs": legible(manifest.path.name),
        "split": split,
        "seeds": seeds,
        "seed": seed,
        "duration_s": duration_s,
        "level": settings.level,
        "temperature": draw.temperature,
        "guidance": draw.guidance,
        "photos": len(given.scenes),
        "photos_found": choice.found,
        "scenes_without_recordings": list(choice.left_out),
        "recordings": len(real.names),
        "excerpts": len(real.scenes),
        "scenes": np.unique(real.scenes).tolist(),
        "versions": {
            "photowave": __version__,
            "python": platform.python_version(),
            "torch": str(torch.__version__),
            "numpy": np.__version__,
            "scikit-learn": sklearn.__version__,
        },
    }
    return EvaluationResult(
        metrics=tuple(metrics),
        photos=given,
        sounds=tuple(systems),
        sample_rate=real.sample_rate,
        settings=run_with,
        verdict=answer,
        definitions={name: text for name, text in definitions.items() if name in shown},
    )
