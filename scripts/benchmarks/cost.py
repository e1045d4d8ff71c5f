"""How the cost of drawing grows with layers, channels, duration and photos; measured, then drawn.

    python scripts/benchmarks/cost.py scripts/docs/figures/cost.json scripts/docs/figures/cost.png

Weights are random and the base is the default network (20 layers, 32 residual, 32 gate and 128 skip channels,
256 levels, 16 kHz); one setting at a time is changed. One thread, but for the photos: those use every core.
Run it on a quiet machine; it takes about a minute.
"""

import argparse
import json
import os
import statistics
import time

import torch
from matplotlib.figure import Figure

from photowave.atomic import replacing
from photowave.generation.packing import pack
from photowave.generation.sampler import CachedSampler
from photowave.model import build_wavenet
from photowave.settings import ModelConfig, WaveNetConfig

STEPS = 4_000
RUNS = 3


def seconds(*, layers: int = 20, channels: int = 32, steps: int = STEPS, photos: int = 1) -> float:
    """Median time to draw `steps` frames for each of `photos` sounds, in seconds."""
    dilations = tuple(2 ** (index % 10) for index in range(layers))
    config = ModelConfig(
        wavenet=WaveNetConfig(
            residual_channels=channels,
            gate_channels=channels,
            skip_channels=4 * channels,
            dilations=dilations,
        )
    )
    wavenet = build_wavenet(config)
    vectors = torch.randn(photos, config.conditioning.channels)
    threads = 1 if photos == 1 else os.cpu_count()
    sampler = CachedSampler(wavenet, pack(wavenet), vectors=vectors, seeds=range(photos), threads=threads)
    sampler.draw(50)
    taken = []
    for _ in range(RUNS):
        began = time.perf_counter()
        sampler.draw(steps)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def measure() -> dict[str, dict[str, float]]:
    """Seconds of work per second of sound at 16 kHz, by what is changed and to what value."""
    real_time = 16_000 / STEPS
    return {
        "layers": {str(n): seconds(layers=n) * real_time for n in (10, 20, 30, 40, 50)},
        "residual channels (skip: four times as many)": {
            str(n): seconds(channels=n) * real_time for n in (16, 24, 32, 48, 64)
        },
        "duration, s (work in all, in seconds)": {
            str(n): seconds(steps=round(n * 16_000)) for n in (0.25, 0.5, 1.0, 2.0, 4.0)
        },
        "photos at once (per photo)": {str(n): seconds(photos=n) * real_time / n for n in (1, 2, 4, 8, 16)},
    }


def plot(figures: dict[str, dict[str, float]]) -> Figure:
    """Draw one panel per setting."""
    figure = Figure(figsize=(11, 3), layout="constrained")
    for axis, (name, points) in zip(figure.subplots(1, len(figures)), figures.items(), strict=True):
        axis.plot([float(value) for value in points], list(points.values()), "o-")
        axis.set_xlabel(name, fontsize=8)
        axis.set_ylim(bottom=0)
        axis.grid(alpha=0.3)
    figure.axes[0].set_ylabel("seconds of work per second of sound", fontsize=8)
    return figure


def main() -> None:
    """Measure, write, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("json", metavar="OUT.json")
    parser.add_argument("png", metavar="OUT.png")
    given = parser.parse_args()
    figures = measure()
    with replacing(given.json) as temporary:
        temporary.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    with replacing(given.png) as temporary:
        plot(figures).savefig(temporary, dpi=90)
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
