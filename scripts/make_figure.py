"""Draws photos beside the spectrograms of the sounds that a model makes of them.

Usage: python scripts/make_figure.py MODEL OUT.png [--seed N]; MODEL may be `default`.
"""

import argparse
import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib
from matplotlib.figure import Figure
from PIL import Image

from photowave import DrawSettings, PhotowaveError, Soundscape, load
from photowave.audio.spectrogram import spectrogram_db
from photowave.image import find_photos

if TYPE_CHECKING:
    from torch import Tensor

EXAMPLES = Path(__file__).resolve().parent.parent / "data" / "examples"


def show_spectrogram(axis: Any, samples: "Tensor", sample_rate: int) -> None:
    """Draw the log-mel spectrogram of samples [time] into an axis."""
    axis.imshow(
        spectrogram_db(samples, sample_rate),
        origin="lower", aspect="auto", cmap="magma", extent=(0, len(samples) / sample_rate, 0, 1),
    )  # fmt: skip
    axis.set_yticks([])
    axis.tick_params(labelsize=8)
    axis.set_ylabel(f"0 to {sample_rate / 2000:g} kHz, mel", fontsize=7)


def save(figure: Figure, path: str) -> None:
    """Write a figure as a PNG; a palette makes the file a third as large."""
    picture = io.BytesIO()
    figure.savefig(picture, dpi=90)
    Image.open(picture).convert("RGB").quantize(256).save(path, optimize=True)


def draw(names: Sequence[str], sounds: Sequence[Soundscape]) -> Figure:
    """Put photo and spectrogram of each sound side by side, two pairs a row."""
    import torch

    rows = (len(sounds) + 1) // 2
    figure = Figure(figsize=(11, 1.75 * rows + 0.3), layout="constrained")
    axes = figure.subplots(rows, 4, width_ratios=(1, 1.9, 1, 1.9), squeeze=False).reshape(-1, 2)
    for (left, right), name, sound in zip(axes, names, sounds, strict=False):
        assert sound.photo is not None
        left.imshow(sound.photo.resize((384, 240)), aspect="auto")
        left.set_axis_off()
        left.set_title(name, loc="left", fontsize=10)
        show_spectrogram(right, torch.from_numpy(sound.mono), sound.sample_rate)
    for pair in axes[len(sounds) :]:
        for axis in pair:
            axis.set_axis_off()
    for _, right in axes[max(0, len(sounds) - 2) : len(sounds)]:
        right.set_xlabel("seconds", fontsize=8)
    return figure


def main(arguments: Sequence[str] | None = None) -> int:
    """Generate, draw, write."""
    parser = argparse.ArgumentParser(description="Draws photos beside the spectrograms of their sounds.")
    parser.add_argument("model", metavar="MODEL", help="a model file, or 'default'")
    parser.add_argument("out", metavar="OUT.png")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    matplotlib.use("Agg")
    try:
        photos = find_photos([EXAMPLES])
        settings = DrawSettings(duration_s=5.0, seed=given.seed)
        sounds = load(given.model).generate_many(photos, settings)
    except PhotowaveError as error:
        print(f"make_figure: {error}", file=sys.stderr)
        return 2
    save(draw([photo.stem for photo in photos], sounds), given.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
