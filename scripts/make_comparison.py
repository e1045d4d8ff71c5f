"""Draws spectrograms of real recordings beside those of drawn sounds, place by place.

Usage: python scripts/make_comparison.py MODEL PAIRS.csv OUT.png --places forest_birds night_crickets ...

Recordings and photos are those of the test part: the first of each place, by name.
"""

import argparse
import sys
from collections.abc import Sequence

import matplotlib
import torch
from make_figure import save, show_spectrogram
from matplotlib.figure import Figure
from torch import Tensor

from photowave import DrawSettings, PhotowaveError, SoundscapeGenerator, load
from photowave.audio import normalise, read_channels, repeat_to
from photowave.errors import PairError
from photowave.pairs.sources import open_pairs

SECONDS = 5.0


def compare(
    model: SoundscapeGenerator, pairs: str, places: Sequence[str]
) -> dict[str, tuple[Tensor, Tensor]]:
    """Give a real and a drawn sound of each place, [time] both, at the model's rate and level.

    Raises:
        PairError: A place has no recording or no photo in the test part.
    """
    test, found = open_pairs(pairs).split("test"), {}
    audio = model.model.config.audio
    count = round(SECONDS * audio.sample_rate)
    for place in places:
        sounds = sorted(row.sound for row in test.rows if row.sound and row.scene == place)
        photos = sorted(row.photo for row in test.rows if row.photo and place in (row.scene, *row.also))
        if not sounds or not photos:
            raise PairError(
                f"{pairs}: '{place}' has no recording or no photo in the test part. Name another."
            )
        samples = read_channels(sounds[0], sample_rate=audio.sample_rate)[0].mean(0)
        middle = max(0, (len(samples) - count) // 2)
        real = normalise(repeat_to(samples[middle : middle + count], count), rms_dbfs=audio.rms_dbfs)
        (drawn,) = model.generate_many([photos[0]], DrawSettings(duration_s=SECONDS))
        found[place] = real[:count], torch.from_numpy(drawn.mono)
    return found


def draw(sounds: dict[str, tuple[Tensor, Tensor]], sample_rate: int) -> Figure:
    """Put the two spectrograms of each place side by side."""
    figure = Figure(figsize=(11, 1.75 * len(sounds) + 0.3), layout="constrained")
    axes = figure.subplots(len(sounds), 2, squeeze=False)
    for row, (place, pair) in zip(axes, sounds.items(), strict=True):
        for axis, samples, kind in zip(row, pair, ("recording", "drawn"), strict=True):
            show_spectrogram(axis, samples, sample_rate)
            axis.set_title(f"{place}, {kind}", loc="left", fontsize=10)
    for axis in axes[-1]:
        axis.set_xlabel("seconds", fontsize=8)
    return figure


def main(arguments: Sequence[str] | None = None) -> int:
    """Read, draw, write."""
    parser = argparse.ArgumentParser(description="Draws spectrograms of real and drawn sounds side by side.")
    parser.add_argument("model", metavar="MODEL", help="a model file, or 'default'")
    parser.add_argument("pairs", metavar="PAIRS.csv", help="the manifest of the set of places")
    parser.add_argument("out", metavar="OUT.png")
    parser.add_argument("--places", nargs="+", required=True)
    given = parser.parse_args(arguments)
    matplotlib.use("Agg")
    try:
        model = load(given.model)
        save(draw(compare(model, given.pairs, given.places), model.sample_rate), given.out)
    except PhotowaveError as error:
        print(f"make_comparison: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
