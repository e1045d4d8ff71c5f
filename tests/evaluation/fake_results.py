"""Made-up evaluation results for the tests of report and table."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from photowave.evaluation.metrics.metric import Metric
from photowave.evaluation.report.result import EvaluationResult
from photowave.evaluation.sounds.types import EvaluatedPhotos, SystemSounds

SYSTEMS = ("model", "model_shuffled", "real", "nearest", "filtered_noise", "sonify")
RATE = 4_000


def metric(name: str = "scene_recognised", system: str = "model", **changes: Any) -> Metric:
    """One metric, with what is not named made up."""
    usual = {"value": 0.42, "low": 0.36, "high": 0.48, "count": 6, "unit": "share", "better": "higher"}
    return Metric(**{"name": name, "system": system, **usual, "floor": 0.1, "ceiling": 0.68, **changes})


def fake_result(
    *,
    scenes: tuple[str, ...] = ("city", "sea", "sea"),
    names: tuple[str, ...] | None = None,
    systems: tuple[str, ...] = SYSTEMS,
    seeds: int = 2,
    seconds: float = 0.5,
    rate: int = RATE,
    metrics: tuple[Metric, ...] | None = None,
    **changes: Any,
) -> EvaluationResult:
    """A result with noise for sounds and one colour for each photo."""
    generator = torch.Generator().manual_seed(0)
    files = names or tuple(f"photo{place}.jpg" for place in range(len(scenes)))
    photos = EvaluatedPhotos(
        tuple(Path("far") / "away" / file for file in files),
        tuple(Image.new("RGB", (512, 300), (20 * (place % 12), 90, 90)) for place in range(len(scenes))),
        np.array(scenes),
    )
    shape = (len(scenes), seeds, round(seconds * rate))
    sounds = tuple(
        SystemSounds(
            system,
            (0.1 * torch.randn(shape, generator=generator)).clamp(-1, 1),
            np.full(shape[:2], -1, dtype=np.int64),
            math.nan,
        )
        for system in systems
    )
    usual: dict[str, Any] = {
        "settings": {"model": {"sha256": "abc"}, "split": "test"},
        "verdict": "No: sounds differ by photo.",
        "definitions": {"scene_recognised": "Share of sounds taken for the right scene."},
    }
    made = metrics or tuple(metric(system=system) for system in systems)
    return EvaluationResult(
        **{"metrics": made, "photos": photos, "sounds": sounds, "sample_rate": rate, **usual, **changes}
    )
