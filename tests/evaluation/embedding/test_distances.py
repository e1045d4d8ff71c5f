"""Distances in an embedding: against closed forms and plain loops, and no sound against its own recording."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from made_scenes import good_model, made_photos, made_real
from torch import Tensor

from photowave.evaluation.embedding.distances import (
    embedding_metrics,
    frechet_audio_distance,
    kernel_audio_distance,
)
from photowave.evaluation.embedding.network import Embedding
from photowave.evaluation.sounds.retrieved import real_sounds
from photowave.evaluation.sounds.types import Request


def cloud(count: int, *, shift: float = 0.0, scale: float = 1.0, seed: int = 0) -> np.ndarray:
    return shift + scale * np.random.default_rng(seed).standard_normal((count, 3))


def test_the_frechet_distance_is_that_of_the_moments() -> None:
    a, b = cloud(50), cloud(70, shift=1.0, scale=2.0, seed=1)
    covariances = [np.cov(v, rowvar=False) for v in (a, b)]
    roots = np.linalg.eigvals(covariances[0] @ covariances[1])
    expected = np.square(a.mean(0) - b.mean(0)).sum() + sum(np.trace(c) for c in covariances)
    expected -= 2 * np.sqrt(roots.real.clip(0)).sum()
    assert frechet_audio_distance(a, b) == pytest.approx(expected)
    assert frechet_audio_distance(a, a) == pytest.approx(0.0, abs=1e-9)


def test_fewer_vectors_than_channels_have_a_frechet_distance() -> None:
    random = np.random.default_rng(0)
    few, other = random.standard_normal((4, 30)), random.standard_normal((5, 30))
    assert frechet_audio_distance(few, few) == pytest.approx(0.0, abs=1e-9)
    assert frechet_audio_distance(few, other) > 1.0


def test_the_kernel_distance_is_what_plain_loops_give() -> None:
    x, y = cloud(6, shift=0.5, seed=1), cloud(5)
    apart = sorted(float(np.linalg.norm(y[i] - y[j])) for i in range(5) for j in range(i))
    bandwidth = apart[(len(apart) - 1) // 2]  # the lower median

    def kernel(a: np.ndarray, b: np.ndarray) -> float:
        return float(np.exp(-np.square(a - b).sum() / (2 * bandwidth**2)))

    of_x = np.mean([kernel(x[i], x[j]) for i in range(6) for j in range(6) if i != j])
    of_y = np.mean([kernel(y[i], y[j]) for i in range(5) for j in range(5) if i != j])
    across = np.mean([kernel(a, b) for a in x for b in y])
    assert kernel_audio_distance(x, y) == pytest.approx(100 * (of_x + of_y - 2 * across))


def test_the_kernel_distance_has_no_bias_and_the_frechet_distance_has() -> None:
    pairs = [(cloud(8, seed=2 * k), cloud(8, seed=2 * k + 1)) for k in range(300)]
    kernel, frechet = (
        np.array([distance(a, b) for a, b in pairs])
        for distance in (kernel_audio_distance, frechet_audio_distance)
    )
    assert abs(kernel.mean()) < 4 * kernel.std() / np.sqrt(300)
    assert (kernel < 0).any()
    assert frechet.min() > 0.1
    assert kernel_audio_distance(cloud(8, shift=2.0), cloud(8, seed=1)) > 10 * kernel.std()


def halves_of(samples: Tensor) -> Tensor:
    """Level and movement of either half of each sound, [sounds, 2, 2]."""
    parts = samples.unfold(1, samples.shape[1] // 2, samples.shape[1] // 2)
    return torch.stack([parts.square().mean(2).log(), parts.diff(dim=2).square().mean(2).log()], 2)


def test_every_system_has_both_with_their_protocol() -> None:
    real, photos = made_real(), made_photos()
    systems = [real_sounds(Request(photos, real, 2, 1.0)), good_model(photos, seeds=2)]
    embedding = Embedding("level and movement", real.sample_rate // 2, halves_of)
    metrics, protocols = embedding_metrics(embedding, systems, real, seed=0)
    found = {(metric.name, metric.system): metric for metric in metrics}
    assert len(found) == 4
    vectors, reference = (
        embedding(s, real.sample_rate).reshape(-1, 2)
        for s in (systems[1].samples.flatten(0, 1), real.samples)
    )
    for name, distance in (
        ("frechet_audio_distance", frechet_audio_distance), ("kernel_audio_distance", kernel_audio_distance),
    ):  # fmt: skip
        of_model = found[name, "model"]
        assert of_model.value == pytest.approx(distance(vectors, reference))
        assert of_model.ceiling == found[name, "real"].value
        assert (of_model.count, of_model.better) == (18, "lower")
        for part in ("level and movement", "at 4000 Hz", "24 excerpts of 12 recordings (48 vectors)"):
            assert part in protocols[name]
    assert "unbiased" in protocols["kernel_audio_distance"]


def test_no_sound_counts_against_its_own_recording() -> None:
    """Each recording is a cloud of its own: sounds from one half are far from the other half."""
    real, photos = made_real(), made_photos()
    far = Embedding("recording", real.sample_rate, lambda samples: numbered[samples[:, 0].long()][:, None])
    numbered = torch.eye(12)
    marked = replace(real, samples=torch.from_numpy(real.recordings)[:, None].expand(-1, 10).float())
    told = real_sounds(Request(photos, marked, 2, 10 / real.sample_rate))
    untold = replace(told, name="untold", sources=np.full_like(told.sources, -1))
    metrics, _ = embedding_metrics(far, [told, untold], marked, seed=0)
    value = {(m.name, m.system): m.value for m in metrics}
    for name in ("frechet_audio_distance", "kernel_audio_distance"):
        assert value[name, "real"] > value[name, "untold"]
